// @ts-check
// Recovery: a bakery adds up its orders, and two things go wrong. At order 5,000 the thread dies that hosts the till, as of a
// bug in a native module; and order 7,000 has no price, so the till's closure throws. Millrace brings the till back with its
// state on another thread, and sets the bad order aside as a dead letter. Every other order is in the totals exactly once.
//
//   $ node examples/recovery.js
//   crash: worker 1 died with the actors 'till': worker exited with code: 1
//   adoption: worker 2, a warm spare, has taken over 'till'
//   recovered: 'till', 9.3 ms after the crash was noticed
//   totals:
//     rolls: 3332 orders, 4148.67 €, as it must be
//     cake: 3333 orders, 4149.50 €, as it must be
//     bread: 3334 orders, 4150.83 €, as it must be
//   dead letters:
//     operator 'till', key 'rolls': order 7000 has no price (row 3 of the frame at 23925 from 'orders')
//     { id: 7000, product: 'rolls', cents: NaN }
//   supervision tree:
//     job bakery: ended, 1 restart
//       operator orders: ended, 0 restarts
//         replica 0: ended, 0 restarts
//       operator till: ended, 1 restart
//         replica 0: ended, 1 restart
//       operator totals: ended, 0 restarts

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

const ORDERS = 10_000;
const DEADLY = 5_000;
const POISON = 7_000;
const PRODUCTS = ['bread', 'rolls', 'cake'];

/** Order number `id`: the same whenever it is asked for, since what was not committed before a crash is read again after it. */
const orderAt = (/** @type {number} */ id) => ({
  id,
  product: PRODUCTS[id % PRODUCTS.length],
  cents: id === POISON ? Number.NaN : 100 + (id % 50),
});

/**
 * `deaths` is shared memory: here it tells the closure that it has died once already. Variables of a closure die with their
 * thread; what must outlive it belongs in `state`.
 * @typedef {{ deaths: Int32Array }} Params
 */

export const bakery = dataflow(import.meta.url, 'bakery', (flow, /** @type {Params} */ { deaths }) =>
  flow
    .source(
      'orders',
      generate({ id: t.u32(), product: t.string(), cents: t.f64() }, orderAt, { count: ORDERS, ratePerSecond: 20_000 }),
    )
    .keyBy('product')
    .process(
      'till',
      { state: { orders: t.u32(), cents: t.u32() }, output: { product: t.string(), orders: t.u32(), cents: t.u32() } },
      ({ id, cents }, state) => {
        state.orders += 1;
        // From here on the order is counted, but not yet paid: what follows shows that this half is taken back.
        if (id === DEADLY && Atomics.add(deaths, 0, 1) === 0) process.exit(1); // In a worker it ends the thread, not the process.
        if (Number.isNaN(cents)) throw new Error(`order ${id} has no price`);
        state.cents += cents;
      },
      {
        end: ({ product }, { orders, cents }, emit) => emit({ product, orders, cents }),
        // What to do with a tuple whose closure throws: 'deadLetter' is the default; the others are 'stop' and 'escalate'.
        failure: 'deadLetter',
      },
    )
    .collect('totals'),
);

/** Says what happens, as it happens. */
function tell(/** @type {import('millrace').JobEvent} */ event) {
  if (event.type === 'crash') console.log(`crash: ${event.report.reason.message}`);
  if (event.type === 'adoption') {
    const names = event.actors.map(({ operator }) => `'${operator}'`).join(' and ');
    console.log(`adoption: worker ${event.worker}, a warm spare, has taken over ${names}`);
  }
  if (event.type === 'recovered') {
    console.log(`recovered: '${event.operator}', ${event.tookMs.toFixed(1)} ms after the crash was noticed`);
  }
}

/** Prints a supervision tree, a line for each node. */
function printTree(/** @type {import('millrace').SupervisionNode} */ node, indent = '  ') {
  const { kind, name, state, restarts, children } = node;
  console.log(`${indent}${kind} ${name}: ${state}, ${restarts} restart${restarts === 1 ? '' : 's'}`);
  for (const child of children) printTree(child, `${indent}  `);
}

/** The same by a loop, without the order that cannot be paid. */
function expectedTotals() {
  const totals = new Map(PRODUCTS.map((product) => [product, { orders: 0, cents: 0 }]));
  for (let id = 0; id < ORDERS; id++) {
    const { product, cents } = orderAt(id);
    const total = totals.get(product);
    if (total === undefined || id === POISON) continue;
    total.orders += 1;
    total.cents += cents;
  }
  return totals;
}

// The workers import this module too, to get at the closures: the app is what runs on the main thread.
if (isMainThread) {
  const job = await bakery.run({ params: { deaths: new Int32Array(new SharedArrayBuffer(4)) }, workers: 2 });
  job.on('*', tell);

  const totals = [];
  for await (const total of job.output('totals')) totals.push(total);
  await job.done;

  console.log('totals:');
  const expected = expectedTotals();
  for (const { product, orders, cents } of totals) {
    const right = expected.get(product);
    const isRight = right?.orders === orders && right.cents === cents;
    console.log(
      `  ${product}: ${orders} orders, ${(cents / 100).toFixed(2)} €, ${isRight ? 'as it must be' : 'WRONG'}`,
    );
    if (!isRight) process.exitCode = 1;
  }
  console.log('dead letters:');
  for await (const { operator, key, tuple, error, position } of job.deadLetters) {
    console.log(`  operator '${operator}', key '${key}': ${error.message} (${position})`);
    console.log(' ', tuple);
  }
  console.log('supervision tree:');
  printTree(job.tree());
}
