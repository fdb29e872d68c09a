// The spawned actors that are simulated: accounts between which money moves, talkers whose numbers listeners check, families whose
// children are greeted before they may have come.
// Promises: handlers await answers only, and depend on their messages and state alone.

import { actor, t } from '../../src/index.ts';

/** Moves money on: to another account at each message, until the money has moved often enough. */
export const account = actor(import.meta.url, 'account', {
  messages: {
    pay: { cents: t.u32(), moves: t.u32(), accounts: t.u32() },
    balance: { reply: { cents: t.f64() } },
  },
  state: { cents: t.f64(), next: t.u32() },
  receive: {
    pay({ cents, moves, accounts }, state, context) {
      state.cents += cents;
      if (moves === 0) return;
      const paid = Math.min(state.cents, (cents * 7 + moves) % 1000);
      state.cents -= paid;
      state.next = (state.next * 31 + 7) % accounts;
      context.get(account, String(state.next)).tell.pay({ cents: paid, moves: moves - 1, accounts });
    },
    balance: (_message, { cents }) => ({ cents }),
  },
});

/** Tells all listeners numbers, one after the other; fails at some messages, and then nothing of it has happened. */
export const talker = actor(import.meta.url, 'talker', {
  messages: {
    talk: { listeners: t.u32(), text: t.string(), fails: t.bool() },
    /** The same, when a listener has answered. */
    talkLater: { listeners: t.u32(), text: t.string(), fails: t.bool() },
    told: { reply: { told: t.f64() } },
  },
  state: { told: t.f64() },
  receive: {
    talk({ listeners, text, fails }, state, context) {
      state.told++;
      for (let to = 0; to < listeners; to++) {
        context.get(listener, String(to)).tell.hear({ talker: context.name, n: state.told, text });
      }
      if (fails) throw new Error('fails on purpose');
    },
    async talkLater({ listeners, text, fails }, state, context) {
      await context.get(listener, '0').ask.ping({}, { timeoutMs: 600_000 });
      state.told++;
      for (let to = 0; to < listeners; to++) {
        context.get(listener, String(to)).tell.hear({ talker: context.name, n: state.told, text });
      }
      await context.get(listener, String(listeners - 1)).ask.ping({}, { timeoutMs: 600_000 });
      if (fails) throw new Error('fails on purpose');
    },
    told: (_message, { told }) => ({ told }),
  },
});

/** Checks that the numbers of each talker come in order, each once; counts the ticks of a timer of its own. */
export const listener = actor(import.meta.url, 'listener', {
  messages: {
    hear: { talker: t.string(), n: t.f64(), text: t.string() },
    ping: { reply: { pong: t.bool() } },
    tick: {},
    begin: { periodMs: t.f64(), times: t.u32() },
    report: { reply: { last: t.json<Record<string, number>>(), wrong: t.string(), ticks: t.u32() } },
  },
  state: {
    last: t.json<Record<string, number> | null>(),
    wrong: t.string(),
    ticks: t.u32(),
    times: t.u32(),
    timer: t.f64(),
  },
  receive: {
    hear({ talker: from, n }, state) {
      state.last ??= {};
      const before = state.last[from] ?? 0;
      if (n !== before + 1) state.wrong = `${n} of ${from} came after ${before}`;
      state.last[from] = n;
    },
    ping: () => ({ pong: true }),
    begin({ periodMs, times }, state, context) {
      state.times = times;
      state.timer = context.timers.every('tick', {}, periodMs);
    },
    tick(_message, state, context) {
      state.ticks++;
      if (state.ticks === state.times) context.timers.cancel(state.timer);
    },
    report: (_message, { last, wrong, ticks }) => ({ last: last ?? {}, wrong, ticks }),
  },
});

/** Tells all of its kind, itself included, and so do these, until the storm is over. @public As the greeter. */
export const stormer = actor(import.meta.url, 'stormer', {
  messages: {
    hit: { depth: t.u32(), size: t.u32(), text: t.string() },
    hits: { reply: { hits: t.u32() } },
  },
  state: { hits: t.u32() },
  receive: {
    hit({ depth, size, text }, state, context) {
      state.hits++;
      if (depth === 0) return;
      for (let to = 0; to < size; to++) context.get(stormer, String(to)).tell.hit({ depth: depth - 1, size, text });
    },
    hits: (_message, { hits }) => ({ hits }),
  },
});

/** Counts who is born, greeted and gone. */
export const registry = actor(import.meta.url, 'registry', {
  messages: {
    born: {},
    greeted: {},
    gone: { reason: t.string() },
    counts: { reply: { born: t.u32(), greeted: t.u32(), gone: t.u32(), wrong: t.string() } },
  },
  state: { born: t.u32(), greeted: t.u32(), gone: t.u32(), wrong: t.string() },
  receive: {
    born(_message, state) {
      state.born++;
    },
    greeted(_message, state) {
      state.greeted++;
    },
    gone({ reason }, state) {
      state.gone++;
      // Who has been greeted by all may have ended before it is watched.
      if (reason !== 'stopped' && reason !== 'gone') state.wrong = `a child has ended: ${reason}`;
    },
    counts: (_message, { born, greeted, gone, wrong }) => ({ born, greeted, gone, wrong }),
  },
});

/** Has children, and others greet them at once: a greeting may come before the child does. */
export const parent = actor(import.meta.url, 'parent', {
  messages: {
    grow: { greeters: t.u32() },
    /** Has a child and answers with its address, behind what fills rings: whoever is told may be quicker than the child. */
    raise: { noises: t.u32(), text: t.string(), reply: { address: t.string() } },
  },
  state: { children: t.u32() },
  ended({ reason }, _state, context) {
    context.get(registry, 'all').tell.gone({ reason });
  },
  receive: {
    grow({ greeters }, state, context) {
      state.children++;
      const isNamed = state.children % 2 === 0;
      const name = `${context.name}/${state.children}`;
      const born = context.spawn(child, isNamed ? { name, args: { greeters } } : { args: { greeters } });
      context.watch(born);
      for (let from = 0; from < greeters; from++) {
        context.get(greeter, String(from)).tell.greet({ address: born.address });
      }
    },
    raise({ noises, text }, _state, context) {
      for (let to = 0; to < noises; to++) context.get(greeter, String(to)).tell.noise({ text });
      const born = context.spawn(child, { args: { greeters: 1 } });
      context.watch(born);
      return { address: born.address };
    },
  },
});

/** @public A thread that has died may have left its name and nothing else: it is imported then. */
export const greeter = actor(import.meta.url, 'greeter', {
  messages: { greet: { address: t.string() }, noise: { text: t.string() } },
  receive: {
    noise() {},
    greet({ address }, _state, context) {
      context.ref(child, address).tell.hello({});
    },
  },
});

/** Ends when all have greeted it. @public As the greeter. */
export const child = actor(import.meta.url, 'child', {
  messages: { hello: {} },
  args: { greeters: t.u32() },
  state: { left: t.u32() },
  start({ greeters }, state, context) {
    state.left = greeters;
    context.get(registry, 'all').tell.born({});
  },
  receive: {
    hello(_message, state, context) {
      context.get(registry, 'all').tell.greeted({});
      state.left--;
      if (state.left === 0) context.stop();
    },
  },
});
