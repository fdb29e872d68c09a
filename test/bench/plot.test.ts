// Goal: any measured data becomes a well-formed picture that shows all of it, and what cannot be shown is refused by name.
// A failure prints its seed; MILLRACE_TEST_SEED=<seed> runs all randomised tests with it.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-wasm';
import fc from 'fast-check';
import type { Axis, BarChart, Chart, LineChart, Point } from '../../bench/plot/chart.ts';
import { placeEvents } from '../../bench/plot/events.ts';
import { spread } from '../../bench/plot/legend.ts';
import { textWidthPx } from '../../bench/plot/markup.ts';
import { PNG_ZOOM, pngOf } from '../../bench/plot/png.ts';
import { scaleOf, shortNumber } from '../../bench/plot/scale.ts';
import { looksOf, WIDTH_PX } from '../../bench/plot/style.ts';
import { svgOf } from '../../bench/plot/svg.ts';
import { writePlot } from '../../bench/plot/write-plot.ts';
import { anyString, runs } from '../kit/arbitraries.ts';

const stateSize: LineChart = {
  kind: 'lines',
  title: 'Recovery time against state size',
  subtitle: 'some processor, 2 cores, Node v20; npm run bench -- recovery',
  x: { title: 'keys', scale: 'log' },
  panels: [
    {
      y: { title: 'crash to commit', unit: 'ms', scale: 'log' },
      series: [
        { name: 'millrace', points: [1e3, 1e4, 1e6].map((x) => ({ x, y: 4, min: 3, max: 9 })) },
        { name: 'source replay', points: [1e3, 1e4, 1e6].map((x) => ({ x, y: x / 50 })) },
      ],
      references: [{ y: 50, label: 'target' }],
    },
  ],
};

const bars: BarChart = {
  kind: 'bars',
  title: 'Throughput',
  subtitle: 'some processor',
  y: { title: 'throughput', unit: 'tuples/s' },
  groups: ['numbers', 'strings'],
  series: [
    { name: 'millrace', bars: [{ value: 44e6, min: 40e6, max: 46e6 }, { value: 19e6 }] },
    { name: 'postMessage', bars: [{ value: 1.2e6 }, { value: Number.NaN }] },
  ],
};

const withY = (points: readonly Point[], y: Partial<Axis> = {}, x: Partial<Axis> = {}): LineChart => ({
  ...stateSize,
  x: { title: 'time', unit: 's', ...x },
  panels: [{ y: { title: 'latency', unit: 'ms', ...y }, series: [{ name: 'p99', points }] }],
});

/** What is wrong with the XML, as far as a stack of tags and three patterns can tell; undefined if nothing is. */
function faultOf(xml: string): string | undefined {
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>/g,
    (_, closes, name, _attributes, empty) => {
      if (closes && open.pop() !== name) open.push(`</${name}>`);
      if (!closes && !empty) open.push(name);
      return '';
    },
  );
  if (open.length > 0) return `unbalanced: ${open}`;
  if (/[<>]/.test(rest)) return `a bare bracket: ${rest.match(/.{0,20}[<>].{0,20}/)}`;
  if (/&(?!(amp|lt|gt|quot);)/.test(xml)) return 'a bare ampersand';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids them
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u.test(xml)
    ? 'a forbidden character'
    : undefined;
}

/** That the SVG holds no number that is none: nothing was drawn nowhere. */
function assertDrawn(svg: string): void {
  assert.equal(faultOf(svg), undefined);
  const drawn = svg.replaceAll(/>[^<]*</g, '><');
  assert.doesNotMatch(drawn, /NaN|Infinity|undefined|null|\de[+-]\d/, 'a coordinate is not a plain number');
}

const value = fc.oneof(
  fc.integer({ min: -10, max: 1000 }),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((any) => Number(any.toFixed(9))),
);
const positive = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.double({ min: -9, max: 12, noNaN: true }).map((power) => 10 ** power),
);
const ticksWanted = fc.double({ min: 2, max: 12, noNaN: true });

