// @ts-check
// The page of a job, on a flow that has a bad day: a surge of orders, a worker that dies, and orders that cannot be read. Open the
// address that it prints. It begins anew every 30 seconds, until Ctrl-C.
//
//   $ npm run demo
//   the page: http://127.0.0.1:7575/
//
// `node examples/demo.js 20 0` ends after 20 seconds, and takes a port that is free.

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from 'millrace';
import { push } from 'millrace/sources';

const CUSTOMERS = 500;
const PRODUCTS = ['bread', 'butter', 'flour', 'honey', 'oats', 'rye', 'salt', 'yeast'];
const SERVICE_MS = 2;
const CALM_RATE = 150;
const SURGE_RATE = 1300;
/** A round: calm, then the surge, then calm again; in seconds. */
const ROUND_S = 30;
const SURGE_FROM_S = 6;
const SURGE_TO_S = 16;
/** When a worker is killed, and when an order comes that cannot be read. */
const KILL_AT_S = 11;
const POISON_AT_S = 4;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Stands for a call of an outside service: it takes its time, but no processor. */
const askService = () => void Atomics.wait(never, 0, 0, SERVICE_MS);

export const shop = dataflow(import.meta.url, 'corner shop', (flow) => {
  const orders = flow
    .source('orders', push({ line: t.string() }))
    .map('read', { customer: t.u32(), product: t.string(), cents: t.u32() }, ({ line }) => {
      const [customer, product, cents] = line.split(';');
      if (cents === undefined) throw new TypeError(`no order: ${line}`);
      return { customer: Number(customer), product, cents: Number(cents) };
    });
  const vouchers = orders
    .keyBy('customer')
    .process(
      'check',
      { state: { orders: t.u32() }, output: { customer: t.u32(), orders: t.u32() } },
      ({ customer }, state, emit) => {
        askService();
        state.orders += 1;
        emit({ customer, orders: state.orders });
      },
      { parallelism: { min: 1, max: 6 } },
    )
    .filter('regulars', ({ orders }) => orders % 10 === 0)
    .collect('vouchers');
  const ledger = orders
    .keyBy('product')
    .process(
      'takings',
      { state: { cents: t.f64() }, output: { product: t.string(), cents: t.f64() } },
      ({ product, cents }, state, emit) => {
        state.cents += cents;
        emit({ product, cents: state.cents });
      },
    )
    .forEach('ledger', () => {});
  return { vouchers, ledger };
});

async function main() {
  const [seconds = Number.POSITIVE_INFINITY, port = 7575] = process.argv.slice(2).map(Number);
  const job = await shop.run({
    workers: 2,
    maxWorkers: 8,
    spares: 2,
    scaling: { policy: 'rate', everyMs: 250, cooldownMs: 2000 },
    notices: false,
    // A token that everybody knows is for a demonstration only: it lets the page scale, move and kill.
    ui: { port, token: 'demo-token-of-the-mill', state: true },
  });
  console.log(`the page: ${job.urls.ui}`);
  console.log('its token, for the buttons: demo-token-of-the-mill');

  const input = job.input('orders');
  let number = 0;
  let due = 0;
  let lastMs = performance.now();
  const startedMs = lastMs;
  const done = new Set();
  /** Once a round, at a second of it. */
  const once = (/** @type {string} */ what, /** @type {number} */ atS, /** @type {() => void} */ action) => {
    const elapsedS = (lastMs - startedMs) / 1000;
    const key = `${what} ${Math.floor(elapsedS / ROUND_S)}`;
    if (elapsedS % ROUND_S < atS || done.has(key)) return;
    done.add(key);
    action();
  };
  const kill = () => {
    const busy = job
      .workers()
      .find(({ state, actors }) => state === 'active' && actors.some(({ operator }) => operator === 'check'));
    if (busy !== undefined) void job.killWorker(busy.worker);
  };
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const inRoundS = ((nowMs - startedMs) / 1000) % ROUND_S;
    const isSurge = inRoundS >= SURGE_FROM_S && inRoundS < SURGE_TO_S;
    due += ((nowMs - lastMs) * (isSurge ? SURGE_RATE : CALM_RATE)) / 1000;
    lastMs = nowMs;
    for (; due >= 1; due--, number++) {
      const product = PRODUCTS[(number * 7) % PRODUCTS.length];
      void input.push({ line: `${number % CUSTOMERS};${product};${100 + ((number * 37) % 900)}` });
    }
    once('poison', POISON_AT_S, () => {
      void input.push({ line: '<img src=x onerror="alert(1)"> is no order' });
    });
    once('kill', KILL_AT_S, kill);
    if (nowMs - startedMs > seconds * 1000) end();
  }, 10);
  const end = () => {
    clearInterval(timer);
    input.end();
  };
  process.once('SIGINT', end);

  let vouchers = 0;
  for await (const batch of job.output('vouchers').batches()) vouchers += batch.length;
  await job.done;
  console.log(
    `${number.toLocaleString('en-US')} orders, ${vouchers.toLocaleString('en-US')} vouchers, ${job.deadLetters.count} dead letters`,
  );
}

if (isMainThread) await main();
