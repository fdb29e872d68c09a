// Actors that all talk to each other ("big" of the Erlang benchmarks): each pings every other, and is answered by each.
// Promises: a peer that has got all of its answers tells the tally once.

import { actor, t } from '../../src/index.ts';

/** Answers when as many have told it that they are done as it is asked about. */
export const tally = actor(import.meta.url, 'tally', {
  messages: { all: { count: t.u32(), reply: { done: t.u32() } }, done: {} },
  state: { done: t.f64(), wanted: t.f64(), asker: t.string() },
  receive: {
    all({ count }, state, context) {
      state.wanted = count;
      state.asker = context.replyTo ?? '';
      if (state.done === count) context.replyLater(state.asker, { done: count });
    },
    done(_message, state, context) {
      state.done += 1;
      if (state.done === state.wanted) context.replyLater(state.asker, { done: state.done });
    },
  },
});

export const peer = actor(import.meta.url, 'peer', {
  messages: {
    begin: { pongs: t.u32(), tally: t.string() },
    meet: { peers: t.json<readonly string[]>() },
    ping: {},
    pong: {},
    counts: { reply: { pings: t.f64(), pongs: t.f64() } },
  },
  state: { pings: t.f64(), pongs: t.f64(), wanted: t.f64(), tally: t.string() },
  receive: {
    begin({ pongs, tally }, state) {
      state.wanted = pongs;
      state.tally = tally;
    },
    meet({ peers }, _state, context) {
      const own = context.self.address;
      for (const address of peers) if (address !== own) context.ref(peer, address).tell.ping({});
    },
    ping(_message, state, context) {
      state.pings += 1;
      if (context.sender !== undefined) context.ref(peer, context.sender.address).tell.pong({});
    },
    pong(_message, state, context) {
      state.pongs += 1;
      if (state.pongs === state.wanted) context.ref(tally, state.tally).tell.done({});
    },
    counts: (_message, { pings, pongs }) => ({ pings, pongs }),
  },
});