test('the check for well-formed XML finds faults, and so does the renderer', async () => {
  for (const xml of ['<svg><g></svg>', '<svg>&</svg>', '<svg a="<"/>', '<svg>\u0001</svg>', '<svg>>', '<svg a=b/>'])
    assert.notEqual(faultOf(xml), undefined, xml);
  assert.equal(faultOf('<svg a="1"><g/>&amp;</svg>'), undefined);
  await assert.rejects(pngOf('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><g></svg>'));
});

test('any texts and values become well-formed XML with finite coordinates', () => {
  const points = (y: fc.Arbitrary<number>) =>
    fc.array(fc.record({ x: positive, y: fc.oneof({ weight: 8, arbitrary: y }, fc.constant(Number.NaN)) }), {
      minLength: 1,
      maxLength: 40,
    });
  const panel = fc.oneof(
    ...(['linear', 'log'] as const).map((scale) =>
      fc.record({
        y: fc.record({ title: anyString, unit: anyString, scale: fc.constant(scale) }),
        series: fc
          .array(
            fc.record({
              name: anyString,
              points: points(scale === 'log' ? positive : value),
              spread: fc.constantFrom('band' as const, 'whiskers' as const),
              stepped: fc.boolean(),
              dashed: fc.boolean(),
            }),
            { minLength: 1, maxLength: 12 },
          )
          .filter((series) => series.some((one) => one.points.some(({ y }) => !Number.isNaN(y)))),
        references: fc.array(fc.record({ y: positive, label: anyString }), { maxLength: 2 }),
        heightPx: fc.integer({ min: 40, max: 400 }),
      }),
    ),
  );
  const chart: fc.Arbitrary<LineChart> = fc.record({
    kind: fc.constant('lines' as const),
    title: anyString,
    subtitle: anyString,
    x: fc.record({ title: anyString, scale: fc.constantFrom('linear' as const, 'log' as const) }),
    panels: fc.array(panel, { minLength: 1, maxLength: 4 }),
    events: fc.array(fc.record({ x: positive, label: anyString }), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(chart, (any) => {
      const svg = svgOf(any);
      assertDrawn(svg);
      new Resvg(svg).free();
    }),
    runs(150),
  );
});

test('bars too', () => {
  const bar = fc.record({ value: fc.oneof({ weight: 6, arbitrary: value }, fc.constant(Number.NaN)) });
  const chart: fc.Arbitrary<BarChart> = fc
    .tuple(fc.array(anyString, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 5 }), anyString)
    .chain(([groups, count, title]) =>
      fc
        .array(
          fc.record({ name: anyString, bars: fc.array(bar, { minLength: groups.length, maxLength: groups.length }) }),
          {
            minLength: count,
            maxLength: count,
          },
        )
        .filter((series) => series.some((one) => one.bars.some((any) => !Number.isNaN(any.value))))
        .map((series) => ({ kind: 'bars', title, subtitle: title, y: { title }, groups, series })),
    );
  fc.assert(
    fc.property(chart, (any) => assertDrawn(svgOf(any))),
    runs(100),
  );
});

test('every measured point has its marker, whisker and place; a gap breaks the line', () => {
  const points = [1, 2, Number.NaN, 4, 5].map((y, x) => ({ x, y, min: y - 0.5, max: y + 0.5 }));
  const svg = svgOf(withY(points));
  const [line] = svg.match(/<path d="[^"]*" fill="none" stroke="#0072b2" stroke-width="2"/) ?? [''];
  assert.equal(line.match(/M/g)?.length, 2, line);
  assert.equal(line.match(/L/g)?.length, 2, line);
  assert.equal(svg.match(/fill="#0072b2" stroke="#ffffff"/g)?.length, 4);
  const [whiskers] = svg.match(/<path d="[^"]*" stroke="#0072b2" stroke-width="1.4"/) ?? [''];
  assert.equal(whiskers.match(/V/g)?.length, 4, whiskers);
  const alone = withY(
    [1, Number.NaN, 3, 4].map((y, x) => ({ x, y })),
    {},
  );
  const [{ y, series }] = alone.panels;
  const unmarked = { ...alone, panels: [{ y, series: [{ ...series[0], markers: false }] }] };
  assert.equal(svgOf(unmarked).match(/fill="#0072b2" stroke="#ffffff"/g)?.length, 1, 'a point on no line has a marker');
});

test('ticks of a linear axis cover the data in steps of 1, 2 or 5', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), ticksWanted, (values, wanted) => {
      const { ticks, from, to, share, label } = scaleOf({ title: 'any' }, values, wanted);
      const tolerance = (to - from) * 1e-9;
      // A step may be smaller than wanted by the root of 2.5, which lies between 2 and 5; at each end one sticks out.
      const most = wanted * Math.sqrt(2.5) + 3;
      assert.ok(ticks.length >= 2 && ticks.length <= most, `${ticks.length} ticks for ${wanted}`);
      assert.ok(
        ticks[0] <= Math.min(...values) + tolerance && ticks[ticks.length - 1] >= Math.max(...values) - tolerance,
      );
      const step = ticks[1] - ticks[0];
      const mantissa = Number((step / 10 ** Math.floor(Math.log10(step) + 1e-6)).toPrecision(6));
      assert.ok([1, 2, 5].includes(mantissa), `step ${step}`);
      assert.equal(new Set(ticks.map(label)).size, ticks.length, `labels ${ticks.map(label)}`);
      assert.ok(share(from) === 0 && share(to) === 1);
      for (const one of values) assert.ok(share(one) >= 0 && share(one) <= 1);
    }),
    runs(500),
  );
});

