// Accounts between which money moves.

import { actor, t } from '../../../src/index.ts';

export const account = actor(import.meta.url, 'account', {
  messages: {
    deposit: { cents: t.u32() },
    withdraw: { cents: t.u32() },
    send: { cents: t.u32(), to: t.string() },
    balance: { reply: { cents: t.f64() } },
    fail: { text: t.string() },
  },
  state: { cents: t.f64(), log: t.json<string[]>() },
  args: { cents: t.f64() },
  start({ cents }, state) {
    state.cents = cents;
    state.log = [];
  },
  receive: {
    deposit({ cents }, state) {
      state.cents += cents;
    },
    withdraw({ cents }, state) {
      if (cents > state.cents) throw new Error('too little money');
      state.cents -= cents;
      state.log.push(`-${cents}`);
    },
    send({ cents, to }, state, context) {
      state.cents -= cents;
      context.ref(account, to).tell.deposit({ cents });
    },
    balance(_message, { cents }) {
      return { cents };
    },
    fail({ text }, state, context) {
      state.cents = -1;
      context.self.tell.deposit({ cents: 1000 });
      throw new Error(text);
    },
  },
});
