// Goal: a source is read tuple by tuple, opened again after each, at the clock of the test if it has a rate; one that does not
// give the same tuples again is caught.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataflow, type Source, type SourceContext, type SourceStatus, t } from '../../src/index.ts';
import { writeLines } from '../../src/sinks.ts';
import { fromIterable, generate, readLines } from '../../src/sources.ts';
import { type TestOptions, testOperator } from '../../src/testing.ts';
import { rejection, thrown } from '../kit/run-flow.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const shape = { n: t.u32() };

/** A flow of a source, and operators fused with it: odd numbers twice, 7 fails. */
const flowOf = (source: Source<typeof shape>) =>
  dataflow(import.meta.url, 'source', (flow) =>
    flow
      .source('numbers', source)
      .flatMap('odd', shape, ({ n }, emit) => {
        if (n === 7) throw new Error('seven');
        if (n % 2 === 1) emit({ n });
        if (n % 2 === 1) emit({ n });
      })
      .collect('out'),
  );

const COMBINATIONS: TestOptions[] = [
  {},
  { rollback: true, restore: false },
  { rollback: false, restore: true },
  { rollback: false, restore: false },
];

async function* lately(count: number): AsyncGenerator<{ n: number }> {
  for (let n = 0; n < count; n++) {
    if (n % 4 === 3) await sleep(1);
    yield { n };
  }
}

const SOURCES: Record<string, Source<typeof shape>> = {
  generate: generate(shape, (n) => ({ n }), { count: 20 }),
  'fromIterable, sync': fromIterable(shape, () => Array.from({ length: 20 }, (_, n) => ({ n }))),
  'fromIterable, async': fromIterable(shape, () => lately(20)),
};

test('of a source with partitions one is read, as if there were no other', async () => {
  const sources = [
    generate(shape, (n) => ({ n }), { count: 20, partitions: 3 }),
    fromIterable(shape, (partition) => [0, 3, 6, 9, 12, 15, 18].map((n) => ({ n: n + partition })), { partitions: 3 }),
  ];
  for (const source of sources) {
    for (const options of COMBINATIONS) {
      const numbers = testOperator<never, { n: number }>(flowOf(source), 'numbers', { ...options, partition: 1 });
      assert.equal(await numbers.read(2), 2);
      assert.equal(await numbers.read(), 5);
      assert.deepEqual(
        numbers.emitted().map(({ n }) => n),
        [1, 1, 13, 13, 19, 19],
      );
      assert.equal(numbers.deadLetters().length, 1);
      numbers.close();
    }
    const error = thrown(() => testOperator(flowOf(source), 'numbers', { partition: 3 }), 'BAD_OPTION');
    assert.match(error.message, /below 3, the partitions of the source/);
  }
});

for (const [name, source] of Object.entries(SOURCES)) {
  test(`${name}: as many tuples as are asked for, then the rest`, async () => {
    for (const options of COMBINATIONS) {
      const numbers = testOperator<never, { n: number }>(flowOf(source), 'numbers', options);
      const emitted = (): number[] => numbers.emitted().map(({ n }) => n);
      assert.equal(await numbers.read(2), 2);
      assert.deepEqual(emitted(), [1, 1]);
      assert.equal(await numbers.read(7), 7);
      assert.deepEqual(emitted(), [3, 3, 5, 5]);
      assert.deepEqual(
        numbers.deadLetters().map(({ operator, tuple, error: { message } }) => ({ operator, tuple, message })),
        [{ operator: 'odd', tuple: { n: 7 }, message: 'seven' }],
      );
      assert.equal(await numbers.read(), 11);
      assert.deepEqual(emitted(), [9, 9, 11, 11, 13, 13, 15, 15, 17, 17, 19, 19]);
      assert.equal(await numbers.read(), 0);
      numbers.close();
    }
  });
}

test('a source alone gives its own tuples', async () => {
  const numbers = testOperator(flowOf(SOURCES.generate), 'numbers', { alone: true });
  assert.equal(await numbers.read(3), 3);
  assert.deepEqual(numbers.emitted(), [{ n: 0 }, { n: 1 }, { n: 2 }]);
});

test('readLines goes on in the file', async () => {
  const path = fileOf(Array.from({ length: 40 }, (_, i) => `line ${i}\n`).join(''));
  const flow = dataflow(import.meta.url, 'lines', (builder) => builder.source('lines', readLines(path)).collect('out'));
  const lines = testOperator(flow, 'lines');
  assert.equal(await lines.read(30), 30);
  assert.equal(await lines.read(), 10);
  assert.deepEqual(
    lines.emitted().map(({ line }) => line),
    Array.from({ length: 40 }, (_, i) => `line ${i}`),
  );
  lines.close();
});

test('a source that is fused with a sink: what is read is written', async () => {
  for (const options of COMBINATIONS) {
    const path = newPath();
    const flow = dataflow(import.meta.url, 'to-file', (builder) =>
      builder
        .source('numbers', SOURCES.generate)
        .filter('odd', ({ n }) => n % 2 === 1)
        .to(
          'file',
          writeLines<{ n: number }>(path, ({ n }) => `${n}`),
        ),
    );
    const numbers = testOperator(flow, 'numbers', options);
    assert.equal(await numbers.read(4), 4);
    assert.equal(readFileSync(path, 'utf8'), '1\n3\n');
    assert.equal(await numbers.read(4), 4);
    numbers.close();
    assert.deepEqual(numbers.written(), [{ n: 1 }, { n: 3 }, { n: 5 }, { n: 7 }]);
    assert.equal(readFileSync(path, 'utf8'), '1\n3\n5\n7\n');
  }
});

