// @ts-check
// Supervision: who restarts whom, how often, and who gives up at last. A shop asks an outside service for prices, and the
// service fails. Every actor has a supervisor above it, which does nothing but restart it when it crashes:
//
//   millrace          the root, one in a process: a job that fails is no other job's business
//   └ shop            the job's supervisor: restarts an operator whose own supervisor has given up
//     ├ parcels       an operator's supervisor: restarts its replicas
//     │ └ 0           a replica: an actor on a worker thread
//     └ ask           one of them or all (the strategy), but not without end (the intensity)
//       └ 0, 1, 2
//
//   $ node examples/supervision.js
//   1. The service is down for 50 ms, and heals itself. Ten crashes in 5 s are declared to be all right:
//      400 prices of 400 parcels; crashes: 4
//   2. Of three replicas, 1 loses its thread. Who is restarted depends on the strategy:
//      one_for_one  restarts 1        (400 prices of 400 parcels)
//      one_for_all  restarts 0, 1, 2  (400 prices of 400 parcels)
//      rest_for_one restarts 1, 2     (400 prices of 400 parcels)
//   3. The service never comes back. Two crashes in 5 s without any progress before them are too many:
//      'ask' crashes: 503 Service Unavailable
//      shop/ask restarts it
//      'ask' crashes: 503 Service Unavailable
//      shop/ask restarts it
//      'ask' crashes: 503 Service Unavailable
//      shop/ask gives up: shop decides
//      shop restarts it
//      …
//      shop gives up: millrace decides
//      the job fails, and this app goes on. RESTART_INTENSITY: supervisor 'shop' gave up: …

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

const PARCELS = 400;
const BREAKS_AT = 100;

/**
 * @typedef {object} Params
 * @property {Float64Array} down until when the service is down, by the clock; shared memory, as the service is one for all replicas
 * @property {number} outageMs how long it will be down, from parcel 100 on
 * @property {number} [replicas] of 'ask'
 * @property {'one_for_one' | 'one_for_all' | 'rest_for_one'} [strategy]
 * @property {number} [intensity]
 */

/** A call of the outside service: its answer, or an error while it is down. */
function priceOf(/** @type {number} */ id, /** @type {Params} */ { down, outageMs }) {
  if (id === BREAKS_AT && down[0] === 0) down[0] = Date.now() + outageMs;
  if (Date.now() < down[0]) throw new Error('503 Service Unavailable');
  return 5 + (id % 7);
}

export const shop = dataflow(import.meta.url, 'shop', (flow, /** @type {Params} */ params) => {
  const { replicas = 1, strategy = 'one_for_one', intensity = 1 } = params;
  return flow
    .source(
      'parcels',
      generate({ id: t.u32() }, (id) => ({ id }), { count: PARCELS, ratePerSecond: 1000 }),
    )
    .keyBy('id')
    .map('ask', { id: t.u32(), euros: t.u32() }, ({ id }) => ({ id, euros: priceOf(id, params) }), {
      parallelism: replicas,
      fuse: false, // An actor of its own, with a supervisor of its own, also as a single replica.
      // That the service is down is no fault of the tuple's, so no dead letter for it: the replica counts as crashed, is
      // restarted after a pause that grows from crash to crash, and tries the same tuple again.
      failure: 'escalate',
      // Which replicas to restart when one crashes; and how many crashes without any progress between them are too many.
      supervision: { strategy, intensity, periodMs: 5_000 },
    })
    .collect('prices');
});

/** Runs the shop, and says how it went. */
async function run(
  /** @type {Omit<Params, 'down'>} */ given,
  /** @type {(event: import('millrace').JobEvent) => void} */ hear,
) {
  const params = { ...given, down: new Float64Array(new SharedArrayBuffer(8)) };
  const job = await shop.run({ params, workers: 1 + (given.replicas ?? 1) });
  job.on('*', hear);
  return job;
}

/** @param {Awaited<ReturnType<typeof run>>} job */
async function readPrices(job) {
  const ids = new Set();
  let prices = 0;
  for await (const { id } of job.output('prices')) {
    ids.add(id);
    prices += 1;
  }
  await job.done;
  return `${prices} prices of ${ids.size} parcels`;
}

async function main() {
  console.log('1. The service is down for 50 ms, and heals itself. Ten crashes in 5 s are declared to be all right:');
  let crashes = 0;
  const patient = await run({ outageMs: 50, intensity: 10 }, (event) => {
    if (event.type === 'crash') crashes += 1;
  });
  console.log(`   ${await readPrices(patient)}; crashes: ${crashes}`);

  console.log('2. Of three replicas, 1 loses its thread. Who is restarted depends on the strategy:');
  for (const strategy of /** @type {const} */ (['one_for_one', 'one_for_all', 'rest_for_one'])) {
    /** @type {number[]} */
    const restarted = [];
    const job = await run({ outageMs: 0, replicas: 3, strategy }, (event) => {
      if (event.type === 'restart') restarted.push(event.replica);
    });
    const host = job
      .workers()
      .find(({ actors }) => actors.some(({ operator, replica }) => operator === 'ask' && replica === 1));
    await job.killWorker(host?.worker ?? -1);
    const prices = await readPrices(job);
    console.log(`   ${strategy.padEnd(12)} restarts ${restarted.sort().join(', ').padEnd(7)}  (${prices})`);
  }

  console.log('3. The service never comes back. Two crashes in 5 s without any progress before them are too many:');
  const doomed = await run({ outageMs: Number.POSITIVE_INFINITY }, (event) => {
    // The reason's own cause is what the closure has thrown.
    if (event.type === 'crash')
      console.log(`   'ask' crashes: ${/** @type {Error} */ (event.report.reason.cause).message}`);
    if (event.type === 'restart') console.log(`   ${event.supervisor} restarts it`);
    if (event.type === 'escalation') console.log(`   ${event.from} gives up: ${event.to} decides`);
  });
  try {
    await readPrices(doomed);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    console.log(`   the job fails, and this app goes on. ${code}: ${message}`);
  }
}

if (isMainThread) await main();
