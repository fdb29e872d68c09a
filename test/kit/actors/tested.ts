// Actors for the tests of testActor() and testSystem(): some of them wrong on purpose.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { actor, t } from '../../../src/index.ts';
import { account } from './bank.ts';

let calls = 0;

/** Wrong: counts in a variable of its module. */
export const forgetful = actor(import.meta.url, 'forgetful', {
  messages: { count: { reply: { calls: t.u32() } }, tellOn: { to: t.string() } },
  state: { calls: t.u32() },
  receive: {
    count(_message, state) {
      state.calls = ++calls;
      return { calls };
    },
    tellOn({ to }, _state, context) {
      context.ref(account, to).tell.deposit({ cents: ++calls });
    },
  },
});

/** Asks a shop, with its own limit of time, reads files, and waits for ever. */
export const buyer = actor(import.meta.url, 'buyer', {
  messages: {
    buy: { shop: t.string(), reply: { text: t.string() } },
    size: { reply: { characters: t.u32() } },
    never: {},
    tick: { n: t.u32() },
    begin: { periodMs: t.f64() },
    child: { cents: t.u32(), name: t.string() },
    endless: {},
    both: {},
    watch: { address: t.string() },
  },
  state: { ticks: t.json<number[] | null>(), ended: t.string() },
  supervision: { directive: 'restart', backoffMs: 100, intensity: 2 },
  ended({ ref, reason }, state) {
    state.ended = ref.address;
    state.ticks = [...(state.ticks ?? []), reason.length];
  },
  receive: {
    async buy({ shop }, _state, context) {
      try {
        const { cents } = await context.ref(account, shop).ask.balance({}, { timeoutMs: 1000 });
        return { text: `got ${cents}` };
      } catch (error) {
        return { text: (error as { code: string }).code };
      }
    },
    async size() {
      return { characters: (await readFile(fileURLToPath(import.meta.url), 'utf8')).length };
    },
    async never() {
      await new Promise(() => {});
    },
    tick({ n }, state) {
      state.ticks = [...(state.ticks ?? []), n];
    },
    begin({ periodMs }, _state, context) {
      context.timers.once('tick', { n: 1 }, 2.5 * periodMs);
      context.timers.every('tick', { n: 2 }, periodMs);
    },
    child({ cents, name }, _state, context) {
      context.watch(context.spawn(account, name === '' ? { args: { cents } } : { name, args: { cents } }));
    },
    endless(_message, _state, context) {
      context.self.tell.endless({});
    },
    watch({ address }, _state, context) {
      context.watch(context.ref(account, address));
    },
    both(_message, _state, context) {
      context.group(account, 'all').tell.deposit({ cents: 3 });
      context.become('closed');
    },
  },
  behaviours: {
    closed: {
      tick(_message, _state, context) {
        context.stash();
      },
    },
  },
});
