// Goal: kinds of fault that other engines had with windows of counts, with what is cleaned up at the moment at which a timer is due, and
// with what is combined before it travels: one test each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { dataflow, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { count as countWindow } from '../../src/windows.ts';
import { isBadPart, partAt, parts, quiet, sweep } from '../kit/flows/time-cases.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Windows of counts, each as the numbers of its tuples. */
const counted = (size: number, every: number, rest: boolean) =>
  dataflow(import.meta.url, `counted-${size}-${every}-${rest}`, (flow) =>
    flow
      .source('items', push({ key: t.u32(), n: t.u32() }))
      .keyBy('key')
      .window(countWindow({ size, every, rest }))
      .process('windows', { output: { key: t.u32(), numbers: t.json<number[]>() } }, ({ key }, rows, emit) =>
        emit({ key, numbers: rows.map(({ n }) => n) }),
      )
      .collect('out'),
  );

for (const [size, every, expected, left] of [
  [
    3,
    3,
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
    [[6]],
  ],
  [
    5,
    2,
    [
      [0, 1, 2, 3, 4],
      [2, 3, 4, 5, 6],
    ],
    [[4, 5, 6]],
  ],
] as const) {
  for (const rest of [false, true]) {
    test(`windows of ${size} each ${every}: at the last tuple, through restarts; the rest at the end if wanted: ${rest}`, () => {
      const windows = testOperator<{ key: number; n: number }, { key: number; numbers: number[] }>(
        counted(size, every, rest),
        'windows',
      );
      const came: number[][] = [];
      for (const n of upTo(7)) {
        windows.feed({ key: 1, n });
        windows.restart();
        const now = windows.emitted().map(({ numbers }) => numbers);
        assert.equal(now.length, n >= size - 1 && (n - size + 1) % every === 0 ? 1 : 0, `after tuple ${n}`);
        came.push(...now);
        const kept = windows.state.entries()[0]?.value as { $rows?: unknown[] } | undefined;
        assert.ok((kept?.$rows?.length ?? 0) < size, 'no more is kept than a window that is open has');
      }
      windows.end();
      came.push(...windows.emitted().map(({ numbers }) => numbers));
      assert.deepEqual(came, rest ? [...expected, ...left] : expected);
    });
  }
}

test('windows of counts of many keys leave no row behind', () => {
  const windows = testOperator<{ key: number; n: number }, unknown>(counted(2, 2, false), 'windows', {
    rollback: false,
    restore: false,
  });
  const keys = 20_000;
  for (const n of [0, 1]) windows.feed(upTo(keys).map((key) => ({ key, n })));
  assert.equal(windows.emitted().length, keys);
  assert.deepEqual(windows.state.entries(), []);
});

test('a timer at the very end of a time to live sees the state, and what it writes lives on', () => {
  const reviving = dataflow(import.meta.url, 'reviving', (flow) =>
    flow
      .source('items', push({ key: t.string(), at: t.f64() }))
      .withEventTime('at')
      .keyBy('key')
      .process(
        'count',
        { state: { seen: t.u32() }, output: { seen: t.u32() } },
        (_item, state, _emit, { timers, time }) => {
          state.seen += 1;
          timers.at(time + 100);
        },
        {
          ttlMs: 100,
          onTimer: (_key, state, emit) => {
            emit({ seen: state.seen });
            state.seen += 10;
          },
        },
      )
      .collect('out'),
  );
  const count = testOperator<{ key: string; at: number }, { seen: number }>(reviving, 'count');
  count.feed({ key: 'a', at: 0 }, { at: 0 });
  count.advanceWatermark(100);
  assert.deepEqual(count.emitted(), [{ seen: 1 }]);
  assert.deepEqual(count.state.get('a'), { seen: 11 });
  count.restart();
  count.advanceWatermark(199);
  assert.deepEqual(count.state.get('a'), { seen: 11 });
  count.advanceWatermark(201);
  assert.equal(count.state.get('a'), undefined);
});

test(
  'windows of many keys end at one watermark, in many batches; a worker that dies on the way: each once',
  TIMEOUT,
  async () => {
    const keys = 40_000;
    const job = await start(sweep, { params: { keys }, workers: 1, ringBytes: 1 << 14, notices: false });
    const beats = job.input('beats');
    const heard: number[] = [];
    const hearing = (async () => {
      for await (const { n } of job.output('beats-out')) heard.push(n);
    })();
    const rows: { key: number; windowEnd: number; n: number }[] = [];
    let batches = 0;
    for await (const batch of job.output('out').batches()) {
      rows.push(...batch);
      batches += 1;
      if (batches === 5) {
        await job.killWorker(0);
        // Who is beside is heard while the sweep goes on.
        await beats.push({ n: 1 });
        await until(() => heard.length === 1, 'the neighbour');
        beats.end();
      }
    }
    await hearing;
    await job.done;
    assert.ok(batches > 10, `${batches} batches`);
    const ended = rows.filter(({ windowEnd }) => windowEnd === 1000);
    assert.deepEqual(
      ended.map(({ key }) => key).sort((a, b) => a - b),
      upTo(keys),
    );
    assert.equal(rows.length, keys + 1);
    await noThreadLeft();
  },
);

test('what is combined leaves with the watermark that passes it, though nothing more comes', TIMEOUT, async () => {
  const job = await start(quiet, { workers: 2, lingerMs: 300, notices: false });
  const items = job.input('items');
  const rows: { key: number; n: number; total: number }[] = [];
  const reading = (async () => {
    for await (const row of job.output('out')) rows.push(row);
  })();
  for (const value of [1, 2, 4]) await items.push({ key: 7, at: 5, value });
  // Of another key: it takes time along, and nothing of the first one's.
  await items.push({ key: 8, at: 1000, value: 0 });
  await until(() => rows.length === 1, 'the window, while the input is open');
  assert.deepEqual(
    rows.map(({ key, n, total }) => [key, n, total]),
    [[7, 3, 7]],
  );
  items.end();
  await reading;
  await (job as unknown as Job).done;
  assert.equal(rows.length, 2);
  await noThreadLeft();
});

test('of parts, some of which are rolled back, comes what comes of the tuples one by one', () => {
  const count = 600;
  const rowsOf = (combine: boolean, seed: number) => {
    const job = LocalJob.of(parts, { params: { count, combine }, ringBytes: 4096 });
    job.run(randomOf(seed));
    assert.equal(job.letters.length, upTo(count).filter(isBadPart).length);
    return (job.tuples.get('out') ?? []).map((row) => JSON.stringify(row)).sort();
  };
  for (const seed of [1, 2, 3]) {
    const combined = rowsOf(true, seed);
    assert.deepEqual(combined, rowsOf(false, seed));
    for (const text of combined) {
      const row = JSON.parse(text) as { key: number; windowStart: number; n: number; mean: number; all: number[] };
      const items = upTo(count)
        .filter((n) => !isBadPart(n) && n % 3 === row.key && Math.floor(n / 50) * 50 === row.windowStart)
        .map(partAt);
      assert.deepEqual(
        row.all,
        items.map(({ at }) => at),
      );
      assert.equal(row.n, items.length);
      assert.ok(Math.abs(row.mean - items.reduce((total, { value }) => total + value, 0) / items.length) < 1e-9);
    }
  }
});
