// A flow of 60 operators with more than 200 replicas: for pictures of a large graph, and for the suite `dashboard`.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';

const REGIONS = ['north', 'east', 'south', 'west', 'harbour', 'market', 'old town', 'islands'];
const PER_SECOND = 25;
/** The check of one region is slow: it is what the page is to show first. */
const SLOW_REGION = 'market';
const SLOW_MS = 38;

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

/** Small rings: there are thousands. */
export const LARGE_OPTIONS = { workers: 2, spares: 1, notices: false, ringBytes: 1 << 14, ui: { port: 0 } } as const;
