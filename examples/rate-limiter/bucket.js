// @ts-check
// A token bucket for each user, as a virtual actor: one message takes one token, one after the other, so no two requests get the same
// token. A bucket at rest is a row of state; a crash of its thread gives no token back, and takes none twice.

import { actor, t } from 'millrace';

export const bucket = actor(import.meta.url, 'bucket', {
  messages: {
    take: {
      /** What the bucket holds when it is full, and what it gets in a second. */
      burst: t.f64(),
      perSecond: t.f64(),
      nowMs: t.f64(),
      reply: { allowed: t.bool(), left: t.f64(), retryMs: t.f64() },
    },
  },
  state: { isKnown: t.bool(), tokens: t.f64(), atMs: t.f64() },
  receive: {
    take({ burst, perSecond, nowMs }, state) {
      // Requests of several clocks may come in any order: time does not go back.
      const atMs = Math.max(nowMs, state.atMs);
      const tokens = state.isKnown ? Math.min(burst, state.tokens + ((atMs - state.atMs) * perSecond) / 1000) : burst;
      const allowed = tokens >= 1;
      state.isKnown = true;
      state.atMs = atMs;
      state.tokens = allowed ? tokens - 1 : tokens;
      const retryMs = allowed ? 0 : ((1 - tokens) / perSecond) * 1000;
      return { allowed, left: Math.floor(state.tokens), retryMs };
    },
  },
});
