// Actors to which a group hands its mail.

import { actor, inbox, t } from '../../../src/index.ts';
import { log } from './probe.ts';

const messages = {
  quick: {},
  hold: { gate: t.string() },
  crash: {},
  ask: { n: t.u32(), reply: { n: t.u32() } },
  got: { reply: { n: t.u32() } },
};

const routeeWith = (name: string, mailbox: { capacity?: number; full?: 'dropNewest' | 'dropOldest' }) =>
  actor(import.meta.url, name, {
    messages,
    state: { n: t.u32() },
    mailbox,
    receive: {
      quick(_message, state) {
        state.n++;
      },
      async hold({ gate }, _state, context) {
        await context.ref(log, gate).ask.all({}, { timeoutMs: 1e9 });
      },
      crash() {
        throw new Error('no');
      },
      ask({ n }, state) {
        state.n++;
        return { n };
      },
      got: (_message, { n }) => ({ n }),
    },
  });

export const routee = routeeWith('routee', {});
export const newestRoutee = routeeWith('newest routee', { capacity: 2, full: 'dropNewest' });
export const oldestRoutee = routeeWith('oldest routee', { capacity: 2, full: 'dropOldest' });

/** The same, as the app is one. */
export const desk = inbox(import.meta.url, 'desk', { messages: { work: { n: t.u32() } } });
