// Goal: any measured data becomes a well-formed picture, what cannot be shown is refused by name, and the pictures in docs/ are those
// of the data beside them.
// A failure prints its seed; MILLRACE_TEST_SEED=<seed> runs all randomised tests with it.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Axis, Chart, Point } from '../../bench/plot/chart.ts';
import { PNG_ZOOM, pngOf } from '../../bench/plot/png.ts';
import { svgOf } from '../../bench/plot/svg.ts';
import { redraw, writePlot } from '../../bench/plot/write-plot.ts';
import { anyString, runs } from '../kit/arbitraries.ts';
import { ROOT } from '../kit/command.ts';

const chartOf = (points: readonly Point[], y: Partial<Axis> = {}, more: Partial<Chart> = {}): Chart => ({
  title: 'Recovery time',
  subtitle: 'some processor, 2 cores; npm run bench -- recovery',
  x: { title: 'time', unit: 's' },
  panels: [
    { y: { title: 'latency', unit: 'ms', ...y }, series: [{ name: 'p99', points }] },
    { y: { title: 'replicas' }, series: [{ name: 'replicas', points, stepped: true }] },
  ],
  ...more,
});

const sizeOf = (svg: string): number[] =>
  (/ width="(\d+)" height="(\d+)"/.exec(svg) as RegExpExecArray).slice(1).map(Number);

/** The SVG, which holds no number that is none: nothing was drawn nowhere. */
async function drawn(chart: Chart): Promise<string> {
  const svg = await svgOf(chart);
  const marks = svg.replaceAll(/(aria-\w+|title|desc)="[^"]*"|<(title|desc|text)[^>]*>[^<]*</g, '');
  assert.ok(!/NaN|Infinity|undefined/.test(marks), `${/.{80}(NaN|Infinity|undefined)/.exec(marks)}`);
  return svg;
}

test('a picture has title, description, events, references and a legend', async () => {
  const points = [1e3, 1e4, 1e6].map((x) => ({ x, y: 4, min: 3, max: 9 }));
  const svg = await drawn({
    title: 'Recovery <time> & more',
    subtitle: 'some processor',
    x: { title: 'keys', scale: 'log' },
    events: [{ x: 5000, label: 'crash' }],
    panels: [
      {
        y: { title: 'crash to commit', unit: 'ms', scale: 'log' },
        series: [
          { name: 'millrace', points },
          { name: 'source replay', points: points.map(({ x }) => ({ x, y: x / 50 })) },
        ],
        references: [{ y: 50, label: 'target' }],
      },
    ],
  });
  for (const text of ['crash to commit (ms)', 'keys', 'crash', 'target', 'millrace', 'source replay', '10 k', '1 M'])
    assert.ok(svg.includes(`>${text}</text>`), text);
  assert.ok(svg.includes('<title>Recovery &lt;time&gt; &amp; more</title>'));
  assert.match(
    svg,
    /<desc>some processor\. crash to commit \(ms\) against keys\. millrace: 4 at 1,000, .* A line at 50: target\. Events: crash at 5,000\.<\/desc>/,
  );
  const [width, height] = sizeOf(svg);
  const png = Buffer.from(await pngOf(svg));
  assert.equal(png.readUInt32BE(16), Math.ceil(width * PNG_ZOOM));
  assert.equal(png.readUInt32BE(20), Math.ceil(height * PNG_ZOOM));
});

test('any data on linear axes is drawn', async () => {
  const value = fc.oneof(
    fc.constantFrom(0, 1, -1, 1e-9, 1e12),
    fc.double({ min: -1e12, max: 1e12, noNaN: true }),
    fc.integer({ min: -100, max: 100 }),
  );
  const y = fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(Number.NaN, null) });
  const points = fc.array(fc.record({ x: value, y }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(points, anyString, async (values, label) => {
      fc.pre(values.some((point) => typeof point.y === 'number' && !Number.isNaN(point.y)));
      await drawn(chartOf(values, { title: `y ${label}` }, { events: [{ x: values[0].x, label }] }));
    }),
    runs(25),
  );
});

test('any positive data on log axes is drawn', async () => {
  const value = fc.oneof(fc.constantFrom(1, 10, 1e-6), fc.double({ min: 1e-6, max: 1e12, noNaN: true }));
  const points = fc.array(fc.record({ x: value, y: value }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(points, async (values) => {
      await drawn(chartOf(values, { scale: 'log' }, { x: { title: 'size', scale: 'log' } }));
    }),
    runs(25),
  );
});

test('a single value, and one that its logarithm rounds up, has ticks on both sides', async () => {
  for (const value of [1, 10, 999_999_999_999.9979, 1e-6, 1.0000000000000002])
    await drawn(chartOf([{ x: value, y: value }], { scale: 'log' }, { x: { title: 'size', scale: 'log' } }));
});

test('what cannot be shown is refused by name', async () => {
  const one = [{ x: 1, y: 1 }];
  await assert.rejects(svgOf(chartOf(one, {}, { panels: [] })), /chart 'Recovery time' has no panel/);
  await assert.rejects(svgOf(chartOf([])), /axis 'time \(s\)' has no values/);
  await assert.rejects(svgOf(chartOf([{ x: 1, y: Number.NaN }])), /axis 'latency \(ms\)' has no values/);
  await assert.rejects(
    svgOf(chartOf([{ x: 1, y: 0 }], { scale: 'log' })),
    /axis 'latency \(ms\)' is log, and has values up to 0/,
  );
  await assert.rejects(
    svgOf(chartOf(one, { to: 0.5 })),
    /axis 'latency \(ms\)' from undefined to 0\.5 would hide values/,
  );
});

test('a file of data gives the same picture again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-plot-'));
  try {
    const path = join(folder, 'chart');
    await writePlot(
      path,
      chartOf([
        { x: 1, y: 1 },
        { x: 2, y: Number.NaN },
        { x: 3, y: 2 },
      ]),
    );
    const read = () => Promise.all(['json', 'svg', 'png'].map((kind) => readFile(`${path}.${kind}`, 'base64')));
    const first = await read();
    await redraw(`${path}.json`);
    assert.deepEqual(await read(), first);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the pictures in docs/ are those of the data beside them: npm run draw:plots draws them', async () => {
  const folder = join(ROOT, 'docs/plots');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  assert.ok(names.length > 0);
  for (const name of names) {
    const chart = JSON.parse(await readFile(join(folder, name), 'utf8')) as Chart;
    assert.equal(await readFile(join(folder, name.replace('.json', '.svg')), 'utf8'), await drawn(chart), name);
  }
});
