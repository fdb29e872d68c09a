// Goal: a dead letter tells operator, replica, key, tuple, error and position as they were, whatever their types and sizes; letters
// can be read while the job runs and after it, are counted, never twice, and dropped only if nobody reads them.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataflow, type Job, MillraceError, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { LETTERS_KEPT_MAX } from '../../src/supervisor/job/dead-letters.ts';
import { testOperator } from '../../src/testing.ts';
import { type CrashOptions, countsOf, EventLog } from '../kit/crash-oracle.ts';
import { type LettersParams, letters, letterTuple } from '../kit/flows/letters.ts';
import { latestRates } from '../kit/readings.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

type Letter = Awaited<ReturnType<typeof lettersOf>>[number];

const lettersOf = (job: Pick<Job, 'deadLetters'>) => tuplesOf(job.deadLetters);

const startWith = async (params: Partial<LettersParams>, options: CrashOptions = {}): Promise<Job> => {
  const all: LettersParams = { count: 100, from: 40, to: 42, failing: 'error', keyed: 0, ...params };
  return (await start(letters, { workers: 2, spares: 0, ...options, params: all })) as unknown as Job;
};

/** Runs to the end; all tuples that the operator does not fail at must come out. */
async function run(
  params: Partial<LettersParams>,
  options: CrashOptions = {},
): Promise<{ job: Job; letters: Letter[] }> {
  const { count = 100, from = 40, to = 42 } = params;
  const job = await startWith(params, options);
  const events = new EventLog(job);
  const out = (await tuplesOf(job.output('out'))) as { n: number }[];
  await job.done;
  const good = Array.from({ length: count }, (_, n) => n).filter((n) => n < from || n >= to);
  assert.deepEqual(
    out.map(({ n }) => n).sort((a, b) => a - b),
    good,
  );
  assert.equal(job.deadLetters.count, to - from);
  assert.deepEqual(countsOf(job).failing, [good.length, good.length]);
  const read = await lettersOf(job);
  const told = events.of('deadLetter').map(({ letter }) => letter);
  assert.deepEqual(read, told.slice(-LETTERS_KEPT_MAX));
  return { job, letters: read };
}

test('a letter carries the tuple, its error and where it stood; no key where there is none', TIMEOUT, async () => {
  const { letters: read } = await run({});
  assert.deepEqual(
    read.map(({ operator, replica, key, tuple }) => ({ operator, replica, key, tuple })),
    [40, 41].map((n) => ({ operator: 'failing', replica: 0, key: undefined, tuple: letterTuple(n) })),
  );
  for (const [i, { error, position }] of read.entries()) {
    assert.ok(error instanceof Error);
    assert.deepEqual([error.name, error.message], ['OddError', `odd ${40 + i}`]);
    assert.match(error.stack ?? '', /at fail .*letters\.[jt]s/);
    assert.match(position, /^row \d+ of the frame at \d+ from 'tuples'$/);
  }
});

test('keys: not a number, a number, two fields; and the replica that owns them', TIMEOUT, async () => {
  const { letters: single } = await run({ keyed: 1, parallelism: 3 }, { workers: 3 });
  const byKey = new Map(single.map((letter) => [letter.key, letter]));
  assert.deepEqual([...byKey.keys()].sort(), [41 / 3, Number.NaN]);
  assert.deepEqual(byKey.get(Number.NaN)?.tuple, letterTuple(40));
  const { letters: pairs } = await run({ keyed: 2, parallelism: 3, from: 0, to: 60 }, { workers: 3 });
  const keys = pairs.map(({ key }) => key as [number, string]).sort(([a], [b]) => a - b);
  assert.deepEqual(
    keys,
    Array.from({ length: 60 }, (_, n) => [n, `kind ${n % 5}`]),
  );
  assert.deepEqual([...new Set(pairs.map(({ replica }) => replica))].sort(), [0, 1, 2]);
});

