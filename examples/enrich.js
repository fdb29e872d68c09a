// @ts-check
// Orders are enriched over HTTP: each asks a service for its customer, up to 100 at a time on one thread, and results keep the order
// of the orders. The service, in this file, takes 5 to 50 ms, and is now and then not available; and the worker is killed in the midst.
//
//   $ node examples/enrich.js
//   2,000 orders, each enriched once and in order
//   2,087 requests: 42 were answered by 503 and tried again, the others are those that the killed worker had in flight
//   99 requests at the same time at most

import { once } from 'node:events';
import { createServer } from 'node:http';
import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

const ORDERS = 2000;
const CUSTOMERS = 97;

const enrichOrders = dataflow(
  import.meta.url,
  'enrich-orders',
  (flow, /** @type {{ service: string }} */ { service }) =>
    flow
      .source(
        'orders',
        generate({ number: t.u32(), customer: t.u32() }, (n) => ({ number: n, customer: n % CUSTOMERS }), {
          count: ORDERS,
        }),
      )
      .mapAsync(
        'enrich',
        { number: t.u32(), name: t.string() },
        async ({ number, customer }, { signal, idempotencyKey }) => {
          const headers = { 'idempotency-key': idempotencyKey };
          const response = await fetch(`${service}/customers/${customer}`, { headers, signal });
          if (!response.ok) throw new Error(`the service answers ${response.status}`);
          const { name } = /** @type {{ name: string }} */ (await response.json());
          return { number, name };
        },
        { capacity: 100, timeoutMs: 5000, retries: 5, backoffMs: 10 },
      )
      .collect('enriched'),
);

export default enrichOrders;

/** Stands for a service outside. */
async function startService() {
  const figures = { requests: 0, unavailable: 0, now: 0, most: 0 };
  const server = createServer((request, response) => {
    figures.requests++;
    figures.now++;
    figures.most = Math.max(figures.most, figures.now);
    const isUnavailable = figures.requests % 50 === 0;
    if (isUnavailable) figures.unavailable++;
    response.on('close', () => figures.now--);
    const answer = () => {
      response.statusCode = isUnavailable ? 503 : 200;
      response.end(JSON.stringify({ name: `customer ${request.url?.split('/').at(-1)}` }));
    };
    setTimeout(answer, 5 + Math.random() * 45);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { server, figures, url: `http://127.0.0.1:${port}` };
}

async function main() {
  const { server, figures, url } = await startService();
  const job = await enrichOrders.run({ params: { service: url }, workers: 1 });
  let next = 0;
  for await (const { number, name } of job.output('enriched')) {
    if (number !== next || name !== `customer ${number % CUSTOMERS}`) throw new Error(`order ${number} is not ${next}`);
    if (++next === ORDERS / 2) await job.killWorker(0);
  }
  await job.done;
  server.closeAllConnections();
  server.close();
  const { requests, unavailable, most } = figures;
  const text = (/** @type {number} */ count) => count.toLocaleString('en-US');
  console.log(`${text(next)} orders, each enriched once and in order`);
  console.log(
    `${text(requests)} requests: ${unavailable} were answered by 503 and tried again, the others are those that the killed worker had in flight`,
  );
  console.log(`${most} requests at the same time at most`);
}

if (isMainThread) await main();
