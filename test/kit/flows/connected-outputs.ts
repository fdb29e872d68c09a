// A flow in which two streams meet in an operator with several outputs by name, and what must come out of it.

import { dataflow, outputs, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** Half of the orders are paid for, some twice. */
export const KEYS = 40;
const ORDER = { order: t.u32(), cents: t.u32() };
const PAYMENT = { paid: t.u32(), cents: t.u32() };
const orderAt = (n: number) => ({ order: n % KEYS, cents: n });
const paymentAt = (n: number) => ({ paid: n % (KEYS / 2), cents: 3 * n });
/** A payment that its closure throws at, after it has emitted. */
const isForged = (cents: number): boolean => cents % 100 === 99;

interface Params {
  readonly count: number;
  readonly ratePerSecond: number;
  readonly parallelism: number;
}

export const ledgers = dataflow(import.meta.url, 'ledgers', (flow, { count, ratePerSecond, parallelism }: Params) => {
  const orders = flow.source('orders', generate(ORDER, orderAt, { count, ratePerSecond }));
  const payments = flow.source('payments', generate(PAYMENT, paymentAt, { count, ratePerSecond }));
  const { owing, paying, ends } = orders
    .keyBy('order')
    .connect(payments.keyBy('paid'))
    .process(
      'ledger',
      {
        state: { owed: t.i32() },
        output: outputs({
          owing: { order: t.u32(), cents: t.u32() },
          paying: { text: t.string() },
          ends: { order: t.u32(), owed: t.i32() },
          unread: { owed: t.i32() },
        }),
      },
      {
        left: ({ order, cents }, state, emit) => {
          state.owed += cents;
          emit.owing({ order, cents });
          emit.unread({ owed: state.owed });
        },
        right: ({ paid, cents }, state, emit) => {
          state.owed -= cents;
          emit.paying({ text: `${paid} pays ${cents}` });
          if (isForged(cents)) throw new RangeError(`forged ${cents}`);
        },
        end: ({ order }, { owed }, emit) => emit.ends({ order, owed }),
      },
      { parallelism },
    );
  return [owing.collect('owing'), paying.collect('paying'), ends.collect('ends')];
});

/** The same in plain loops. */
export function expectedOf(count: number) {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const payments = numbers.map(paymentAt);
  const paid = payments.filter(({ cents }) => !isForged(cents));
  const owed = new Map<number, number>();
  for (const { order, cents } of numbers.map(orderAt)) owed.set(order, (owed.get(order) ?? 0) + cents);
  for (const { paid: order, cents } of paid) owed.set(order, (owed.get(order) ?? 0) - cents);
  return {
    owing: numbers.map(orderAt),
    paying: paid.map(({ paid: order, cents }) => ({ text: `${order} pays ${cents}` })),
    ends: [...owed].map(([order, cents]) => ({ order, owed: cents })),
    forged: payments.filter(({ cents }) => isForged(cents)).map(({ cents }) => cents),
  };
}
