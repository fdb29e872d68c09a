// Goal: a tuple that does not fit its schema is a typed error that names operator, field and value, wherever it is emitted; those
// before it come out, and nothing else. Every bad value of every type is tried in one thread; one of each kind also in a real job.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { ActorFailure } from '../../src/actors/failures/failure.ts';
import type { MillraceError } from '../../src/index.ts';
import { codecOf } from '../../src/mailbox/columns/registry.ts';
import {
  type BadParams,
  type BadPlace,
  badTuples,
  badValues,
  DEFAULT_AT,
  goodValues,
  pushed,
} from '../kit/flows/bad-tuples.ts';
import { LocalJob } from '../kit/local-run.ts';
import { failureOf, noThreadLeft, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';
import { fieldOf, type SampleType } from '../kit/sample-fields.ts';

afterEach(noThreadLeft);

/** The numbers of the tuples before the bad one. */
const before = Array.from({ length: DEFAULT_AT }, (_, n) => n);
const numbersOf = (tuples: readonly Record<string, unknown>[] = []): unknown[] => tuples.map(({ n }) => n);

/** Runs in this thread until a step throws. */
function localFailure(params: BadParams): MillraceError {
  const job = LocalJob.of(badTuples, { params, workers: 1 });
  let turn = 0;
  let failure: ActorFailure | undefined;
  try {
    job.run(
      (below) => turn++ % below,
      (error) => {
        failure = error as ActorFailure;
        throw error;
      },
    );
  } catch (error) {
    assert.equal(error, failure);
  }
  assert.ok(failure instanceof ActorFailure, `was to fail: ${JSON.stringify(params)}`);
  job.collect();
  assert.deepEqual(numbersOf(job.tuples.get('out')), before);
  return failure.cause;
}

const places: BadPlace[] = ['last', 'fused', 'source', 'state'];

for (const type of Object.keys(badValues) as SampleType[]) {
  test(`no bad value of type ${type} passes, at any place`, TIMEOUT, () => {
    for (const place of places) {
      badValues[type].forEach((value, index) => {
        // What is fused passes as it is, so that json is not yet encoded there.
        if (place === 'fused' && type === 'json' && value instanceof Map) return;
        const error = localFailure({ type, place, bad: 'value', value: index });
        assert.equal(error.code, 'BAD_VALUE', `${type} ${place} ${index}: ${error.message}`);
        assert.equal(error.details.operator, 'bad');
        assert.equal(error.details.field, 'field');
        // Of what is within the value, the error says where it is, and what that field takes.
        if (error.details.path !== undefined) {
          assert.match(String(error.details.path), /^field[.[]/);
          assert.ok(
            error.message.startsWith(`field '${error.details.path}' of operator 'bad' is ${error.details.type}`),
          );
          return;
        }
        assert.equal(error.details.type, codecOf(fieldOf(type)).label);
        if (typeof value !== 'function' && typeof value !== 'symbol') assert.deepEqual(error.details.value, value);
        assert.match(error.message, /field 'field' of operator 'bad' is/);
      });
    }
  });
}

test('good values at the limits of every type pass', TIMEOUT, () => {
  for (const type of Object.keys(goodValues) as SampleType[]) {
    for (const place of places) {
      const job = LocalJob.of(badTuples, { params: { type, place, bad: 'value', at: 1000 }, workers: 1 });
      let turn = 0;
      job.run((below) => turn++ % below);
      assert.equal(job.tuples.get('out')?.length, 100);
      if (place === 'last') assert.deepEqual(job.tuples.get('out')?.[7], { n: 7, field: goodValues[type] });
    }
  }
});

for (const place of ['last', 'fused', 'source'] as const) {
  test(`an unknown field, a missing field and what is no object at all are refused: ${place}`, TIMEOUT, () => {
    const unknown = localFailure({ type: 'u32', place, bad: 'extra' });
    assert.equal(unknown.code, 'UNKNOWN_FIELD');
    assert.deepEqual([unknown.details.operator, unknown.details.field], ['bad', 'extra']);
    const missing = localFailure({ type: 'u32', place, bad: 'missing' });
    assert.equal(missing.code, 'BAD_VALUE');
    assert.deepEqual(
      [missing.details.operator, missing.details.field, missing.details.value],
      ['bad', 'field', undefined],
    );
    assert.match(missing.message, /set the field in every tuple/);
    for (const bad of ['null', 'number'] as const) {
      const error = localFailure({ type: 'u32', place, bad });
      assert.equal(error.code, 'BAD_VALUE');
      assert.equal(error.details.operator, 'bad');
    }
  });
}

for (const place of places) {
  test(`a bad value in a real job fails it with operator, field, value and position: ${place}`, TIMEOUT, async () => {
    const options = { params: { type: 'u8', place, bad: 'value', value: 0 } as BadParams, workers: 1 };
    const { error, tuples } = await failureOf(badTuples, 'BAD_VALUE', options, 'out');
    const { operator, field, value, position } = error.details;
    assert.deepEqual({ operator, field, value }, { operator: 'bad', field: 'field', value: 256 });
    assert.equal(typeof position, 'string');
    assert.deepEqual(numbersOf(tuples), before);
  });
}

test('push() refuses a bad tuple at once, without effect, and takes good ones afterwards', TIMEOUT, async () => {
  const job = await start(pushed, { workers: 1 });
  const input = job.input('input');
  const missing = thrown(() => input.push({ n: 1 } as never), 'BAD_VALUE');
  assert.deepEqual([missing.details.operator, missing.details.field], ['input', 'text']);
  const extra = thrown(() => input.push({ n: 1, text: 'a', extra: 2 } as never), 'UNKNOWN_FIELD');
  assert.deepEqual([extra.details.operator, extra.details.field], ['input', 'extra']);
  thrown(() => input.push({ n: -1, text: 'a' }), 'BAD_VALUE');
  input.push({ n: 7, text: 'a' });
  input.end();
  assert.deepEqual(await tuplesOf(job.output('out')), [{ n: 7 }]);
  await job.done;
});
