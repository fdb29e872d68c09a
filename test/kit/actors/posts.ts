// Actors that tell and ask the app, and the inbox that they tell.

import { actor, inbox, t } from '../../../src/index.ts';

export const news = inbox(import.meta.url, 'news', {
  messages: {
    item: { from: t.string(), n: t.u32() },
    square: { n: t.u32(), reply: { n: t.f64() } },
    wait: { ms: t.f64() },
    bad: { reply: { n: t.u32() } },
  },
});

/** At most two messages wait. */
export const fewNews = inbox(import.meta.url, 'few-news', {
  messages: { item: { n: t.u32() } },
  mailbox: { capacity: 2, full: 'dropOldest' },
});

/** Tells an inbox what it is told to, and keeps what it has heard of its end. */
export const reporter = actor(import.meta.url, 'reporter', {
  messages: {
    report: { from: t.string(), n: t.u32() },
    reportTo: { address: t.string(), n: t.u32() },
    few: { n: t.u32() },
    square: { n: t.u32(), reply: { n: t.f64() } },
    bad: { reply: { code: t.string() } },
    watch: { address: t.string() },
    stop: { address: t.string() },
    heard: { reply: { reasons: t.json<string[]>() } },
  },
  state: { reasons: t.json<string[] | null>() },
  receive: {
    report({ from, n }, _state, context) {
      context.find(news, 'news').tell.item({ from, n });
    },
    reportTo({ address, n }, _state, context) {
      context.ref(news, address).tell.item({ from: context.name, n });
    },
    few({ n }, _state, context) {
      context.find(fewNews, 'few').tell.item({ n });
    },
    async square({ n }, _state, context) {
      return context.find(news, 'news').ask.square({ n });
    },
    async bad(_message, _state, context) {
      try {
        await context.find(news, 'news').ask.bad({});
        return { code: 'none' };
      } catch (error) {
        return { code: (error as { code: string }).code };
      }
    },
    watch({ address }, _state, context) {
      context.watch(context.ref(news, address));
    },
    stop({ address }, _state, context) {
      context.ref(news, address).stop();
    },
    heard: (_message, { reasons }) => ({ reasons: reasons ?? [] }),
  },
  ended({ reason }, state) {
    state.reasons ??= [];
    state.reasons.push(reason);
  },
});

/** Tries what is not done with an inbox. */
export const wrong = actor(import.meta.url, 'wrong', {
  messages: { spawn: {}, get: {} },
  receive: {
    spawn(_message, _state, context) {
      context.spawn(news as never);
    },
    get(_message, _state, context) {
      context.get(news as never, 'key');
    },
  },
});
