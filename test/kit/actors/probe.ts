// Actors that do what tests ask of them, and tell what they have seen.

import { setTimeout as sleep } from 'node:timers/promises';
import { actor, t } from '../../../src/index.ts';

/** Keeps what it is told, in order. */
export const log = actor(import.meta.url, 'log', {
  messages: {
    add: { line: t.string() },
    all: { reply: { lines: t.json<string[]>() } },
  },
  state: { lines: t.json<string[] | null>() },
  receive: {
    add({ line }, state) {
      state.lines ??= [];
      state.lines.push(line);
    },
    all: (_message, state) => ({ lines: state.lines ?? [] }),
  },
});

/** Counts, by handlers of every sort. */
export const counter = actor(import.meta.url, 'counter', {
  messages: {
    add: { n: t.i32() },
    addLater: { n: t.i32(), ms: t.f64() },
    addTwice: { n: t.i32() },
    get: { reply: { n: t.f64() } },
    never: {},
    crash: { text: t.string() },
    crashLater: { text: t.string() },
    forget: { reply: { n: t.f64() } },
    quit: {},
    exit: {},
    kinds: {
      flag: t.bool(),
      when: t.date(),
      way: t.enum('up', 'down'),
      big: t.i64(),
      bytes: t.bytes(),
      data: t.json<unknown>(),
      text: t.string(),
      other: t.string(),
      maybe: t.optional(t.u32()),
      reply: { text: t.string(), data: t.json<unknown>() },
    },
  },
  state: { n: t.f64(), text: t.string(), list: t.json<number[] | null>(), big: t.i64() },
  receive: {
    add({ n }, state) {
      state.n += n;
      state.list = [...(state.list ?? []), n].slice(-3);
    },
    async addLater({ n, ms }, state) {
      const before = state.n;
      await sleep(ms);
      state.n = before + n;
    },
    addTwice({ n }, state, context) {
      state.n += n;
      context.self.tell.add({ n });
    },
    get: (_message, { n }) => ({ n }),
    async never() {
      await new Promise(() => {});
    },
    crash({ text }, state, context) {
      state.n = -1000;
      state.text = 'wrong';
      state.list = [];
      state.big = 5n;
      context.self.tell.add({ n: 1 });
      throw new Error(text);
    },
    async crashLater({ text }, state, context) {
      state.n = -1000;
      await sleep(1);
      context.self.tell.add({ n: 1 });
      throw new Error(text);
    },
    forget() {},
    quit(_message, _state, context) {
      context.stop();
    },
    exit() {
      process.exit(3);
    },
    kinds: (message) => ({
      text: `${message.flag} ${message.when.toISOString()} ${message.way} ${message.big} ${message.bytes} ${message.text} ${message.other} ${message.maybe}`,
      data: message.data,
    }),
  },
});

/** A parent, whose children are counters; what it hears of their ends it tells a log. */
export const parent = actor(import.meta.url, 'parent', {
  messages: {
    child: { restart: t.enum('transient', 'permanent', 'temporary'), reply: { address: t.string() } },
    watch: { address: t.string() },
    unwatch: { address: t.string() },
    quit: {},
    fail: {},
  },
  state: { log: t.string() },
  args: { log: t.string() },
  supervision: { intensity: 2, periodMs: 60_000 },
  start({ log: address }, state) {
    state.log = address;
  },
  stop(state, context) {
    if (state.log !== '') context.ref(log, state.log).tell.add({ line: 'parent stopped' });
  },
  ended({ reason }, state, context) {
    context.ref(log, state.log).tell.add({ line: `ended: ${reason}` });
  },
  receive: {
    child({ restart }, _state, context) {
      return { address: context.spawn(counter, { restart }).address };
    },
    watch({ address }, _state, context) {
      context.watch(context.ref(counter, address));
    },
    unwatch({ address }, _state, context) {
      context.unwatch(context.ref(counter, address));
    },
    quit(_message, _state, context) {
      context.stop();
    },
    fail() {
      throw new Error('parent fails');
    },
  },
});

/** A door that is opened and closed, and puts aside who comes while it is closed. */
export const door = actor(import.meta.url, 'door', {
  messages: {
    enter: { name: t.string(), reply: { place: t.u32() } },
    open: {},
    close: {},
    tick: { n: t.u32() },
    start: { periodMs: t.f64(), times: t.u32() },
    once: { delayMs: t.f64() },
    cancel: {},
    ticks: { reply: { ticks: t.u32() } },
  },
  state: { inside: t.u32(), ticks: t.u32(), timer: t.f64(), times: t.u32() },
  receive: {
    enter(_message, _state, context) {
      context.stash();
    },
    open(_message, _state, context) {
      context.become('open');
      context.unstash();
    },
    close() {},
    tick({ n }, state, context) {
      state.ticks += n;
      if (state.times > 0 && state.ticks >= state.times) context.timers.cancel(state.timer);
    },
    start({ periodMs, times }, state, context) {
      state.times = times;
      state.timer = context.timers.every('tick', { n: 1 }, periodMs);
    },
    once({ delayMs }, _state, context) {
      context.timers.once('tick', { n: 1 }, delayMs);
    },
    cancel(_message, state, context) {
      context.timers.cancel(state.timer);
    },
    ticks: (_message, { ticks }) => ({ ticks }),
  },
  behaviours: {
    open: {
      enter(_message, state) {
        state.inside++;
        return { place: state.inside };
      },
      close(_message, _state, context) {
        context.become('receive');
      },
    },
  },
});

/** Asks others. */
export const asker = actor(import.meta.url, 'asker', {
  messages: {
    sum: { first: t.string(), second: t.string(), reply: { n: t.f64() } },
    self: { reply: { n: t.f64() } },
    slow: { address: t.string(), timeoutMs: t.f64(), reply: { code: t.string() } },
  },
  receive: {
    async sum({ first, second }, _state, context) {
      const [a, b] = await Promise.all([
        context.ref(counter, first).ask.get({}),
        context.ref(counter, second).ask.get({}),
      ]);
      return { n: a.n + b.n };
    },
    async self(_message, _state, context) {
      return context.self.ask.self({});
    },
    async slow({ address, timeoutMs }, _state, context) {
      try {
        await context.ref(counter, address).ask.get({}, { timeoutMs });
        return { code: 'none' };
      } catch (error) {
        return { code: (error as { code: string }).code };
      }
    },
  },
});

/** A mailbox that holds two messages, and fills up while a handler waits at a door. */
const narrow = (name: string, full: 'dropNewest' | 'dropOldest') =>
  actor(import.meta.url, name, {
    messages: { wait: { gate: t.string(), reply: {} }, add: { n: t.u32(), lines: t.string() } },
    mailbox: { capacity: 2, full },
    receive: {
      async wait({ gate }, _state, context) {
        await context.ref(door, gate).ask.enter({ name: 'waiter' });
        return {};
      },
      add({ n, lines }, _state, context) {
        context.ref(log, lines).tell.add({ line: `${n}` });
      },
    },
  });

export const newest = narrow('newest', 'dropNewest');
export const oldest = narrow('oldest', 'dropOldest');
