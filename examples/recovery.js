// @ts-check
// Recovery: a day of orders in a bakery, during which two things go wrong. At order 3,000 the thread that adds up the
// orders dies, as it might of a bug in a native module or of too little memory. And order 7,000 has no price, so its closure throws.
// The totals are right all the same: each order counted once, but for the one that could not be, which is set aside.
//
//   $ node examples/recovery.js

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

const ORDERS = 10_000;
const DIES_AT = 3_000;
const POISON = 7_000;
const PRODUCTS = ['bread', 'rolls', 'cake'];

/** Order number i, the same whenever it is asked for: after a crash the source goes on from a position of the past. */
const order = (/** @type {number} */ id) => ({
  id,
  product: PRODUCTS[id % PRODUCTS.length],
  cents: id === POISON ? Number.NaN : 100 + (id % 50),
});

/**
 * `deaths` is shared memory, so that the thread that comes after the dead one can see that it need not die again: what
 * a closure keeps in variables of its own is lost with its thread. State is not.
 * @typedef {{ deaths: Int32Array }} Params
 */
const bakery = dataflow(import.meta.url, 'bakery', (flow, /** @type {Params} */ { deaths }) =>
  flow
    .source('orders', generate({ id: t.u32(), product: t.dictionary(), cents: t.f64() }, order, { count: ORDERS }))
    .keyBy('product')
    .process(
      'till',
      {
        state: { orders: t.u32(), cents: t.u32() },
        output: { product: t.string(), orders: t.u32(), cents: t.u32() },
        end: ({ product }, { orders, cents }, emit) => emit({ product, orders, cents }),
      },
      ({ id, cents }, state) => {
        state.orders += 1; // Before the crash and the exception on purpose: such a change is rolled back.
        if (id === DIES_AT && Atomics.add(deaths, 0, 1) === 0) process.exit(1); // On a worker this ends its thread only.
        if (Number.isNaN(cents)) throw new Error(`order ${id} has no price`);
        state.cents += cents;
      },
    )
    .collect('totals'),
);
export default bakery;

/** What went on, in words. */
function tell(/** @type {import('millrace').JobEvent} */ event) {
  const names = (/** @type {readonly { operator: string }[]} */ actors) =>
    actors.map(({ operator }) => `'${operator}'`).join(', ');
  if (event.type === 'crash') console.log(`crash      ${event.report.reason.message}`);
  if (event.type === 'adoption') console.log(`adoption   worker ${event.worker} takes over ${names(event.actors)}`);
  if (event.type === 'recovered')
    console.log(
      `recovered  '${event.operator}' is at work again, ${event.tookMs.toFixed(1)} ms after its crash was noticed`,
    );
  if (event.type === 'escalation') console.log(`escalation from ${event.from} to ${event.to}`);
  if (event.type === 'deadLetter') console.log(`dead letter`);
}

/** A supervision tree, a line for each node. */
function show(/** @type {import('millrace').SupervisionNode} */ node, indent = '') {
  console.log(`${indent}${node.kind} ${node.name}: ${node.state}, restarts: ${node.restarts}`);
  for (const child of node.children) show(child, `${indent}  `);
}

// Every worker imports this module, to get at the closures. The app is in the main thread.
if (isMainThread) {
  const job = await bakery.run({ params: { deaths: new Int32Array(new SharedArrayBuffer(4)) }, workers: 2 });
  job.on(tell);
  show(job.tree());
  for await (const total of job.output('totals')) console.log(total);
  for await (const { operator, key, tuple, error, position } of job.deadLetters) {
    console.log('letter', operator, key, tuple, error.message, position);
  }
  await job.done;
  show(job.tree());
}
