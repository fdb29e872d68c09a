// Actors that are wrong on purpose: one keeps its state for others, one is another one on each thread.

import { isMainThread } from 'node:worker_threads';
import { actor, t } from '../../../src/index.ts';

let kept: { n: number } | undefined;

/** Keeps its state object where another actor finds it. */
export const leaky = actor(import.meta.url, 'leaky', {
  messages: { keep: { n: t.u32() }, use: { n: t.u32() } },
  state: { n: t.u32() },
  receive: {
    keep({ n }, state) {
      state.n = n;
      kept = state;
    },
    use({ n }) {
      if (kept !== undefined) kept.n = n;
    },
  },
});

/** Has other fields in the app than on a worker. */
export const twoFaced = actor(import.meta.url, 'two-faced', {
  messages: { get: { n: isMainThread ? t.u32() : t.f64(), reply: { n: t.f64() } } },
  receive: { get: ({ n }) => ({ n }) },
});