test('ticks of a log axis cover the data at powers of ten, or at 1, 2 and 5 of them', () => {
  fc.assert(
    fc.property(fc.array(positive, { minLength: 1, maxLength: 20 }), ticksWanted, (values, wanted) => {
      const { ticks, minorTicks, from, to, share, label } = scaleOf({ title: 'any', scale: 'log' }, values, wanted);
      assert.ok(ticks.length >= 2 && ticks.length <= wanted * 1.4 + 4, `${ticks.length} ticks for ${wanted}`);
      assert.ok(ticks[0] <= Math.min(...values) && ticks[ticks.length - 1] >= Math.max(...values));
      for (const tick of ticks) assert.match(tick.toExponential(), /^[125]e/);
      assert.equal(new Set(ticks.map(label)).size, ticks.length, `labels ${ticks.map(label)}`);
      for (const minor of minorTicks) assert.ok(minor >= from && minor <= to && !ticks.includes(minor));
      for (const one of values) assert.ok(share(one) >= 0 && share(one) <= 1);
    }),
    runs(500),
  );
});

test('ticks and numbers read as one would write them', () => {
  const labels = (axis: Partial<Axis>, values: number[], wanted: number): string[] => {
    const { ticks, label } = scaleOf({ title: 'any', ...axis }, values, wanted);
    return ticks.map(label);
  };
  assert.deepEqual(labels({}, [0, 0.3], 4), ['0', '0.1', '0.2', '0.3']);
  assert.deepEqual(labels({}, [0, 1.2e6], 4), ['0', '0.5 M', '1 M', '1.5 M']);
  assert.deepEqual(labels({}, [0, 4], 9), ['0', '1', '2', '3', '4'], 'integers have no halves');
  assert.deepEqual(labels({}, [-3, 4], 4), ['−4', '−2', '0', '2', '4']);
  assert.deepEqual(labels({ to: 61 }, [0, 61], 4), ['0', '20', '40', '60'], 'an end that the axis names stays');
  assert.deepEqual(
    labels({ from: 0.51, to: 0.99 }, [0.6], 2),
    ['0.51', '0.99'],
    'or the ends, if nothing lies between',
  );
  assert.deepEqual(labels({ scale: 'log' }, [3, 90_000], 5), ['1', '10', '100', '1 k', '10 k', '100 k']);
  assert.deepEqual(labels({ scale: 'log' }, [3, 90], 6), ['2', '5', '10', '20', '50', '100']);
  assert.deepEqual(labels({ format: (bytes) => `${bytes} B` }, [0, 2], 3), ['0 B', '1 B', '2 B']);
  const numbers = [0, 0.05, 9999, 10_000, 999_999, 1_234_567, -1500.4, 1e-7, 3e20];
  const texts = ['0', '0.05', '9999', '10 k', '1 M', '1.23 M', '−1500', '1e−7', '3e20'];
  assert.deepEqual(
    numbers.map((number) => shortNumber(number)),
    texts,
  );
});

