// Flows that tell actors, ask them and are told by them, and the actors.

import { actor, ask, dataflow, inbox, t } from '../../../src/index.ts';
import { tell } from '../../../src/sinks.ts';
import { generate, push, told } from '../../../src/sources.ts';

/** What vaults tell of large deposits. */
export const alarms = inbox(import.meta.url, 'alarms', {
  messages: { raised: { vault: t.string(), n: t.u32(), cents: t.u32() }, other: {}, sized: { reply: { n: t.u32() } } },
});

export const vault = actor(import.meta.url, 'vault', {
  messages: {
    deposit: { cents: t.u32(), n: t.u32() },
    balance: { plus: t.u32(), reply: { cents: t.f64(), isOrdered: t.bool() } },
    count: {},
    never: { reply: { cents: t.f64() } },
    total: { reply: { cents: t.f64(), deposits: t.u32(), isOrdered: t.bool(), asked: t.u32() } },
  },
  state: { cents: t.f64(), deposits: t.u32(), last: t.f64(), isMixed: t.bool(), asked: t.u32(), replyTo: t.string() },
  receive: {
    deposit({ cents, n }, state, context) {
      state.cents += cents;
      state.deposits++;
      if (n + 1 <= state.last) state.isMixed = true;
      state.last = n + 1;
      if (cents >= 90) context.find(alarms, 'alarms').tell.raised({ vault: context.name, n, cents });
    },
    balance({ plus }, state) {
      state.asked++;
      if (plus === 13) throw new Error('thirteen');
      return { cents: state.cents + plus, isOrdered: !state.isMixed };
    },
    count(_message, state) {
      state.asked++;
    },
    never(_message, state, context) {
      state.replyTo = context.replyTo ?? '';
    },
    total: (_message, { cents, deposits, isMixed, asked }) => ({ cents, deposits, isOrdered: !isMixed, asked }),
  },
});

const PAYMENT = { user: t.string(), cents: t.u32(), n: t.u32() };
export const payment = (index: number) => ({ user: `u${index % 20}`, cents: (index * 7) % 100, n: index });

/** Generated payments become deposits. */
export const deposits = dataflow(
  import.meta.url,
  'deposits',
  (flow, { count, workers }: { count: number; workers: number }) => {
    const source = flow.source('payments', generate(PAYMENT, payment, { count, partitions: workers }), {
      parallelism: workers,
    });
    return source.to(
      'deposits',
      tell(vault, 'deposit', ({ user, cents, n }) => ({ key: user, message: { cents, n } })),
    );
  },
);

/** What is told to the inbox 'alarms', through a keyed operator. */
export const alarmed = dataflow(import.meta.url, 'alarmed', (flow) =>
  flow
    .source('alarms', told(alarms, 'raised'))
    .keyBy('vault')
    .process(
      'count',
      { state: { n: t.u32() }, output: { vault: t.string(), n: t.u32(), times: t.u32() } },
      ({ vault: name, n }, state, emit) => {
        state.n++;
        emit({ vault: name, n, times: state.n });
      },
    )
    .collect('out'),
);

interface Asking {
  readonly ordered?: boolean;
  readonly capacity?: number;
  readonly message: 'balance' | 'never' | 'count' | 'both';
  readonly isLenient?: boolean;
}

/** Pushed tuples, with the answers to asks. */
export const balances = dataflow(
  import.meta.url,
  'balances',
  (flow, { ordered, capacity, message, isLenient }: Asking) => {
    const pushed = flow.source('users', push({ user: t.string(), n: t.u32() }));
    const options = { ...(ordered !== undefined && { ordered }), ...(capacity !== undefined && { capacity }) };
    if (message === 'count') {
      return pushed
        .through(
          'counted',
          ask(vault, 'count', ({ user }) => ({ key: user, message: {} }), options),
        )
        .collect('out');
    }
    if (message === 'never') {
      const asked = ask(vault, 'never', ({ user }: { user: string; n: number }) => ({ key: user, message: {} }), {
        timeoutMs: 100,
      });
      return pushed.through('never', asked).collect('out');
    }
    const failed = isLenient
      ? (tuple: { user: string; n: number }) => (tuple.n === 13 ? undefined : { ...tuple, cents: -1, isOrdered: false })
      : undefined;
    const asked = pushed.through(
      'balances',
      ask(vault, 'balance', ({ user, n }) => ({ key: user, message: { plus: n } }), {
        ...options,
        ...(failed && { failed }),
      }),
    );
    return asked.collect('out');
  },
);

/** Deposits by all ways to an actor; wrong ones are dead letters. */
export const ways = dataflow(import.meta.url, 'ways', (flow) =>
  flow.source('ways', push({ way: t.enum('key', 'name', 'address', 'none', 'wrong'), to: t.string() })).to(
    'told',
    tell(vault, 'deposit', ({ way, to }) => {
      const message = { cents: 1, n: 0 };
      if (way === 'key') return { key: to, message };
      if (way === 'name') return { name: to, message };
      if (way === 'address') return { address: to, message };
      if (way === 'none') return undefined as never;
      return { key: to, message: { cents: 'much' } as never };
    }),
  ),
);
