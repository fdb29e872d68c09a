// A bank: tellers have accounts send money to each other, and wait until the other account has it.
// Promises: an account is never below 0; a teller that knows of all of its transfers tells the tally once.

import { actor, t } from '../../src/index.ts';
import { tally } from './big.ts';
import { transferOf } from './transfers.ts';

/** Transfers that a teller orders before it tells itself to go on. */
const AT_ONCE = 500;

export const account = actor(import.meta.url, 'account', {
  messages: {
    send: { cents: t.u32(), to: t.string() },
    deposit: { cents: t.u32(), teller: t.string() },
    balance: { reply: { cents: t.f64() } },
  },
  args: { cents: t.f64() },
  state: { cents: t.f64() },
  start({ cents }, state) {
    state.cents = cents;
  },
  receive: {
    send({ cents, to }, state, context) {
      if (context.sender === undefined) return;
      const { address } = context.sender;
      if (cents > state.cents) {
        context.ref(teller, address).tell.refused({});
        return;
      }
      state.cents -= cents;
      context.ref(account, to).tell.deposit({ cents, teller: address });
    },
    deposit({ cents, teller: address }, state, context) {
      state.cents += cents;
      context.ref(teller, address).tell.sent({});
    },
    balance: (_message, { cents }) => ({ cents }),
  },
});

export const teller = actor(import.meta.url, 'teller', {
  messages: {
    begin: { transfers: t.u32(), tally: t.string() },
    order: { accounts: t.json<readonly string[]>(), from: t.u32(), until: t.u32() },
    sent: {},
    refused: {},
    counts: { reply: { sent: t.f64(), refused: t.f64() } },
  },
  state: { sent: t.f64(), refused: t.f64(), wanted: t.f64(), tally: t.string() },
  receive: {
    begin({ transfers, tally }, state) {
      state.wanted = transfers;
      state.tally = tally;
    },
    order({ accounts, from, until }, _state, context) {
      const end = Math.min(until, from + AT_ONCE);
      for (let n = from; n < end; n++) {
        const { source, target, cents } = transferOf(n, accounts.length);
        context.ref(account, accounts[source]).tell.send({ cents, to: accounts[target] });
      }
      if (end < until) context.self.tell.order({ accounts, from: end, until });
    },
    sent(_message, state, context) {
      state.sent += 1;
      if (state.sent + state.refused === state.wanted) context.ref(tally, state.tally).tell.done({});
    },
    refused(_message, state, context) {
      state.refused += 1;
      if (state.sent + state.refused === state.wanted) context.ref(tally, state.tally).tell.done({});
    },
    counts: (_message, { sent, refused }) => ({ sent, refused }),
  },
});