test('what cannot be shown is refused, with the axis and the value', () => {
  const refused = (chart: Chart, message: RegExp): void => assert.throws(() => svgOf(chart), { message });
  for (const y of [0, -3])
    refused(
      withY(
        [
          { x: 1, y: 2 },
          { x: 2, y },
        ],
        { scale: 'log' },
      ),
      new RegExp(`'latency' is logarithmic.* value ${y}:`),
    );
  refused(withY([{ x: 1, y: 2, min: 0 }], { scale: 'log' }), /'latency' is logarithmic.* value 0:/);
  refused(withY([{ x: 0, y: 2 }], {}, { scale: 'log' }), /'time' is logarithmic.* value 0:/);
  refused(withY([{ x: 1, y: Number.POSITIVE_INFINITY }]), /'latency' has the value Infinity/);
  refused(withY([{ x: Number.NaN, y: 1 }]), /'time' has the value NaN/);
  refused(withY([{ x: 1, y: Number.NaN }]), /'latency' has no values/);
  refused(withY([{ x: 1, y: 7 }], { to: 5 }), /'latency' from undefined to 5 would hide values/);
  refused(withY([{ x: 1, y: 7 }], {}, { from: 1, to: 1 }), /'time' starts at 1 and must end after that/);
  refused({ ...stateSize, panels: [] }, /no panels/);
  refused({ ...bars, groups: ['one'] }, /'millrace' has 2 bars for 1 groups/);
});

test('a name looks the same in every panel, and no two names look alike', () => {
  const looks = looksOf(Array.from({ length: 35 }, (_, index) => `series ${index % 20} of ${index % 35}`));
  assert.equal(new Set([...looks.values()].map(({ colour, marker }) => colour + marker)).size, looks.size);
  const [panel] = stateSize.panels;
  const swapped = { ...panel, references: [], series: [...panel.series].reverse() };
  const svg = svgOf({ ...stateSize, panels: [panel, swapped] });
  const coloursOf = (name: string): (string | undefined)[] =>
    [
      ...svg.matchAll(new RegExp(`fill="(#[0-9a-f]+)" stroke="#ffffff" stroke-width="1.2"/><text[^>]*>${name}<`, 'g')),
    ].map(([, colour]) => colour);
  assert.deepEqual(coloursOf('millrace'), ['#0072b2', '#0072b2']);
  assert.deepEqual(coloursOf('source replay'), ['#d55e00', '#d55e00']);
});

test('labels beside the lines keep their order and their distance, inside the panel', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 450 }), { minLength: 1, maxLength: 20 }), (wanted) => {
      const placed = spread(wanted, 17, 0, 400);
      const sorted = [...placed].sort((a, b) => a - b);
      assert.ok(sorted[0] >= 0 && sorted[sorted.length - 1] <= 400);
      for (let index = 1; index < sorted.length; index++) assert.ok(sorted[index] - sorted[index - 1] >= 17);
      for (const [one, at] of wanted.entries())
        for (const [other, otherAt] of wanted.entries()) if (at < otherAt) assert.ok(placed[one] < placed[other]);
    }),
    runs(300),
  );
  assert.deepEqual(spread([30, 300, 100], 17, 0, 400), [30, 300, 100], 'and stay where they fit');
});

