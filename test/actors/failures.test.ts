// Goal: with failure 'stop' an exception in any closure fails the job with operator, key and position. Every tuple before it has
// taken effect, it and those behind it have not; the process lives on, and whoever listens hears of it: done, outputs, events.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ActorFailure } from '../../src/actors/failures/failure.ts';
import { MillraceError } from '../../src/index.ts';
import { type FailingKind, failing, failingCounts, failingMerge, tries } from '../kit/flows/failing.ts';
import { LocalJob } from '../kit/local-run.ts';
import { failureOf, noThreadLeft, rejection, start, TIMEOUT } from '../kit/run-flow.ts';

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

afterEach(async () => {
  await noThreadLeft();
  assert.deepEqual(unhandled, []);
});

const count = 20_000;
const at = 9000;
/** A bug must not become an endless loop. */
const STEPS_MAX = 10_000;

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
    `an exception in ${kind} fails the job with OPERATOR_FAILED; every tuple before it comes out`,
    TIMEOUT,
    async () => {
      const options = { params: { kind, count, at, failure: 'stop' }, workers: 1 } as const;
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
      // An async iterable is taken ahead: of what it gave before it failed, some may not have been read yet.
      const length = kind === 'async-iterable' ? Math.min(at, tuples.length) : hasOutput ? at : 0;
      assert.deepEqual(
        tuples,
        Array.from({ length }, (_, n) => ({ n })),
      );
    },
  );
}

test('an exception in end names the key, and the keys before it have ended once each', TIMEOUT, async () => {
  const options = { params: { kind: 'end', count: 2000, at: 700, failure: 'stop' }, workers: 1 } as const;
  const { error, tuples } = await failureOf(failing, 'OPERATOR_FAILED', options, 'out');
  assert.equal(error.details.operator, 'failing');
  assert.equal(error.details.key, 700);
  const ended = new Set(tuples.map(({ n }) => n));
  assert.equal(ended.size, tuples.length);
  assert.ok(!ended.has(700) && ended.size > 0);
});

for (const thrown of ['a mere text', null]) {
  test(`what is thrown need not be an Error: ${thrown}`, TIMEOUT, async () => {
    for (const kind of ['map', 'swallowed'] as const) {
      const options = { params: { kind, count: 100, at: 42, thrown, failure: 'stop' }, workers: 1 } as const;
      const { error } = await failureOf(failing, 'OPERATOR_FAILED', options, 'out');
      assert.equal(error.details.operator, 'failing');
      assert.match(error.message, thrown === null ? /: null\./ : /: a mere text\./);
    }
  });
}

test('the position of a tuple names the row, the frame and the operator it came from', TIMEOUT, async () => {
  const options = { params: { kind: 'map', count: 100, at: 7, failure: 'stop' }, workers: 1 } as const;
  const { error } = await failureOf(failing, 'OPERATOR_FAILED', options, 'out');
  assert.match(String(error.details.position), /^row 7 of the frame at 0 from 'failing-source'$/);
});

for (const fuse of [false, true]) {
  test(
    `what came out before a failure is complete, state and all, ${fuse ? 'the fused operator behind' : 'process itself'} throwing`,
    TIMEOUT,
    async () => {
      const keys = 10;
      const poison = 15_000;
      const params = { count, keys, at: poison, fuse, failure: 'stop' } as const;
      const options = { params, workers: 2, ringBytes: 1 << 16 };
      const { error, tuples } = await failureOf(failingCounts, 'OPERATOR_FAILED', options, 'out');
      assert.equal(error.details.operator, fuse ? 'check' : 'count');
      assert.equal(error.details.key, `key-${poison % keys}`);
      assert.equal(tuples.length, poison);
      for (const [n, tuple] of tuples.entries()) {
        assert.deepEqual(tuple, { key: `key-${n % keys}`, n, count: Math.floor(n / keys) + 1 });
      }
    },
  );
}

test('a step that threw leaves its actor as it was: the same exception comes again, nothing else', TIMEOUT, () => {
  const params = { count: 500, keys: 10, at: 300, fuse: false, failure: 'stop' } as const;
  const job = LocalJob.of(failingCounts, { params, workers: 1 });
  const source = job.actor('numbers');
  for (let steps = 0; source.step(0) !== 'done'; steps++) assert.ok(steps < STEPS_MAX, 'the source is done');
  const actor = job.actor('count');
  const fails = (): boolean => {
    try {
      actor.step(0);
      return false;
    } catch (failure) {
      assert.ok(failure instanceof ActorFailure);
      const { policy, cause, position } = failure;
      assert.deepEqual([policy, cause.code, cause.details.key], ['stop', 'OPERATOR_FAILED', 'key-0']);
      assert.equal(position, cause.details.position);
      return true;
    }
  };
  for (let steps = 0; !fails(); steps++) assert.ok(steps < STEPS_MAX, 'a step fails');
  job.collect();
  const { commits } = actor.vitals.read();
  for (let i = 0; i < 3; i++) {
    if (i > 0) assert.ok(fails());
    job.collect();
    const { tuplesIn, tuplesOut, commits: now } = actor.vitals.read();
    assert.deepEqual(
      [job.tuples.get('out')?.length, tuplesIn, tuplesOut, now],
      [params.at, params.at, params.at, commits],
    );
  }
});

test('a failure that nobody awaits harms nobody', TIMEOUT, async () => {
  const job = await start(failing, { params: { kind: 'forEach', count: 10, at: 5, failure: 'stop' }, workers: 1 });
  await noThreadLeft();
  await sleep(20);
  await rejection(job.done, 'OPERATOR_FAILED');
});

test('a failing job tells its listeners: failed with the error, then ended', TIMEOUT, async () => {
  const job = await start(failing, {
    params: { kind: 'map', count, at, failure: 'stop' },
    workers: 1,
    ringBytes: 4096,
  });
  const events: string[] = [];
  let failure: unknown;
  job.on(
    '*',
    (event) => {
      if (event.type !== 'operatorEnded') events.push(event.type === 'ended' ? `ended ${event.outcome}` : event.type);
      if (event.type === 'failed') failure = event.error;
    },
    { past: true },
  );
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

for (const at of [0, 1, 100, 2000]) {
  test(`with two inputs, tuple ${at} fails in its batch and alone, and not in between`, TIMEOUT, () => {
    const params = { count: 5000, at, failure: 'deadLetter' } as const;
    const job = LocalJob.of(failingMerge, { params, workers: 1 });
    tries.count = 0;
    let turn = 0;
    job.run((choices) => turn++ % choices);
    assert.deepEqual(
      job.letters.map(({ tuple }) => tuple),
      [{ n: at, from: 0 }],
    );
    assert.equal(tries.count, 2);
    assert.equal(job.tuples.get('out')?.length, 2 * params.count - 1);
  });
}