test(
  'whatever is thrown arrives as an error: with its cause, a text, a function, nothing, a very long one',
  TIMEOUT,
  async () => {
    const [caused] = (await run({ failing: 'caused' })).letters;
    assert.equal(caused.error.message, 'outer 40');
    assert.deepEqual(
      [(caused.error.cause as Error).name, (caused.error.cause as Error).message],
      ['OddError', 'inner'],
    );
    const [text] = (await run({ failing: 'text' })).letters;
    assert.match(text.error.message, /a mere text 40/);
    const [called] = (await run({ failing: 'function' })).letters;
    assert.ok(called.error instanceof Error);
    const [nothing] = (await run({ failing: 'nothing' })).letters;
    assert.equal(nothing.error.message, 'undefined');
    const [long] = (await run({ failing: 'long' })).letters;
    assert.match(long.error.message, /^"?40x{50}/);
    assert.ok(long.error.message.length < 20_000, 'shortened, so that it fits its ring');
  },
);

test(
  "errors of Millrace's own keep their code: a bad value, too much at once, a tuple too large",
  TIMEOUT,
  async () => {
    const kinds = [
      ['bad-value', 'BAD_VALUE'],
      ['explosion', 'OUTBOX_FULL'],
      ['too-large', 'TUPLE_TOO_LARGE'],
    ] as const;
    for (const [failing, code] of kinds) {
      const { letters: read } = await run({ failing }, { ringBytes: 1 << 16, outboxBytes: 1 << 20 });
      for (const [i, { error, tuple }] of read.entries()) {
        assert.equal((error as MillraceError).code, code);
        assert.equal((error as MillraceError).details.operator, 'failing');
        assert.deepEqual(tuple, letterTuple(40 + i));
      }
    }
  },
);

test('a very large tuple is described; one that fits is carried whole', TIMEOUT, async () => {
  const [whole] = (await run({ characters: 4000 })).letters;
  assert.deepEqual(whole.tuple, letterTuple(40, 4000));
  const [described] = (await run({ characters: 300_000 })).letters;
  assert.equal(typeof described.tuple, 'string');
  assert.ok((described.tuple as string).length < 20_000);
  assert.match(described.tuple as string, /40/);
});

test(
  'what is too large makes way itself: a long message leaves key and tuple, a large tuple its key',
  TIMEOUT,
  async () => {
    const [long] = (await run({ failing: 'long', keyed: 2 })).letters;
    assert.deepEqual([long.key, long.tuple], [[40, 'kind 0'], letterTuple(40)]);
    assert.match(long.error.message, /^40x+… \(the beginning of 1000000 characters\)$/);
    assert.match(long.error.stack ?? '', /x… \(the beginning of 1000000 characters\)\n +at fail .*letters\.[jt]s/);
    const [large] = (await run({ characters: 200_000, keyed: 2 })).letters;
    assert.deepEqual([large.key, typeof large.tuple], [[40, 'kind 0'], 'string']);
    assert.match(large.error.stack ?? '', /at fail .*letters\.[jt]s/);
    const [both] = (await run({ failing: 'long', characters: 200_000, keyed: 2 })).letters;
    assert.deepEqual([both.key, typeof both.tuple], [[40, 'kind 0'], 'string']);
    assert.match(both.error.message, /^40x/);
    const [unkeyed] = (await run({ characters: 200_000 })).letters;
    assert.equal(unkeyed.key, undefined);
  },
);

test('a key that is too large shows its beginning; so do large causes, details and names', () => {
  const flow = dataflow(import.meta.url, 'large', (builder) =>
    builder
      .source('items', push({ word: t.string() }))
      .keyBy('word')
      .process('failing', { output: { word: t.string() } }, ({ word }) => {
        const cause = new MillraceError('BAD_VALUE', '漢'.repeat(9000), { value: '😀'.repeat(9000), list: [word] });
        throw Object.assign(new Error('outer', { cause }), { name: 'N'.repeat(9000) });
      })
      .collect('out'),
  );
  const operator = testOperator<object, object>(flow, 'failing');
  for (const word of ['kéy', 'é'.repeat(100_000)]) operator.feed({ word });
  const [small, large] = operator.deadLetters();
  assert.deepEqual([small.key, small.tuple], ['kéy', { word: 'kéy' }]);
  const { cause } = small.error as { cause: MillraceError };
  assert.equal(cause.code, 'BAD_VALUE');
  assert.match(cause.message, /^漢{1000}…/);
  assert.match(String(cause.details.value), /^(😀){500}…/);
  assert.match(String(large.key), /^é{80}… \(the beginning of 100000 characters\)$/);
  assert.equal(large.error.message, 'outer');
});

test('of those that nobody reads the latest are kept, and the others counted', TIMEOUT, async () => {
  const to = LETTERS_KEPT_MAX + 700;
  const { job, letters: read } = await run({ count: 2000, from: 0, to });
  assert.equal(job.deadLetters.dropped, 700);
  assert.deepEqual(
    read.map(({ tuple }) => (tuple as { n: number }).n),
    Array.from({ length: LETTERS_KEPT_MAX }, (_, i) => 700 + i),
  );
});

test(
  'who reads while the job runs, however slowly, gets each letter once, in order, and none is dropped',
  TIMEOUT,
  async () => {
    const to = 2400;
    const job = await startWith({ count: to, from: 0, to, keyed: 1 });
    const out = tuplesOf(job.output('out'));
    const numbers: number[] = [];
    for await (const { tuple } of job.deadLetters) {
      numbers.push((tuple as { n: number }).n);
      if (numbers.length % 400 === 0) await sleep(20);
    }
    await job.done;
    assert.deepEqual(
      numbers,
      Array.from({ length: to }, (_, n) => n),
    );
    assert.deepEqual([job.deadLetters.count, job.deadLetters.dropped], [to, 0]);
    assert.deepEqual(await out, []);
  },
);

test('a reader that stops taking holds the operator up; one that leaves sets it free', TIMEOUT, async () => {
  const to = 2500;
  const job = await startWith({ count: to + 1, from: 0, to });
  const out = tuplesOf(job.output('out'));
  const iterator = job.deadLetters[Symbol.asyncIterator]();
  for (let n = 0; n < 5; n++) assert.equal(((await iterator.next()).value.tuple as { n: number }).n, n);
  const rates = latestRates(job);
  await until(() => rates().operators[1].blocked > 0.9, 'the operator to wait for its letters to be read');
  const { count } = job.deadLetters;
  assert.ok(count < to, `${count} letters`);
  await iterator.return?.();
  assert.deepEqual(
    (await out).map((tuple) => (tuple as { n: number }).n),
    [to],
  );
  await job.done;
  assert.equal(job.deadLetters.count, to);
});

test('one iterator; it ends with the job, also if that is cancelled', TIMEOUT, async () => {
  const job = await startWith({ count: 100, from: 0, to: 3 });
  const reading = lettersOf(job);
  await until(() => job.deadLetters.count === 3, 'three letters');
  const second = job.deadLetters[Symbol.asyncIterator]();
  await assert.rejects(second.next(), { code: 'OUTPUT_TAKEN' });
  await job.cancel();
  assert.equal((await reading).length, 3);
});
