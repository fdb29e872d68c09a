// Virtual actors that rest.

import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { actor, t } from '../../../src/index.ts';
import { counter, log } from './probe.ts';

/** Counts how it starts and rests, and what comes to it. */
export const sleeper = actor(import.meta.url, 'sleeper', {
  messages: {
    add: { n: t.u32() },
    get: { reply: { n: t.u32(), starts: t.u32(), rests: t.u32(), ticks: t.u32(), ends: t.u32() } },
    hold: { gate: t.string() },
    every: { periodMs: t.f64() },
    once: { delayMs: t.f64() },
    tick: {},
    watch: { address: t.string() },
    putAside: {},
    release: {},
    shout: { log: t.string() },
    failAtRest: {},
    child: { reply: { address: t.string() } },
    restNow: { n: t.u32() },
    restAfter: { ms: t.f64() },
    restAfterTick: { ms: t.f64(), delayMs: t.f64() },
  },
  state: {
    n: t.u32(),
    starts: t.u32(),
    rests: t.u32(),
    ticks: t.u32(),
    ends: t.u32(),
    isOpen: t.bool(),
    log: t.string(),
    fails: t.bool(),
  },
  restAfterMs: 200,
  start(_args, state) {
    state.starts++;
  },
  rest(state, context) {
    state.rests++;
    if (state.fails) throw new Error('restless');
    if (state.log !== '') context.ref(log, state.log).tell.add({ line: `${context.name} rests` });
  },
  stop(state, context) {
    if (state.log !== '') context.ref(log, state.log).tell.add({ line: `${context.name} stops` });
  },
  ended(_ended, state) {
    state.ends++;
  },
  receive: {
    add({ n }, state) {
      state.n += n;
    },
    get: (_message, { n, starts, rests, ticks, ends }) => ({ n, starts, rests, ticks, ends }),
    async hold({ gate }, _state, context) {
      await context.ref(log, gate).ask.all({}, { timeoutMs: 1e9 });
    },
    every({ periodMs }, _state, context) {
      context.timers.every('tick', {}, periodMs);
    },
    once({ delayMs }, _state, context) {
      context.timers.once('tick', {}, delayMs);
    },
    tick(_message, state) {
      state.ticks++;
    },
    watch({ address }, _state, context) {
      context.watch(context.ref(counter, address));
    },
    putAside(_message, state, context) {
      if (state.isOpen) state.n++;
      else context.stash();
    },
    release(_message, state, context) {
      state.isOpen = true;
      context.unstash();
    },
    shout({ log: address }, state) {
      state.log = address;
    },
    failAtRest(_message, state) {
      state.fails = true;
    },
    restNow({ n }, state, context) {
      state.n += n;
      context.rest();
    },
    restAfter({ ms }, _state, context) {
      context.restAfter(ms);
    },
    restAfterTick({ ms, delayMs }, _state, context) {
      context.timers.once('restAfter', { ms }, delayMs);
    },
    child(_message, _state, context) {
      return { address: context.spawn(counter).address };
    },
  },
});

/** Wants to rest before it has done anything. */
export const restless = actor(import.meta.url, 'restless', {
  messages: { poke: {} },
  state: {},
  restAfterMs: 10,
  start(_args, _state, context) {
    context.rest();
  },
  receive: { poke() {} },
});

/** Rests only when it asks for it. */
export const onCall = actor(import.meta.url, 'onCall', {
  messages: { poke: {}, rest: {} },
  state: { rests: t.u32() },
  restAfterMs: Number.POSITIVE_INFINITY,
  rest(state) {
    state.rests++;
  },
  receive: {
    poke() {},
    rest(_message, _state, context) {
      context.rest();
    },
  },
});

/** What this thread has besides the states: who is awake, and who is on its way to rest. */
const phases = new Map<string, 'awake' | 'going' | 'resting'>();

/** Rests all the time, and is at fault if anything runs while its `rest` does. */
export const napper = actor(import.meta.url, 'napper', {
  messages: { add: { n: t.u32(), reply: { sum: t.f64() } }, told: { n: t.u32() }, get: { reply: { sum: t.f64() } } },
  state: { sum: t.f64(), last: t.f64() },
  restAfterMs: 3,
  async start(_args, _state, context) {
    const { name } = context;
    if (phases.get(name) === 'going') throw new Error('it starts while it goes to rest');
    await sleep(1);
    phases.set(name, 'awake');
  },
  async rest(_state, context) {
    const { name } = context;
    phases.set(name, 'going');
    await sleep(5);
    phases.set(name, 'resting');
  },
  receive: {
    add({ n }, state, { name }) {
      count(name, n, state);
      return { sum: state.sum };
    },
    told({ n }, state, context) {
      count(context.name, n, state);
      if (n % 5 === 0) context.rest();
    },
    get: (_message, { sum }) => ({ sum }),
  },
});

function count(name: string, n: number, state: { sum: number; last: number }): void {
  const phase = phases.get(name) ?? 'awake';
  if (phase !== 'awake') throw new Error(`a message comes to one that is ${phase}`);
  // Numbers of one sender, in their order.
  if (n !== state.last + 1) throw new Error(`${n} comes behind ${state.last}`);
  state.last = n;
  state.sum += n;
}

/** Rests all the time, and is at fault if it handles anything while it rests, on whichever thread; tells how often it has moved. */
export const nomad = actor(import.meta.url, 'nomad', {
  messages: {
    add: { n: t.u32(), reply: { sum: t.f64() } },
    get: { reply: { sum: t.f64(), moves: t.u32(), rests: t.u32() } },
  },
  state: { sum: t.f64(), last: t.f64(), starts: t.u32(), rests: t.u32(), thread: t.u32(), moves: t.u32() },
  restAfterMs: 3,
  async start(_args, state) {
    await sleep(1);
    state.starts++;
  },
  async rest(state) {
    await sleep(5);
    state.rests++;
  },
  receive: {
    add({ n }, state, context) {
      if (state.starts !== state.rests + 1)
        throw new Error(`it has begun ${state.starts} times, and rested ${state.rests}`);
      if (n !== state.last + 1) throw new Error(`${n} comes behind ${state.last}`);
      if (state.thread !== 0 && state.thread !== threadId) state.moves++;
      state.thread = threadId;
      state.last = n;
      state.sum += n;
      if (n % 7 === 0) context.rest();
      return { sum: state.sum };
    },
    get: (_message, { sum, moves, rests }) => ({ sum, moves, rests }),
  },
});
