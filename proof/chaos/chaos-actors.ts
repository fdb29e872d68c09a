// The spawned actors that chaos runs besides the simulator's accounts: tellers whose numbered messages takers check.

import { actor, t } from '../../src/index.ts';

/** Tells takers numbers, one after the other for each. */
export const teller = actor(import.meta.url, 'teller', {
  messages: { go: { takers: t.u32(), isSlow: t.bool() }, told: { reply: { told: t.f64() } } },
  state: { told: t.f64() },
  receive: {
    async go({ takers, isSlow }, state, context) {
      if (isSlow) await new Promise((resolve) => setTimeout(resolve, 1));
      state.told++;
      for (let to = 0; to < takers; to++) {
        context.get(taker, String(to)).tell.take({ teller: context.name, n: state.told });
      }
    },
    told: (_message, { told }) => ({ told }),
  },
});

/** Checks that the numbers of each teller come in order, each once; counts the ticks of a timer of its own. */
export const taker = actor(import.meta.url, 'taker', {
  messages: {
    take: { teller: t.string(), n: t.f64() },
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
    take({ teller: from, n }, state) {
      state.last ??= {};
      const before = state.last[from] ?? 0;
      if (n !== before + 1) state.wrong = `${n} of ${from} came after ${before}`;
      state.last[from] = n;
    },
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