test('ratePerSecond: tuples are due by the clock of the test', async () => {
  const source = generate(shape, (n) => ({ n: 2 * n + 1 }), { ratePerSecond: 10 });
  for (const options of COMBINATIONS) {
    const numbers = testOperator<never, { n: number }>(flowOf(source), 'numbers', { ...options, alone: true });
    assert.equal(await numbers.read(), 1, 'the first one is due at once');
    assert.equal(await numbers.read(), 0);
    numbers.advance(99);
    assert.equal(await numbers.read(), 0);
    numbers.advance(1);
    assert.equal(await numbers.read(), 1);
    numbers.advance(2000);
    assert.equal(await numbers.read(5), 5);
    assert.equal(await numbers.read(), 15);
    assert.deepEqual(
      numbers.emitted().map(({ n }) => n),
      Array.from({ length: 22 }, (_, n) => 2 * n + 1),
    );
  }
});

test('an endless source is read no further than asked', async () => {
  let made = 0;
  const source = generate(shape, (n) => {
    made = Math.max(made, n);
    return { n };
  });
  const numbers = testOperator(flowOf(source), 'numbers', { alone: true });
  assert.equal(await numbers.read(5), 5);
  assert.ok(made < 100, `${made}`);
});

test('a source whose tuples depend on how often it is asked is caught', async () => {
  const counting = () => {
    let calls = 0;
    return generate(shape, () => ({ n: calls++ }));
  };
  for (const options of COMBINATIONS.slice(0, 3)) {
    const flow = dataflow(import.meta.url, 'counting', (builder) =>
      builder.source('numbers', counting()).collect('out'),
    );
    const error = await rejection(testOperator(flow, 'numbers', options).read(2), 'NOT_REPEATABLE');
    assert.match(error.message, /operator 'numbers' emitted {"n":\d+} instead of {"n":\d+}/);
  }
});

type Emit = (tuple: { n: number }) => void;

/** A source of your own with 30 tuples, and a way to find where it begins. */
const positioned = (begin: (position: number) => number): Source<typeof shape> => ({
  kind: 'reader',
  fields: shape,
  open({ position }: SourceContext) {
    let next = begin(position);
    const reader = {
      position,
      read(emit: Emit, limit: number): SourceStatus {
        for (let i = 0; i < limit; i++) {
          if (next === 30) return 'end';
          emit({ n: next++ });
          reader.position++;
        }
        return 'more';
      },
      close() {},
    };
    return reader;
  },
});

test('a source that ignores the position at which it is opened is caught; one that heeds it is not', async () => {
  const right = testOperator(flowOf(positioned((position) => position)), 'numbers', { alone: true });
  assert.equal(await right.read(), 30);
  for (const options of [{}, { rollback: false }]) {
    const wrong = testOperator(flowOf(positioned(() => 0)), 'numbers', { ...options, alone: true });
    const { message } = await rejection(wrong.read(3), 'NOT_REPEATABLE');
    assert.match(message, /operator 'numbers' emitted {"n":0} instead of {"n":1}/);
  }
});

test('a source that ends too early when it is opened again is caught', async () => {
  for (const options of [{}, { rollback: false }]) {
    let opened = 0;
    // The undisturbed actor opens it once, after the one under test.
    const early = positioned((position) => (++opened === 3 ? 30 : position));
    const numbers = testOperator(flowOf(early), 'numbers', { ...options, alone: true });
    const { message } = await rejection(numbers.read(), 'NOT_REPEATABLE');
    assert.match(message, /operator 'numbers' did not emit {"n":[0-9]+}/);
  }
});

test('a slow source is waited for, by both actors', async () => {
  async function* slow(): AsyncGenerator<{ n: number }> {
    for (let n = 0; n < 3; n++) {
      await sleep(20);
      yield { n };
    }
  }
  for (const options of COMBINATIONS) {
    const source = fromIterable(shape, slow);
    const numbers = testOperator(flowOf(source), 'numbers', { ...options, alone: true });
    assert.equal(await numbers.read(1), 1);
    assert.equal(await numbers.read(), 2);
    assert.deepEqual(numbers.emitted(), [{ n: 0 }, { n: 1 }, { n: 2 }]);
    numbers.close();
  }
});

test('errors of a source: a missing file, a contract that is broken', async () => {
  const missing = dataflow(import.meta.url, 'missing', (builder) =>
    builder.source('lines', readLines(newPath())).collect('out'),
  );
  const lines = testOperator(missing, 'lines');
  await rejection(lines.read(1), 'INPUT_FILE');
  await rejection(lines.read(1), 'INPUT_FILE');
  const greedy: Source<typeof shape> = {
    kind: 'reader',
    fields: shape,
    open: () => {
      const read = (emit: Emit): SourceStatus => {
        for (let n = 0; n < 20; n++) emit({ n });
        return 'more';
      };
      return { position: 0, read, close() {} };
    },
  };
  await rejection(testOperator(flowOf(greedy), 'numbers').read(1), 'SOURCE_CONTRACT');
});

test("failure: 'stop' of an operator fused with the source", async () => {
  const flow = dataflow(import.meta.url, 'stopping', (builder) =>
    builder
      .source(
        'numbers',
        generate(shape, (n) => ({ n }), { count: 10 }),
      )
      .map(
        'fail',
        shape,
        ({ n }) => {
          if (n === 4) throw new Error('four');
          return { n };
        },
        { failure: 'stop' },
      )
      .collect('out'),
  );
  for (const options of COMBINATIONS) {
    const numbers = testOperator(flow, 'numbers', options);
    assert.equal(await numbers.read(2), 2);
    const { message } = await rejection(numbers.read(), 'OPERATOR_FAILED');
    assert.match(message, /operator 'fail' failed at position 4 of source 'numbers': four/);
    assert.deepEqual(numbers.emitted(), [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]);
  }
});
