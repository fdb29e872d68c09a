// The actors of suite `actors`.

import { threadId } from 'node:worker_threads';
import { actor, t } from '../../src/index.ts';

/** Messages that a sender tells before it tells itself to go on. */
const AT_ONCE = 500;

export const receiver = actor(import.meta.url, 'receiver', {
  messages: { hit: { n: t.u32() }, count: { reply: { count: t.f64() } } },
  state: { count: t.f64() },
  receive: {
    hit(_message, state) {
      state.count += 1;
    },
    count: (_message, { count }) => ({ count }),
  },
});

/** Collects the garbage of its thread, if the process has been started with --expose-gc. */
export const collector = actor(import.meta.url, 'collector', {
  messages: { collect: {} },
  receive: {
    collect() {
      globalThis.gc?.();
    },
  },
});

/** Says where it runs. */
export const resident = actor(import.meta.url, 'resident', {
  messages: { hit: {}, where: { reply: { threadId: t.u32(), count: t.f64() } } },
  state: { count: t.f64() },
  receive: {
    hit(_message, state) {
      state.count += 1;
    },
    where: (_message, { count }) => ({ threadId, count }),
  },
});

export const sender = actor(import.meta.url, 'sender', {
  messages: { go: { to: t.string(), left: t.u32() } },
  receive: {
    go({ to, left }, _state, context) {
      const ref = context.ref(receiver, to);
      const count = Math.min(left, AT_ONCE);
      for (let n = 0; n < count; n++) ref.tell.hit({ n });
      if (left > count) context.self.tell.go({ to, left: left - count });
    },
  },
});

/** One of a ring: passes a token on. */
export const link = actor(import.meta.url, 'link', {
  messages: { next: { address: t.string() }, token: { hops: t.u32() }, hops: { reply: { left: t.f64() } } },
  state: { next: t.string(), left: t.f64() },
  receive: {
    next({ address }, state) {
      state.next = address;
      state.left = -1;
    },
    token({ hops }, state, context) {
      state.left = hops;
      if (hops > 0) context.ref(link, state.next).tell.token({ hops: hops - 1 });
    },
    hops: (_message, { left }) => ({ left }),
  },
});
