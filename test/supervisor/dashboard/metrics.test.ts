// Goal: what Prometheus reads always parses, has the same series from start to end whatever happens, and counters that never go back.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { expectedMetricPage, METRIC_PAGE } from '../../../scripts/metric-docs.ts';
import { LATENCY_SERIES } from '../../../src/supervisor/dashboard/metrics/latency-histogram.ts';
import { METRICS, type MetricName } from '../../../src/supervisor/dashboard/metrics/metric-table.ts';
import { ODD_NAMES, oddNames, watched } from '../../kit/flows/dashboard.ts';
import { ask } from '../../kit/pages.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../../kit/run-flow.ts';

afterEach(noThreadLeft);

const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A strict reading of the text format: a line that is none fails, and so does a series that is there twice. */
function parse(text: string): Map<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|TYPE) millrace_\w+ ./.test(line)) continue;
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line.slice(0, 200)}`);
    const read = [...labels.matchAll(LABEL)].map(([, label, text]) => [
      label,
      text.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark)),
    ]);
    const series = `${name}{${labels}}`;
    assert.ok(!samples.has(series), `twice: ${series}`);
    assert.ok(!Number.isNaN(Number(value.replace('+Inf', 'Infinity'))), line);
    samples.set(series, { name, labels: Object.fromEntries(read), value: Number(value) });
  }
  return samples;
}

const METRICS_AT = { workers: 1, spares: 1, notices: false, metrics: { port: 0 } } as const;

test('docs/metrics.md is as the table says', () => {
  assert.equal(readFileSync(METRIC_PAGE, 'utf8'), expectedMetricPage(), 'run npm run write:docs');
});

test('names that hold quotes, backslashes, line breaks and 10 kB are labels that parse', TIMEOUT, async () => {
  const job = await start(oddNames, { ...METRICS_AT, params: {} });
  try {
    const { status, headers, text } = await ask(job.urls.metrics as string);
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
    const operators = new Set([...parse(text).values()].flatMap(({ labels }) => labels.operator ?? []));
    assert.equal(operators.size, ODD_NAMES.length + 2, 'names that are cut differ');
    for (const name of ODD_NAMES.filter(({ length }) => length < 128)) assert.ok(operators.has(name), name);
    for (const operator of operators) assert.ok(operator.length <= 128);
  } finally {
    await job.cancel();
  }
});

test('series stay the same and counters grow, through crashes, failures and changes of replicas', TIMEOUT, async () => {
  const job = await start(watched, { ...METRICS_AT, params: {}, maxWorkers: 2 });
  try {
    const url = job.urls.metrics as string;
    const first = parse((await ask(url)).text);
    let before = first;
    let pushed = 0;
    const check = async (): Promise<Map<string, Sample>> => {
      const now = parse((await ask(url)).text);
      assert.deepEqual([...now.keys()].sort(), [...first.keys()].sort());
      for (const [series, { name, value }] of before) {
        if (METRICS[name.replace(/_(bucket|sum|count)$/, '') as MetricName].kind === 'gauge') continue;
        assert.ok((now.get(series) as Sample).value >= value, `${series} went back`);
      }
      before = now;
      return now;
    };
    const taken = tuplesOf(job.output('counts')).catch(() => []);
    const input = job.input('words');
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 500; i++, pushed++) await input.push({ word: i % 50 === 0 ? `!${round}.${i}` : `w${i}` });
      if (round === 2) await job.scale('count', 2);
      if (round % 2 === 1)
        await job.killWorker(job.workers().find(({ actors }) => actors.length > 0)?.worker as number);
      await check();
    }
    const figure = (samples: Map<string, Sample>, name: string, operator?: string): number =>
      [...samples.values()].find((each) => each.name === name && each.labels.operator === operator)?.value ??
      Number.NaN;
    const isIn = async (name: MetricName, most: number): Promise<boolean> =>
      figure(await check(), name, 'check') >= most;
    await until(() => isIn('millrace_operator_dead_letters_total', 60), 'all letters');
    await until(() => isIn('millrace_operator_tuples_out_total', pushed - 60), 'all tuples');
    const last = await check();
    assert.equal(figure(last, 'millrace_operator_tuples_out_total', 'check'), pushed - 60);
    assert.equal(figure(last, 'millrace_operator_dead_letters_total', 'check'), 60);
    assert.ok(figure(last, 'millrace_job_crashes_total') >= 3);
    assert.equal(figure(last, 'millrace_job_scalings_total'), 1);
    const replicas = 1 + 1 + 3 + 1;
    const ends = 1;
    assert.ok(last.size <= 4 * 7 + replicas * 4 + ends * LATENCY_SERIES + 16, `${last.size} series`);
    const buckets = [...last.values()].filter(({ name }) => name === 'millrace_operator_latency_seconds_bucket');
    assert.deepEqual(
      buckets.map(({ labels }) => labels.le),
      ['0.00025', '0.001', '0.004', '0.016', '0.064', '0.256', '1.024', '4.096', '16.384', '65.536', '+Inf'],
    );
    assert.ok(buckets.every(({ value }, i) => i === 0 || value >= buckets[i - 1].value));
    assert.equal(buckets.at(-1)?.value, figure(last, 'millrace_operator_latency_seconds_count', 'counts'));
    assert.equal(figure(last, 'millrace_operator_latency_seconds_sum', 'counts') > 0, true);
    await job.cancel();
    await taken;
  } finally {
    await job.cancel();
  }
});

test('a token that is given is asked for; another page is refused', TIMEOUT, async () => {
  const token = 'a-token-of-the-mill';
  const job = await start(watched, { ...METRICS_AT, params: {}, metrics: { port: 0, token } });
  try {
    const url = job.urls.metrics as string;
    assert.equal((await ask(url)).status, 401);
    assert.equal((await ask(url, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    assert.equal((await ask(url, { headers: { host: 'evil.example' } })).status, 421);
    assert.equal((await ask(url.replace('/metrics', '/'))).status, 404, 'metrics bring no page');
  } finally {
    await job.cancel();
  }
});

test(
  'a port in use fails the start, before anything runs; it is free at once when a job has ended',
  TIMEOUT,
  async () => {
    const job = await start(watched, { ...METRICS_AT, params: {} });
    const port = Number(new URL(job.urls.metrics as string).port);
    const error = await rejection(watched.run({ ...METRICS_AT, metrics: { port } }), 'LISTEN_FAILED');
    assert.match(error.message, new RegExp(`metrics.*port ${port}.*EADDRINUSE.*metrics\\.port`));
    await job.cancel();
    const next = await start(watched, { ...METRICS_AT, params: {}, metrics: { port } });
    assert.equal((await ask(next.urls.metrics as string)).status, 200);
    await next.cancel();
  },
);

test('an address that others reach needs a token', TIMEOUT, async () => {
  for (const option of ['ui', 'metrics'] as const) {
    const error = await rejection(watched.run({ [option]: { host: '0.0.0.0', port: 0 } }), 'BAD_OPTION');
    assert.match(error.message, new RegExp(`${option}\\.token`));
  }
});
