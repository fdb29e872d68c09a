// Actors for the kinds of fault that other actor systems had (test/system/faults.test.ts).

import { setTimeout as sleep } from 'node:timers/promises';
import { actor, t } from '../../../src/index.ts';
import { log } from './probe.ts';

/** Tells itself without end. */
export const hog = actor(import.meta.url, 'hog', {
  messages: { go: {}, turns: { reply: { turns: t.f64() } } },
  state: { turns: t.f64() },
  receive: {
    go(_message, state, context) {
      state.turns++;
      context.self.tell.go({});
    },
    turns: (_message, { turns }) => ({ turns }),
  },
});

/** Does all that a handler can do, and throws, if it is told to. */
export const doer = actor(import.meta.url, 'doer', {
  messages: {
    all: { log: t.string(), name: t.string(), throws: t.bool(), reply: { n: t.f64() } },
    get: { reply: { n: t.f64() } },
    tick: {},
  },
  state: { n: t.f64(), log: t.string() },
  supervision: { directive: 'resume' },
  ended({ reason }, state, context) {
    context.ref(log, state.log).tell.add({ line: `ended ${reason}` });
  },
  receive: {
    all({ log: address, name, throws }, state, context) {
      state.n++;
      state.log = address;
      context.ref(log, address).tell.add({ line: `told ${state.n}` });
      context.watch(context.spawn(log, { name }));
      context.timers.once('tick', {}, 0);
      context.group(doer, 'doers').join(context.self);
      context.reply({ n: state.n });
      if (throws) throw new Error('all of it is undone');
    },
    get: (_message, { n }) => ({ n }),
    tick(_message, state, context) {
      context.ref(log, state.log).tell.add({ line: 'ticked' });
    },
  },
});

/** Its start fails as often as it is told: what has been tried is counted in shared memory. */
export const starter = actor(import.meta.url, 'starter', {
  messages: { add: { n: t.u32() }, get: { reply: { n: t.u32() } } },
  state: { n: t.u32() },
  args: { failures: t.u32(), key: t.string(), isAsync: t.bool() },
  async start({ failures, key, isAsync }) {
    const tried = (tries.get(key) ?? 0) + 1;
    tries.set(key, tried);
    if (isAsync) await sleep(1);
    if (tried <= failures) throw new Error(`start ${tried}`);
  },
  receive: {
    add({ n }, state) {
      state.n = state.n * 10 + n;
    },
    get: (_message, { n }) => ({ n }),
  },
});

/** Of this thread. */
const tries = new Map<string, number>();

/** Spawns two children by name, each with a child of its own. */
export const family = actor(import.meta.url, 'family', {
  messages: { fail: {}, ping: { reply: { pong: t.string() } } },
  args: { depth: t.u32(), name: t.string() },
  async start({ depth, name }, _state, context) {
    await sleep(1);
    if (depth === 0) return;
    for (const child of ['a', 'b']) {
      context.spawn(family, { name: `${name}/${child}`, args: { depth: depth - 1, name: `${name}/${child}` } });
    }
  },
  receive: {
    fail() {
      throw new Error('fails');
    },
    ping: (_message, _state, context) => ({ pong: context.name }),
  },
});

/** Some of its messages fail. */
export const flaky = actor(import.meta.url, 'flaky', {
  messages: { take: { n: t.u32(), log: t.string() } },
  receive: {
    take({ n, log: address }, _state, context) {
      if (n % 10 === 3) throw new Error(`${n} fails`);
      context.ref(log, address).tell.add({ line: String(n) });
    },
  },
});

/** Does what was found to go wrong when somebody tried. */
export const tried = actor(import.meta.url, 'tried', {
  messages: {
    twice: { log: t.string(), name: t.string() },
    child: { log: t.string(), name: t.string(), reply: { address: t.string() } },
    nope: {},
    stashBoth: { reply: { done: t.u32() } },
    cancel: { timer: t.json<unknown>() },
    long: { size: t.u32() },
    peek: { reply: { nope: t.json<unknown>() } },
  },
  state: { log: t.string(), left: t.u32() },
  ended({ ref, reason }, state, context) {
    context.ref(log, state.log).tell.add({ line: `${reason} ${ref.address}` });
  },
  stop(_state, context) {
    context.spawn(log);
  },
  receive: {
    twice({ log: address, name }, state, context) {
      state.log = address;
      context.watch(context.spawn(log, { name }));
      context.watch(context.spawn(log, { name }));
    },
    child({ log: address, name }, state, context) {
      state.log = address;
      const child = context.spawn(log, name === '' ? {} : { name });
      context.watch(child);
      // Behind the watch: once the child has handled it, the watch holds.
      child.tell.add({ line: 'watched' });
      return { address: child.address };
    },
    nope(_message, state) {
      (state as { nope?: number }).nope = 1;
    },
    stashBoth(_message, state, context) {
      if (state.left++ === 0) {
        context.stash();
        context.unstash();
      } else return { done: state.left };
    },
    cancel({ timer }, _state, context) {
      context.timers.cancel(timer as number);
    },
    long({ size }) {
      throw new Error('x'.repeat(size));
    },
    peek: (_message, state) => ({ nope: (state as { nope?: number }).nope ?? null }),
  },
});
