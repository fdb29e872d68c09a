// A job with 60 operators and more than 200 replicas, with a page: for pictures of a large graph, and for what the page costs.
// `node dist/scripts/large-job.js` runs until Ctrl-C and prints the address of the page. With `--measure` it says what a reader of the
// page costs: bytes and processor time, of ten seconds with a reader in another process beside ten seconds without.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from '../src/index.ts';
import { generate } from '../src/sources.ts';

const REGIONS = ['north', 'east', 'south', 'west', 'harbour', 'market', 'old town', 'islands'];
const PER_SECOND = 25;
/** The check of one region is slow: it is what the page is to show first. */
const SLOW_REGION = 'market';
const SLOW_MS = 38;
const SPAN_MS = 10_000;

const ORDER = { customer: t.u32(), cents: t.u32() };
const nap = new Int32Array(new SharedArrayBuffer(4));

export const large = dataflow(import.meta.url, 'all shops', (flow) => {
  REGIONS.forEach((region, index) => {
    const read = flow
      .source(
        `${region} orders`,
        generate({ n: t.u32() }, (n) => ({ n }), { ratePerSecond: PER_SECOND }),
      )
      .map(`${region} read`, ORDER, ({ n }) => ({ customer: (n * 7919) % 5000, cents: 100 + (n % 900) }), {
        fuse: false,
      });
    const checked = read.keyBy('customer').process(
      `${region} check`,
      { state: { orders: t.u32() }, output: ORDER },
      (order, state, emit) => {
        if (region === SLOW_REGION) Atomics.wait(nap, 0, 0, SLOW_MS);
        state.orders += 1;
        emit(order);
      },
      { parallelism: region === SLOW_REGION ? 1 : 9 },
    );
    checked
      .keyBy('cents')
      .process(
        `${region} prices`,
        { state: { orders: t.u32() }, output: ORDER },
        (order, state, emit) => {
          state.orders += 1;
          emit(order);
        },
        { parallelism: 8 },
      )
      .keyBy('customer')
      .process(
        `${region} totals`,
        { state: { cents: t.f64() }, output: { customer: t.u32(), cents: t.f64() } },
        ({ customer, cents }, state, emit) => {
          state.cents += cents;
          emit({ customer, cents: state.cents });
        },
        { parallelism: 7 },
      )
      .filter(`${region} regulars`, ({ cents }) => cents > 1000)
      .forEach(`${region} ledger`, () => {}, { fuse: false });
    if (index % 2 === 0) checked.forEach(`${region} audit`, () => {}, { fuse: false });
  });
});

/** Reads the page's stream for a while, and tells how many bytes and states came. */
const READER = `
  const response = await fetch(process.argv[1] + 'events');
  let bytes = 0, states = 0;
  setTimeout(() => { console.log(JSON.stringify({ bytes, states })); process.exit(); }, ${SPAN_MS});
  for await (const chunk of response.body) {
    bytes += chunk.length;
    states += Buffer.from(chunk).toString().split('event: state').length - 1;
  }`;

/** Processor time of this process within a span, as a share of one core. */
async function shareOf(span: Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await span;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - startedMs);
}

async function measure(url: string): Promise<void> {
  const alone = await shareOf(sleep(SPAN_MS));
  const reader = spawn(process.execPath, ['--input-type=module', '-e', READER, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  reader.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const watched = await shareOf(once(reader, 'exit'));
  const { bytes, states } = JSON.parse(told) as { bytes: number; states: number };
  const kB = bytes / states / 1000;
  console.log(`${states} states in ${SPAN_MS / 1000} s, ${kB.toFixed(1)} kB each`);
  console.log(
    `processor: ${(100 * alone).toFixed(1)} % of a core without a reader, ${(100 * watched).toFixed(1)} % with one`,
  );
}

if (isMainThread) {
  const job = await large.run({ workers: 2, spares: 1, notices: false, ringBytes: 1 << 14, ui: { port: 0 } });
  const { operators } = job.reading();
  const replicas = operators.reduce((sum, operator) => sum + operator.replicas.length, 0);
  console.log(`the page: ${job.urls.ui}`);
  console.log(`${operators.length} operators, ${replicas} replicas`);
  if (process.argv.includes('--measure')) {
    await sleep(3000);
    await measure(job.urls.ui as string);
    await job.cancel();
  } else process.once('SIGINT', () => void job.cancel());
}
