// Actors for faults of clocks, of handlers that await, and of messages that end their threads.

import { actor, t } from '../../../src/index.ts';
import { log } from './probe.ts';

/** Ticks, and is held by a handler that waits for a gate. */
export const ticker = actor(import.meta.url, 'ticker', {
  messages: {
    begin: { periodMs: t.f64() },
    tick: { data: t.string() },
    hold: { gate: t.string() },
    add: { n: t.u32() },
    /** Does all that it can once the gate has answered. */
    late: { gate: t.string(), to: t.string(), reply: { n: t.u32() } },
    get: { reply: { ticks: t.u32(), n: t.u32(), data: t.string() } },
  },
  state: { ticks: t.u32(), n: t.u32(), data: t.string() },
  receive: {
    begin({ periodMs }, _state, context) {
      context.timers.every('tick', { data: 'with data' }, periodMs);
    },
    tick({ data }, state) {
      state.ticks++;
      state.data = data;
    },
    async hold({ gate }, _state, context) {
      await context.ref(log, gate).ask.all({}, { timeoutMs: 1e9 });
    },
    add({ n }, state) {
      state.n += n;
    },
    async late({ gate, to }, state, context) {
      state.n = 77;
      await context.ref(log, gate).ask.all({}, { timeoutMs: 1e9 });
      state.n = 78;
      context.ref(log, to).tell.add({ line: 'late' });
      return { n: state.n };
    },
    get: (_message, { ticks, n, data }) => ({ ticks, n, data }),
  },
});

/** Ends its thread, wherever it is told to. */
export const deadly = actor(import.meta.url, 'deadly', {
  messages: {
    exit: { way: t.enum('at once', 'loop') },
    tick: {},
    inTimer: {},
    putAside: {},
    release: {},
    add: { reply: { n: t.u32() } },
  },
  state: { n: t.u32(), isOpen: t.bool() },
  args: { exits: t.bool() },
  start({ exits }) {
    if (exits) process.exit(3);
  },
  receive: {
    exit({ way }) {
      if (way === 'loop') for (;;);
      process.exit(3);
    },
    tick() {
      process.exit(3);
    },
    inTimer(_message, _state, context) {
      context.timers.once('tick', {}, 1);
    },
    putAside(_message, { isOpen }, context) {
      if (isOpen) process.exit(3);
      context.stash();
    },
    release(_message, state, context) {
      state.isOpen = true;
      context.unstash();
    },
    add(_message, state) {
      state.n++;
      return { n: state.n };
    },
  },
});

/** Spawns a child whose start ends the thread. */
export const brave = actor(import.meta.url, 'brave', {
  messages: { child: { reply: { address: t.string() } }, children: { reply: { ended: t.u32() } } },
  state: { ended: t.u32() },
  ended(_ended, state) {
    state.ended++;
  },
  receive: {
    child(_message, _state, context) {
      const child = context.spawn(deadly, { args: { exits: true } });
      context.watch(child);
      return { address: child.address };
    },
    children: (_message, { ended }) => ({ ended }),
  },
});
