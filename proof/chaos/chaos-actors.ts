// The spawned actors that chaos runs besides the simulator's accounts and listeners: tellers whose numbers these check.

import { actor, t } from '../../src/index.ts';
import { listener } from '../simulate/system-actors.ts';

/** Tells listeners numbers, one after the other for each. */
export const teller = actor(import.meta.url, 'teller', {
  messages: { go: { listeners: t.u32(), isSlow: t.bool() }, told: { reply: { told: t.f64() } } },
  state: { told: t.f64() },
  receive: {
    async go({ listeners, isSlow }, state, context) {
      if (isSlow) await new Promise((resolve) => setTimeout(resolve, 1));
      state.told++;
      for (let to = 0; to < listeners; to++) {
        context.get(listener, String(to)).tell.hear({ talker: context.name, n: state.told, text: '' });
      }
    },
    told: (_message, { told }) => ({ told }),
  },
});
