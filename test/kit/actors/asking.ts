// Actors that ask each other: in rings, across, through children, and again after an answer.

import { setTimeout as sleep } from 'node:timers/promises';
import { actor, t } from '../../../src/index.ts';
import { log } from './probe.ts';

/** Asks along a list of addresses; what the last one does is told by `last`. */
export const caller = actor(import.meta.url, 'caller', {
  messages: {
    /** Asks the first of `to`, which asks the next one. */
    along: { to: t.json<string[]>(), reply: { calls: t.u32() } },
    /** Asks the first of `to` when `gate` has answered. */
    behind: { gate: t.string(), to: t.json<string[]>(), reply: { calls: t.u32() } },
    slow: { ms: t.f64(), reply: { calls: t.u32() } },
    child: { name: t.string(), reply: { address: t.string() } },
    askChild: { address: t.string(), reply: { calls: t.u32() } },
    stopSelf: {},
    get: { reply: { calls: t.u32() } },
  },
  state: { calls: t.u32() },
  supervision: { directive: 'resume' },
  receive: {
    async along({ to }, state, context): Promise<{ calls: number }> {
      state.calls++;
      const [next, ...rest] = to;
      if (next === undefined) return { calls: state.calls };
      return context.ref(caller, next).ask.along({ to: rest });
    },
    async behind({ gate, to }, state, context): Promise<{ calls: number }> {
      state.calls++;
      await context.ref(caller, gate).ask.get({}, { timeoutMs: 50_000 });
      return context.ref(caller, to[0]).ask.along({ to: to.slice(1) });
    },
    async slow({ ms }, { calls }) {
      await sleep(ms);
      return { calls };
    },
    child({ name }, _state, context): { address: string } {
      const args = { parent: context.self.address };
      return { address: context.spawn(asksParent, name === '' ? { args } : { args, name }).address };
    },
    async askChild({ address }, _state, context): Promise<{ calls: number }> {
      return context.ref(asksParent, address).ask.get({});
    },
    async stopSelf(_message, _state, context) {
      await context.self.stop();
    },
    get: (_message, { calls }) => ({ calls }),
  },
});

/** Asks its parent before it begins. */
export const asksParent = actor(import.meta.url, 'asks-parent', {
  messages: { get: { reply: { calls: t.u32() } }, askUp: { reply: { calls: t.u32() } } },
  state: { calls: t.u32(), parent: t.string() },
  args: { parent: t.string() },
  async start({ parent }, state, context) {
    state.parent = parent;
    ({ calls: state.calls } = await context.ref(caller, parent).ask.get({}));
  },
  receive: {
    get: (_message, { calls }) => ({ calls }),
    async askUp(_message, { parent }, context): Promise<{ calls: number }> {
      return context.ref(caller, parent).ask.get({}, { timeoutMs: 50_000 });
    },
  },
});

/** Asks with a short limit, goes on, and writes down all that it gets. */
export const client = actor(import.meta.url, 'client', {
  messages: {
    run: { slow: t.string(), echo: t.string(), asks: t.u32(), reply: { matching: t.u32(), code: t.string() } },
    seen: { reply: { lines: t.json<string[]>() } },
  },
  state: { lines: t.json<string[] | null>() },
  receive: {
    async run({ slow, echo, asks }, _state, context) {
      let code = '';
      try {
        await context.ref(keeper, slow).ask.keep({ n: 1 }, { timeoutMs: 20 });
      } catch (error) {
        ({ code } = error as { code: string });
      }
      let matching = 0;
      await Promise.all(
        Array.from({ length: asks }, async (_, n) => {
          if ((await context.ref(keeper, echo).ask.echo({ n })).n === n) matching++;
        }),
      );
      return { matching, code };
    },
    seen: (_message, { lines }) => ({ lines: lines ?? [] }),
  },
});

/** Answers at once, later, twice, or not at all. */
export const keeper = actor(import.meta.url, 'keeper', {
  messages: {
    keep: { n: t.u32(), reply: { n: t.u32() } },
    release: { times: t.u32() },
    /** Both in one handler. */
    twice: { way: t.enum('reply', 'replyLater', 'both'), reply: { n: t.u32() } },
    echo: { n: t.u32(), reply: { n: t.u32() } },
    fail: { reply: { n: t.u32() } },
    quit: { reply: { n: t.u32() } },
    wrong: { replyTo: t.string() },
    count: { reply: { kept: t.u32() } },
  },
  state: { replyTo: t.json<string[] | null>() },
  receive: {
    keep(_message, state, context) {
      state.replyTo = [...(state.replyTo ?? []), context.replyTo as string];
    },
    release({ times }, state, context) {
      const [first, ...rest] = state.replyTo ?? [];
      state.replyTo = times > 1 ? [first, ...rest] : rest;
      context.replyLater(first, { n: times });
      if (times > 1) context.self.tell.release({ times: times - 1 });
    },
    twice({ way }, _state, context) {
      const replyTo = context.replyTo as string;
      if (way === 'reply') context.reply({ n: 1 });
      else context.replyLater(replyTo, { n: 1 });
      if (way === 'replyLater') context.replyLater(replyTo, { n: 2 });
      else if (way === 'both') context.reply({ n: 2 });
      else context.replyLater(replyTo, { n: 2 });
    },
    echo: ({ n }) => ({ n }),
    fail() {
      throw new Error('fails');
    },
    quit(_message, _state, context) {
      context.stop();
    },
    wrong({ replyTo }, _state, context) {
      context.replyLater(replyTo, { n: 0 });
    },
    count: (_message, { replyTo }) => ({ kept: replyTo?.length ?? 0 }),
  },
});

/** Fails as it is told of the end of whom it watches: to see that it is told once. */
export const watcher = actor(import.meta.url, 'watcher', {
  messages: { watch: { address: t.string() }, unwatch: { address: t.string() }, said: { line: t.string() } },
  state: { log: t.string() },
  args: { log: t.string() },
  start({ log: address }, state) {
    state.log = address;
  },
  ended({ ref, reason }, state, context) {
    context.ref(log, state.log).tell.add({ line: `${reason} ${ref.address}` });
  },
  receive: {
    watch({ address }, _state, context) {
      context.watch(context.ref(speaker, address));
    },
    unwatch({ address }, _state, context) {
      context.unwatch(context.ref(speaker, address));
    },
    said({ line }, state, context) {
      context.ref(log, state.log).tell.add({ line });
    },
  },
});

/** Says something to a watcher, last of all. */
export const speaker = actor(import.meta.url, 'speaker', {
  messages: { last: { to: t.string(), way: t.enum('stop', 'throw') }, fail: {}, get: { reply: {} } },
  receive: {
    last({ to, way }, _state, context) {
      context.ref(watcher, to).tell.said({ line: 'last words' });
      if (way === 'stop') context.stop();
      else context.self.tell.fail({});
    },
    fail() {
      throw new Error('fails');
    },
    get: () => ({}),
  },
});
