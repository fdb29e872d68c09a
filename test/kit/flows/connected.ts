// Flows that two streams go into, besides plain joins.

import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';

const ORDER = { order: t.string(), cents: t.u32() };
const PAYMENT = { paid: t.string(), cents: t.u32(), at: t.timestamp() };

/** What is owed for each order, and reminded of when it was due. */
export const debts = dataflow(import.meta.url, 'debts', (flow, { isTimed = true }: { isTimed?: boolean } = {}) => {
  const orders = flow.source('orders', push(ORDER));
  const payments = flow.source('payments', push(PAYMENT));
  const timed = {
    orders: isTimed ? orders.withEventTime(({ cents }) => cents) : orders,
    payments: isTimed ? payments.withEventTime('at') : payments,
  };
  return timed.orders
    .keyBy('order')
    .connect(timed.payments.keyBy('paid'))
    .process(
      'debt',
      {
        state: { owed: t.i32(), payments: t.u32() },
        tables: {},
        output: { order: t.string(), owed: t.i32(), why: t.string() },
      },
      {
        left: ({ order, cents }, state, emit, { timers, time }) => {
          state.owed += cents;
          timers.at(time + 100);
          emit({ order, owed: state.owed, why: 'order' });
        },
        right: ({ paid, cents }, state, emit) => {
          if (cents === 13) throw new RangeError('no such coin');
          state.owed -= cents;
          state.payments += 1;
          emit({ order: paid, owed: state.owed, why: 'payment' });
        },
        onTimer: ({ order }, state, emit) => emit({ order, owed: state.owed, why: 'reminder' }),
        end: ({ order }, { owed }, emit) => emit({ order, owed, why: 'end' }),
      },
    )
    .collect('debts');
});

/** Pairs of tuples of one stream; closures that fail at some. */
export const neighbours = dataflow(import.meta.url, 'neighbours', (flow) => {
  const events = flow
    .source('events', push({ key: t.u32(), at: t.f64(), id: t.u32() }))
    .withEventTime('at')
    .keyBy('key');
  return events
    .connect(events)
    .intervalJoin(
      'pairs',
      { fromMs: 1, toMs: 10 },
      { first: t.u32(), second: t.optional(t.u32()) },
      ({ id }, second) => {
        if (id % 10 === 3 && second === undefined) throw new RangeError(`${id} is alone`);
        return { first: id, second: second?.id ?? null };
      },
      { kind: 'left' },
    )
    .collect('out');
});
