// Goal: an exception in any closure fails the job with operator, key and position; its batch leaves no trace, the process lives
// on, and whoever listens hears of it: done, outputs, events.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../../src/index.ts';
import { type FailingKind, failing, failingCounts } from '../flows/failing.ts';
import { LocalJob } from './local-run.ts';
import { failureOf, noThreadLeft, rejection, start, TIMEOUT } from './run-flow.ts';

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

afterEach(async () => {
  await noThreadLeft();
  assert.deepEqual(unhandled, []);
});

const count = 20_000;
const at = 9000;

const kinds: [FailingKind, { operator: string; hasOutput: boolean; hasKey: boolean }][] = [
  ['source', { operator: 'failing-source', hasOutput: true, hasKey: false }],
  ['iterable', { operator: 'failing-source', hasOutput: true, hasKey: false }],
  ['async-iterable', { operator: 'failing-source', hasOutput: true, hasKey: false }],
  ['map', { operator: 'failing', hasOutput: true, hasKey: false }],
  ['filter', { operator: 'failing', hasOutput: true, hasKey: false }],
  ['flatMap', { operator: 'failing', hasOutput: true, hasKey: false }],
  ['process', { operator: 'failing', hasOutput: true, hasKey: true }],
  ['fused-second', { operator: 'failing', hasOutput: true, hasKey: false }],
  ['swallowed', { operator: 'failing', hasOutput: true, hasKey: false }],
  ['forEach', { operator: 'failing', hasOutput: false, hasKey: false }],
  ['swallowed-fused-forEach', { operator: 'failing', hasOutput: false, hasKey: false }],
  ['sink', { operator: 'failing', hasOutput: false, hasKey: false }],
];

for (const [kind, { operator, hasOutput, hasKey }] of kinds) {
  test(
    `an exception in ${kind} fails the job with OPERATOR_FAILED, and leaves whole batches only`,
    TIMEOUT,
    async () => {
      const options = { params: { kind, count, at }, workers: 1 };
      const { error, tuples } = await failureOf(failing, 'OPERATOR_FAILED', options, hasOutput ? 'out' : undefined);
      assert.equal(error.details.operator, operator);
      assert.match(
        error.message,
        new RegExp(`operator '${operator}' failed at .*: no ${at} here\\. Its batch was rolled back`),
      );
      assert.ok(error.cause instanceof Error);
      assert.equal(error.cause.name, 'RangeError');
      assert.match(error.cause.stack ?? '', /explodeAt/, "the stack of the closure's own error");
      assert.equal(error.details.key, hasKey ? at : undefined);
      assert.equal(typeof error.details.position, 'string');
      assert.ok(tuples.length <= at);
      for (const [i, { n }] of tuples.entries()) assert.equal(n, i);
    },
  );
}

test('an exception in end names the key', TIMEOUT, async () => {
  const { error } = await failureOf(
    failing,
    'OPERATOR_FAILED',
    { params: { kind: 'end', count: 2000, at: 700 }, workers: 1 },
    'out',
  );
  assert.equal(error.details.operator, 'failing');
  assert.equal(error.details.key, 700);
});

for (const thrown of ['a mere text', null]) {
  test(`what is thrown need not be an Error: ${thrown}`, TIMEOUT, async () => {
    for (const kind of ['map', 'swallowed'] as const) {
      const options = { params: { kind, count: 100, at: 42, thrown }, workers: 1 };
      const { error } = await failureOf(failing, 'OPERATOR_FAILED', options, 'out');
      assert.equal(error.details.operator, 'failing');
      assert.match(error.message, thrown === null ? /: null\./ : /: a mere text\./);
    }
  });
}

test('the position of a tuple names the row, the frame and the operator it came from', TIMEOUT, async () => {
  const { error } = await failureOf(
    failing,
    'OPERATOR_FAILED',
    { params: { kind: 'map', count: 100, at: 7 }, workers: 1 },
    'out',
  );
  assert.match(String(error.details.position), /^row 7 of the frame at 0 from 'failing-source'$/);
});

for (const fuse of [false, true]) {
  test(
    `outputs after a failure are a prefix of whole batches, state and all, ${fuse ? 'the fused operator behind' : 'process itself'} throwing`,
    TIMEOUT,
    async () => {
      const keys = 10;
      const poison = 15_000;
      const options = { params: { count, keys, at: poison, fuse }, workers: 2, ringBytes: 1 << 16 };
      const { error, tuples } = await failureOf(failingCounts, 'OPERATOR_FAILED', options, 'out');
      assert.equal(error.details.operator, fuse ? 'check' : 'count');
      assert.equal(error.details.key, `key-${poison % keys}`);
      assert.ok(tuples.length <= poison, `${tuples.length} came out`);
      assert.ok(tuples.length > 0, 'batches before the poisoned one are committed');
      for (const [n, tuple] of tuples.entries()) {
        assert.deepEqual(tuple, { key: `key-${n % keys}`, n, count: Math.floor(n / keys) + 1 });
      }
    },
  );
}

test('a step that threw leaves its actor as it was: the same exception comes again, nothing else', TIMEOUT, () => {
  const params = { count: 500, keys: 10, at: 300, fuse: false };
  const job = LocalJob.of(failingCounts, { params, workers: 1 });
  const source = job.actor('numbers');
  while (source.step(0) !== 'done');
  const actor = job.actor('count');
  const fails = () => {
    try {
      actor.step(0);
    } catch (error) {
      assert.ok(error instanceof MillraceError);
      assert.deepEqual([error.code, error.details.key], ['OPERATOR_FAILED', 'key-0']);
      return true;
    }
    return false;
  };
  while (!fails());
  job.collect();
  const before = actor.vitals.read();
  const came = job.tuples.get('out')?.length ?? 0;
  assert.ok(came > 0 && came <= params.at);
  for (let i = 0; i < 3; i++) {
    assert.ok(fails());
    job.collect();
    assert.equal(job.tuples.get('out')?.length, came);
    const { tuplesIn, tuplesOut, commits } = actor.vitals.read();
    assert.deepEqual([tuplesIn, tuplesOut, commits], [came, came, before.commits]);
  }
});

test('a failure that nobody awaits harms nobody', TIMEOUT, async () => {
  const job = await start(failing, { params: { kind: 'forEach', count: 10, at: 5 }, workers: 1 });
  await noThreadLeft();
  await sleep(20);
  await rejection(job.done, 'OPERATOR_FAILED');
});

test('a failing job tells its listeners: failed with the error, then ended', TIMEOUT, async () => {
  const job = await start(failing, { params: { kind: 'map', count, at }, workers: 1, ringBytes: 4096 });
  const events: string[] = [];
  let failure: unknown;
  job.on((event) => {
    if (event.type !== 'operatorEnded') events.push(event.type === 'ended' ? `ended ${event.outcome}` : event.type);
    if (event.type === 'failed') failure = event.error;
  });
  const out = (job as unknown as { output(name: string): AsyncIterable<unknown> }).output('out');
  await assert.rejects(async () => {
    for await (const _ of out);
  });
  const error = await rejection(job.done, 'OPERATOR_FAILED');
  await noThreadLeft();
  assert.deepEqual(events, ['started', 'failed', 'ended failed']);
  assert.equal(failure, error);
  assert.ok(error instanceof MillraceError);
});
