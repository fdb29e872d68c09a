// Actors that end: with mail put aside, with ticks that wait, and with a stop hook that takes its time.

import { actor, t } from '../../../src/index.ts';
import { log } from './probe.ts';

/** Puts aside all that it gets, until it is told to release it. */
export const hoarder = actor(import.meta.url, 'hoarder', {
  messages: {
    told: { n: t.u32() },
    asked: { n: t.u32(), reply: { n: t.u32() } },
    tick: {},
    begin: {},
    fail: {},
    release: {},
  },
  state: { seen: t.json<number[] | null>() },
  receive: {
    told(_message, _state, context) {
      context.stash();
    },
    asked(_message, _state, context) {
      context.stash();
    },
    tick(_message, _state, context) {
      context.stash();
    },
    begin(_message, _state, context) {
      context.timers.once('tick', {}, 10);
    },
    fail() {
      throw new Error('fails');
    },
    release(_message, _state, context) {
      context.become('open');
      context.unstash();
    },
  },
  behaviours: {
    open: {
      told({ n }, state) {
        state.seen = [...(state.seen ?? []), n];
      },
      asked({ n }, state) {
        state.seen = [...(state.seen ?? []), n];
        return { n };
      },
      tick(_message, state) {
        state.seen = [...(state.seen ?? []), 99];
      },
    },
  },
});

/** Adds up, and asks at a gate before it ends. */
export const lingerer = actor(import.meta.url, 'lingerer', {
  messages: {
    add: { n: t.u32(), gate: t.string(), reply: { sum: t.u32() } },
    /** Its stop hook never ends. */
    wait: {},
  },
  state: { sum: t.u32(), gate: t.string(), waits: t.bool() },
  async stop({ gate, waits }, context) {
    if (waits) await new Promise(() => {});
    if (gate !== '') await context.ref(log, gate).ask.all({}, { timeoutMs: 50_000 });
  },
  receive: {
    add({ n, gate }, state) {
      state.gate = gate;
      state.sum += n;
      return { sum: state.sum };
    },
    wait(_message, state) {
      state.waits = true;
    },
  },
});