test('labels of events overlap neither one another nor, where they are not flipped, a line of another event', () => {
  const label = fc.string({ minLength: 1, maxLength: 25, unit: fc.constantFrom('a', 'B', 'i') });
  const event = fc.record({ x: fc.integer({ min: 60, max: WIDTH_PX - 24 }), label });
  fc.assert(
    fc.property(fc.uniqueArray(event, { selector: ({ x }) => Math.round(x / 8), maxLength: 12 }), (events) => {
      const { draw, heightPx } = placeEvents(events, (x) => x);
      const svg = draw(0, heightPx + 100);
      const lines = [...svg.matchAll(/M([\d.]+) ([\d.]+)V/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
      const labels = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"([^>]*)>([^<]*)</g)].map(
        ([, x, y, rest, text]) => {
          const width = textWidthPx(text, 11);
          const flipped = rest.includes('end');
          return {
            left: Number(x) - (flipped ? width : 0),
            right: Number(x) + (flipped ? 0 : width),
            y: Number(y),
            flipped,
          };
        },
      );
      assert.equal(labels.length, events.length);
      for (const [index, one] of labels.entries()) {
        assert.ok(one.right <= WIDTH_PX && one.y <= heightPx);
        for (const other of labels.slice(index + 1))
          assert.ok(one.y !== other.y || one.right <= other.left || other.right <= one.left, `${svg}`);
        if (!one.flipped)
          for (const line of lines)
            assert.ok(line.y >= one.y || line.x <= one.left || line.x >= one.right, `line at ${line.x}: ${svg}`);
      }
    }),
    runs(300),
  );
});

test('the SVG says in words what it shows', () => {
  const svg = svgOf({ ...stateSize, events: [{ x: 5e4, label: 'crash' }] });
  assert.match(svg, /^<svg [^>]*role="img" aria-labelledby="title description"/);
  assert.match(svg, /<title id="title">Recovery time against state size<\/title>/);
  const [, description] = svg.match(/<desc id="description">([^<]*)</) ?? [];
  for (const words of [stateSize.subtitle, 'crash to commit (ms) against keys', '4 at 1 M', 'target', 'crash at 50 k'])
    assert.ok(description?.includes(words), `${words} in: ${description}`);
  assert.match(svgOf({ ...stateSize, description: 'It is flat.' }), /recovery\. It is flat\.</);
  assert.match(
    svgOf(bars),
    /millrace: 44 M at numbers, 19 M at strings\. postMessage: 1.2 M at numbers, none at strings\./,
  );
});

const drawText = (text: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15" font-family="Inter">${text}</text></svg>`;

test('text is drawn, whatever fonts the machine has, and is not wider than the layout thinks', async () => {
  assert.notDeepEqual(await pngOf(drawText('p99')), await pngOf(drawText('')));
  const file = fileURLToPath(import.meta.resolve('@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf'));
  const font = { fontBuffers: [new Uint8Array(await readFile(file))] };
  const samples = [
    'postMessage, arrays of 1000',
    'Millrace, 400 k/s',
    'WWWW',
    'KEYS AND COUNTS',
    '1.5 M',
    'source replay',
    '3 → 2 (≤ 50 µs)',
  ];
  for (const sample of samples) {
    const drawing = new Resvg(drawText(sample), { font });
    const width = drawing.getBBox()?.width ?? 0;
    const estimate = textWidthPx(sample, 12);
    assert.ok(width <= estimate && estimate <= 1.25 * width, `'${sample}': ${width} drawn, ${estimate} estimated`);
    drawing.free();
  }
});

test('writePlot writes SVG and PNG of the same picture', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-plot-'));
  context.after(() => rm(folder, { recursive: true }));
  for (const chart of [stateSize, bars]) {
    await writePlot(join(folder, chart.kind), chart);
    const svg = await readFile(join(folder, `${chart.kind}.svg`), 'utf8');
    assert.equal(svg, svgOf(chart));
    const png = await readFile(join(folder, `${chart.kind}.png`));
    assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], 'the signature of PNG');
    const height = Number(svg.match(/height="(\d+)"/)?.[1]);
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [WIDTH_PX * PNG_ZOOM, height * PNG_ZOOM]);
  }
});
