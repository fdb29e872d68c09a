// Goal: fromIterable gives what its iterable gives, from any count on; generate and push are valid data or typed errors.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { fromIterable } from '../../src/connectors/from-iterable.ts';
import { generate } from '../../src/connectors/generate.ts';
import { push } from '../../src/connectors/push.ts';
import { t } from '../../src/mailbox/schema.ts';
import { contextWith, drain } from '../kit/drive.ts';

const fields = { n: t.u32() };
const upTo = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

async function* slowly(count: number, everyTurn: number) {
  for (let n = 0; n < count; n++) {
    if (n % everyTurn === 0) await nextTurn();
    yield { n };
  }
}

test('any iterable, any limit; reopening at every position gives exactly the rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(200),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 20 }),
      async (count, limit, everyTurn) => {
        const expected = upTo(count);
        for (const source of [
          fromIterable(fields, () => expected),
          fromIterable(fields, () => expected.values()),
          fromIterable(fields, () => slowly(count, everyTurn)),
        ]) {
          const positions = new Map([[0, 0]]);
          const all = await drain(source, { limit, after: (position, taken) => positions.set(position, taken) });
          assert.deepEqual(all, expected);
          for (const [position, taken] of positions) {
            assert.equal(position, taken);
            assert.deepEqual(await drain(source, { position, limit }), expected.slice(position));
          }
        }
      },
    ),
    { numRuns: 12 },
  );
});

test('an async iterable is taken ahead only so far', async () => {
  let made = 0;
  async function* endless() {
    for (;;) yield { n: made++ };
  }
  const context = contextWith({ fail: assert.ifError });
  const reader = await fromIterable(fields, endless).open(context);
  await nextTurn();
  await nextTurn();
  assert.ok(made > 0 && made < 10_000, `${made} made ahead`);
  reader.close();
});

test('iterators are closed once, and not after their end', async () => {
  const closed: string[] = [];
  const tracked = (name: string, length: number) =>
    function* () {
      try {
        for (let n = 0; n < length; n++) yield { n };
      } finally {
        closed.push(name);
      }
    };
  const context = contextWith();
  const reader = await fromIterable(fields, tracked('early', 10)).open(context);
  reader.read(() => {}, 3);
  reader.close();
  assert.deepEqual(closed, ['early']);
  await drain(fromIterable(fields, tracked('whole', 10)));
  assert.deepEqual(closed, ['early', 'whole']);
});

test('errors of an iterable come out', async () => {
  function* broken() {
    yield { n: 1 };
    throw new RangeError('broken');
  }
  async function* brokenLater() {
    yield { n: 1 };
    await nextTurn();
    throw new RangeError('broken later');
  }
  await assert.rejects(drain(fromIterable(fields, broken)), /broken/);
  await assert.rejects(drain(fromIterable(fields, brokenLater)), /broken later/);
});

test('what is not iterable is refused', async () => {
  // @ts-expect-error
  assert.throws(() => fromIterable(fields, [{ n: 1 }]), { code: 'BAD_OPTION' });
  assert.throws(() => fromIterable({}, () => []), { code: 'BAD_SCHEMA' });
  // @ts-expect-error
  const source = fromIterable(fields, () => ({ n: 1 }));
  await assert.rejects(drain(source), { code: 'BAD_OPTION' });
});

test('generate is validated data', () => {
  const make = (n: number) => ({ n });
  const source = generate(fields, make);
  assert.deepEqual(
    { ...source },
    { kind: 'generate', fields, make, count: Infinity, ratePerSecond: undefined, partitions: 1 },
  );
  const limited = generate(fields, make, { count: 5, ratePerSecond: 0.5 });
  assert.deepEqual([limited.count, limited.ratePerSecond], [5, 0.5]);
  for (const options of [
    { count: -1 },
    { count: 1.5 },
    { count: NaN },
    { ratePerSecond: 0 },
    { ratePerSecond: Infinity },
  ]) {
    assert.throws(() => generate(fields, make, options), { code: 'BAD_OPTION' });
  }
  // @ts-expect-error
  assert.throws(() => generate(fields, make, { rate: 5 }), { code: 'BAD_OPTION', message: /'ratePerSecond'/ });
  // @ts-expect-error
  assert.throws(() => generate(fields, 5), { code: 'BAD_OPTION' });
  // @ts-expect-error
  generate(fields, (n) => ({ m: n }));
});

test('push is a schema', () => {
  assert.deepEqual(push(fields), { kind: 'push', fields });
  assert.throws(() => push({}), { code: 'BAD_SCHEMA' });
});
