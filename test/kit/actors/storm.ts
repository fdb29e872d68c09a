// Actors that tell many others, until their messages have gone deep enough.

import { actor, t } from '../../../src/index.ts';

export const storm = actor(import.meta.url, 'storm', {
  messages: {
    /** Tells `fan` others the same, one step less deep. */
    hit: { depth: t.u32(), fan: t.u32(), size: t.u32(), text: t.string() },
    hits: { reply: { hits: t.f64() } },
    toSelf: { times: t.u32() },
  },
  state: { hits: t.f64() },
  receive: {
    hit({ depth, fan, size, text }, state, context) {
      state.hits++;
      if (depth === 0) return;
      const own = Number(context.name);
      for (let i = 1; i <= fan; i++) {
        context.get(storm, String((own * 7 + i * 31) % size)).tell.hit({ depth: depth - 1, fan, size, text });
      }
    },
    hits: (_message, { hits }) => ({ hits }),
    toSelf({ times }, _state, context) {
      for (let i = 0; i < times; i++) {
        context.get(storm, context.name).tell.hit({ depth: 0, fan: 0, size: 1, text: 'self' });
      }
    },
  },
});
