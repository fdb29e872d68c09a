// Actors whose full mailboxes hold the app back.

import { actor, t } from '../../../src/index.ts';
import { log } from './probe.ts';

const definedAs = (name: string, capacity: number) =>
  actor(import.meta.url, name, {
    messages: {
      hold: { gate: t.string() },
      add: { n: t.u32() },
      flood: { times: t.u32() },
      fail: {},
      seen: { reply: { seen: t.json<number[]>() } },
    },
    mailbox: { capacity, full: 'wait' },
    state: { seen: t.json<number[] | null>() },
    receive: {
      async hold({ gate }, _state, context) {
        await context.ref(log, gate).ask.all({}, { timeoutMs: 1e9 });
      },
      add({ n }, state) {
        state.seen = [...(state.seen ?? []), n];
      },
      flood({ times }, _state, context) {
        for (let n = 0; n < times; n++) context.self.tell.add({ n });
      },
      fail() {
        throw new Error('fails');
      },
      seen: (_message, { seen }) => ({ seen: seen ?? [] }),
    },
  });

export const waiting1 = definedAs('waiting-1', 1);
export const waiting4 = definedAs('waiting-4', 4);
