// Actors of the tests of placement: workers whose mail takes time, and who tell where they are; and families whose ends are told.

import { threadId } from 'node:worker_threads';
import { actor, inbox, t } from '../../../src/index.ts';

/** Checks that the mail of each sender comes in order, each once, and takes its time; knows where it has worked. */
export const labourer = actor(import.meta.url, 'labourer', {
  messages: {
    work: { from: t.string(), n: t.f64(), micros: t.f64() },
    report: { reply: { done: t.f64(), wrong: t.string(), threads: t.json<number[]>() } },
  },
  state: {
    done: t.f64(),
    wrong: t.string(),
    last: t.json<Record<string, number> | null>(),
    threads: t.json<number[] | null>(),
  },
  receive: {
    work({ from, n, micros }, state) {
      state.last ??= {};
      const before = state.last[from] ?? 0;
      if (n !== before + 1) state.wrong = `${n} of ${from} came after ${before}`;
      state.last[from] = n;
      state.done++;
      state.threads ??= [];
      if (!state.threads.includes(threadId)) state.threads.push(threadId);
      for (const untilMs = performance.now() + micros / 1000; performance.now() < untilMs; );
    },
    report: (_message, { done, wrong, threads }) => ({ done, wrong, threads: threads ?? [] }),
  },
});

/** Passes work on, in its order: a sender that may be on the move as well. */
export const foreman = actor(import.meta.url, 'foreman', {
  messages: { pass: { to: t.string(), micros: t.f64() } },
  state: { given: t.json<Record<string, number> | null>() },
  receive: {
    pass({ to, micros }, state, context) {
      state.given ??= {};
      const n = (state.given[to] ?? 0) + 1;
      state.given[to] = n;
      context.get(labourer, to).tell.work({ from: context.name, n, micros });
    },
  },
});

/** Told of what becomes of a family. */
export const diary = inbox(import.meta.url, 'diary', { messages: { entry: { text: t.string() } } });

/** One that is spawned beside another, so that both move together; its ends are told. */
export const heir = actor(import.meta.url, 'heir', {
  messages: { fail: {}, rest: { reply: { thread: t.f64() } } },
  start(_args, _state, context) {
    context.find(diary, 'diary').tell.entry({ text: `${context.name} starts` });
  },
  stop(_state, context) {
    context.find(diary, 'diary').tell.entry({ text: `${context.name} stops` });
  },
  receive: {
    fail() {
      throw new Error('fails on purpose');
    },
    rest: () => ({ thread: threadId }),
  },
});
