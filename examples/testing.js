// @ts-check
// Testing: an operator is tested in this thread and at once: fed with tuples, looked at, and meanwhile rolled back, run again and
// restored from snapshots. What one operator's test cannot show, such as threads that die, a job shows, judged by an oracle.
//
//   $ node --test --test-reporter=spec examples/testing.js
//   ✔ the till adds up what each product has earned
//   ✔ an order without a price is a dead letter, and changes nothing
//   ✔ at the end of the day there is a total for each product
//   ✔ an operator that counts in a variable is caught
//   ✔ orders come through exactly once and in order, though a worker is terminated

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';
import { ExactlyOnce, testOperator } from 'millrace/testing';

const PRODUCTS = ['bread', 'rolls', 'cake'];
const ORDERS = 30_000;

/** Order i: `number` counts the orders of its product. */
const order = (/** @type {number} */ i) => ({
  product: PRODUCTS[i % PRODUCTS.length],
  number: Math.floor(i / PRODUCTS.length),
  cents: 100 + (i % 50),
});

export const shop = dataflow(import.meta.url, 'shop', (flow) =>
  flow
    .source('orders', generate({ product: t.dictionary(), number: t.u32(), cents: t.f64() }, order, { count: ORDERS }))
    .keyBy('product')
    .process(
      'till',
      { state: { orders: t.u32(), cents: t.f64() }, output: { product: t.string(), number: t.u32(), cents: t.f64() } },
      ({ product, number, cents }, state, emit) => {
        if (Number.isNaN(cents)) throw new RangeError(`order ${number} has no price`);
        state.orders += 1;
        state.cents += cents;
        emit({ product, number, cents: state.cents });
      },
      {
        parallelism: 2,
        end: ({ product }, state, emit) => emit({ product, number: state.orders, cents: state.cents }),
      },
    )
    .collect('receipts'),
);

/** The same in short, and wrong: the count is no part of the state, so a rollback does not take it back. */
const forgetful = dataflow(import.meta.url, 'forgetful', (flow) => {
  let orders = 0;
  return flow
    .source('orders', generate({ product: t.string() }, order))
    .map('number', { product: t.string(), number: t.u32() }, ({ product }) => ({ product, number: orders++ }))
    .collect('numbered');
});

// Workers import this module, too: for them it is the shop, not its tests.
if (isMainThread) {
  test('the till adds up what each product has earned', () => {
    const till = testOperator(shop, 'till');
    till.feed({ product: 'bread', number: 0, cents: 120 });
    assert.deepEqual(till.emitted(), [{ product: 'bread', number: 0, cents: 120 }]);
    till.feed([
      { product: 'cake', number: 0, cents: 300 },
      { product: 'bread', number: 1, cents: 130 },
    ]);
    assert.deepEqual(till.emitted(), [
      { product: 'cake', number: 0, cents: 300 },
      { product: 'bread', number: 1, cents: 250 },
    ]);
    assert.deepEqual(till.state.get('bread'), { orders: 2, cents: 250 });
    assert.equal(till.state.get('rolls'), undefined);
  });

  test('an order without a price is a dead letter, and changes nothing', () => {
    const till = testOperator(shop, 'till');
    till.feed([
      { product: 'bread', number: 0, cents: 120 },
      { product: 'bread', number: 1, cents: Number.NaN },
    ]);
    const [letter] = till.deadLetters();
    assert.equal(letter.error.message, 'order 1 has no price');
    assert.deepEqual(till.state.entries(), [{ key: { product: 'bread' }, value: { orders: 1, cents: 120 } }]);
  });

  test('at the end of the day there is a total for each product', () => {
    const till = testOperator(shop, 'till');
    till.feed([order(0), order(1), order(3)]);
    till.emitted();
    till.end();
    const totals = till.emitted().map(({ product, cents }) => `${product} ${cents}`);
    assert.deepEqual(totals.sort(), ['bread 203', 'rolls 101']);
  });

  test('an operator that counts in a variable is caught', () => {
    const number = testOperator(forgetful, 'number');
    assert.throws(() => number.feed({ product: 'bread' }), {
      code: 'NOT_REPEATABLE',
      message:
        /^operator 'number' emitted {"product":"bread","number":1} instead of {"product":"bread","number":0}, when/,
    });
  });

  test('orders come through exactly once and in order, though a worker is terminated', async () => {
    const job = await shop.run({ workers: 2 });
    /** @type {ExactlyOnce<string>} */
    const oracle = new ExactlyOnce();
    let receipts = 0;
    for await (const { product, number } of job.output('receipts')) {
      receipts += 1;
      if (receipts === 1000) await job.killWorker(1);
      oracle.see(product, number);
    }
    await job.done;
    // The total of each product is numbered as one order more.
    const report = oracle.finish(PRODUCTS.map((product) => [product, ORDERS / PRODUCTS.length + 1]));
    assert.deepEqual(report.violations, []);
    assert.equal(receipts, ORDERS + PRODUCTS.length);
  });
}
