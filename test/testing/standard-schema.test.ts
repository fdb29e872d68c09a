// Goal: t.json(schema) takes what a schema of zod or valibot takes, as the type that these infer, and says where a value is wrong.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { z } from 'zod';
import { dataflow, type TupleOf, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { type Order, orders, passing, VALIBOT, ZOD } from '../kit/flows/checked-json.ts';
import { noThreadLeft, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

for (const [vendor, schema] of [
  ['zod', ZOD],
  ['valibot', VALIBOT],
] as const) {
  test(`${vendor}: what is right passes, what is wrong is told with its path`, () => {
    const right = { id: 'a', items: [{ price: 1 }, { price: 2 }] };
    const operator = testOperator(passing(schema, { failure: 'stop' }), 'orders');
    operator.feed([{ given: right }]);
    assert.deepEqual(operator.emitted(), [{ order: right }]);
    const wrong: [unknown, RegExp][] = [
      [{ id: 'a', items: [{ price: 1 }, { price: -1 }] }, /at items\[1\]\.price: \S+/],
      [{ id: 5, items: [] }, /at id: \S+/],
      [null, /schema takes \(\S+/],
      [{ id: 1, items: [{ price: 'a' }, { price: 'b' }, { price: 'c' }] }, /at id: .*; and 1 more\)/],
    ];
    for (const [given, message] of wrong) {
      const letters = testOperator(passing(schema, { failure: 'stop' }), 'orders');
      const error = thrown(() => letters.feed([{ given }]), 'BAD_VALUE');
      assert.match(error.message, message);
      assert.match(error.message, new RegExp(`its ${vendor} schema`));
    }
  });
}

test('types are those of the schema', () => {
  const shape = { zod: t.json(ZOD), valibot: t.json(VALIBOT), own: t.json<Order>() };
  const tuple: TupleOf<typeof shape> = {
    zod: { id: '', items: [] },
    valibot: { id: '', items: [] },
    own: { id: '', items: [] },
  };
  const id: string = tuple.zod.id + tuple.valibot.id;
  // @ts-expect-error there is no such field
  assert.equal(tuple.zod.name, undefined);
  assert.equal(id, '');
});

test('what the schema gives back is kept: defaults are filled in', TIMEOUT, async () => {
  const filled = dataflow(import.meta.url, 'filled', (flow) =>
    flow
      .source('in', push({ n: t.u32() }))
      .map('some', { some: t.json(z.object({ kind: z.string().default('plain') })) }, () => ({ some: {} as never }))
      .collect('out'),
  );
  const operator = testOperator(filled, 'some');
  operator.feed([{ n: 1 }]);
  assert.deepEqual(operator.emitted(), [{ some: { kind: 'plain' } }]);
});

test('what is no schema, and one that awaits, are refused', () => {
  for (const none of [{}, 5, 'order', () => {}, { '~standard': {} }])
    assert.match(thrown(() => t.json(none as never), 'BAD_SCHEMA').message, /takes a Standard Schema/);
  const slow = z.string().refine(async () => true);
  const awaiting = dataflow(import.meta.url, 'awaiting', (flow) =>
    flow
      .source('in', push({ n: t.u32() }))
      .map('some', { text: t.json(slow) }, () => ({ text: 'a' }), { failure: 'stop' })
      .collect('out'),
  );
  const error = thrown(() => testOperator(awaiting, 'some').feed([{ n: 1 }]), 'BAD_SCHEMA');
  assert.match(error.message, /zod schema.*awaits something/);
});

test('on workers, a value that the schema refuses is a dead letter', TIMEOUT, async () => {
  const job = await start(orders, { workers: 1, spares: 0, notices: false });
  const right = { id: 'a', items: [{ price: 1 }] };
  for (const given of [right, { id: 'b' }, right]) await job.input('in').push({ given });
  job.input('in').end();
  const letters = tuplesOf(job.deadLetters);
  assert.deepEqual(await tuplesOf(job.output('out')), [{ order: right }, { order: right }]);
  await job.done;
  const [letter, ...more] = await letters;
  assert.equal(more.length, 0);
  assert.match(String(letter.error.message), /at items: /);
});
