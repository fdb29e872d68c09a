// @ts-check
// Elasticity: a surge of orders comes to a fraud check that asks an outside service, 2 ms each. One replica can check 400 and some a
// second; when more come, Millrace computes how many replicas it takes, hands them part of the customers while all runs on, and
// takes them back when the surge is over. Each customer's orders are checked in order, and each exactly once.
//
//   $ node examples/elastic.js
//     0.5 s    200 orders/s            1 replica   busy  23 %  p99   38 ms
//     …
//     2.5 s  1,500 orders/s █          1 replica   busy  98 %  p99  358 ms
//   scale 'check' from 1 to 5: 1,500 tuples/s come and a replica of 'check' does 424 tuples/s: 5 replicas would be busy 71 % of the time, 80 % are aimed at
//     3.0 s  1,500 orders/s ███        5 replicas  busy  99 %  p99  527 ms
//     …
//     6.0 s    200 orders/s            6 replicas  busy  12 %  p99    6 ms
//   scale 'check' from 6 to 1: 1 replica would have done in the last 4 reports: 204 tuples/s come and a replica of 'check' does 376 tuples/s: 1 replica would be busy 54 % of the time, 80 % are aimed at
//     6.5 s    200 orders/s            1 replica   busy  25 %  p99    9 ms
//     …
//   5,698 orders, each checked once and in order; at most 6 replicas

import { isMainThread } from 'node:worker_threads';
import { between, dataflow, t } from 'millrace';
import { push } from 'millrace/sources';

const CUSTOMERS = 500;
const SERVICE_MS = 2;
const CALM_RATE = 200;
const SURGE_RATE = 1500;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Stands for a call of an outside service: it takes its time, but no processor. */
const askService = () => void Atomics.wait(never, 0, 0, SERVICE_MS);

export const shop = dataflow(import.meta.url, 'elastic-shop', (flow) =>
  flow
    .source('orders', push({ customer: t.u32(), number: t.u32(), sentAtMs: t.f64() }))
    .keyBy('customer')
    .process(
      'check',
      { state: { orders: t.u32() }, output: { inOrder: t.bool(), sentAtMs: t.f64() } },
      ({ number, sentAtMs }, state, emit) => {
        askService();
        emit({ inOrder: number === state.orders, sentAtMs });
        state.orders += 1;
      },
      // The bounds are the flow's, the number is the policy's.
      { parallelism: { min: 1, max: 6 } },
    )
    .collect('checked'),
);

const now = () => performance.timeOrigin + performance.now();

/** Sends orders at a rate that can be changed. */
function customers(
  /** @type {import('millrace').JobInput<{ customer: number, number: number, sentAtMs: number }>} */ input,
) {
  let sent = 0;
  let due = 0;
  let lastMs = now();
  const sender = {
    rate: CALM_RATE,
    stop() {
      clearInterval(timer);
      input.end();
      return sent;
    },
  };
  const timer = setInterval(() => {
    due += ((now() - lastMs) * sender.rate) / 1000;
    lastMs = now();
    for (; due >= 1; due--, sent++) {
      void input.push({ customer: sent % CUSTOMERS, number: Math.floor(sent / CUSTOMERS), sentAtMs: lastMs });
    }
  }, 5);
  return sender;
}

const number = (/** @type {number} */ value, /** @type {number} */ width) =>
  Math.round(value).toLocaleString('en-US').padStart(width);

async function main() {
  // Seconds of calm, of the surge, and of calm again: `node examples/elastic.js 2 3 4`.
  const [calmS = 2, surgeS = 3, afterS = 4] = process.argv.slice(2).map(Number);
  const job = await shop.run({
    workers: 2,
    // Replicas that wait for a service may be more than the machine has processors.
    maxWorkers: 8,
    spares: 3,
    // 'rate' is the default policy. With mode: 'plan' it would only tell what it would do.
    scaling: { policy: 'rate', everyMs: 250, cooldownMs: 1000 },
  });
  let most = 1;
  job.on('decision', ({ action, operator, from, to, reason }) => {
    console.log(`${action} '${operator}' from ${from} to ${to}: ${reason}`);
  });
  job.on('scaled', ({ to }) => {
    most = Math.max(most, to);
  });

  const sender = customers(job.input('orders'));
  const startedMs = now();
  /** @type {number[]} */
  let latencies = [];
  let before = job.reading();
  const clock = setInterval(() => {
    const reading = job.reading();
    const check = between(before, reading).operators.find(({ name }) => name === 'check');
    before = reading;
    if (check === undefined) return;
    const p99Ms = latencies.sort((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0;
    latencies = [];
    const replicas = check.replicas.length;
    const bar = '█'.repeat(Math.floor(check.rateIn / 400)) + (check.rateIn % 400 >= 200 ? '▌' : '');
    console.log(
      `${((now() - startedMs) / 1000).toFixed(1).padStart(5)} s ${number(sender.rate, 6)} orders/s ${bar.padEnd(10)} ` +
        `${replicas} ${replicas === 1 ? 'replica ' : 'replicas'}  busy ${number(100 * check.busy, 3)} %  p99 ${number(p99Ms, 4)} ms`,
    );
  }, 500);

  setTimeout(() => {
    sender.rate = SURGE_RATE;
  }, calmS * 1000);
  setTimeout(
    () => {
      sender.rate = CALM_RATE;
    },
    (calmS + surgeS) * 1000,
  );
  let sent = 0;
  setTimeout(
    () => {
      sent = sender.stop();
      clearInterval(clock);
    },
    (calmS + surgeS + afterS) * 1000,
  );

  let checked = 0;
  let wrong = 0;
  for await (const { inOrder, sentAtMs } of job.output('checked')) {
    checked += 1;
    if (!inOrder) wrong += 1;
    latencies.push(now() - sentAtMs);
  }
  await job.done;
  const isRight = checked === sent && wrong === 0;
  const how = isRight ? 'each checked once and in order' : `WRONG: ${sent} were sent, ${wrong} are out of order`;
  console.log(`${checked.toLocaleString('en-US')} orders, ${how}; at most ${most} replicas`);
  if (!isRight) process.exitCode = 1;
}

if (isMainThread) await main();
