// Goal: wrong messages, replies, state, arguments and references do not compile, and right ones are inferred.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ActorSystem, actor, t } from '../../src/index.ts';
import { testActor, testSystem } from '../../src/testing.ts';
import { news } from '../kit/actors/posts.ts';
import { counter, parent } from '../kit/actors/probe.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(is: Same<A, B>): void => assert.ok(is);

/** Compiled, and never run. */
async function compiles(system: ActorSystem): Promise<void> {
  const one = system.spawn(counter);
  one.tell.add({ n: 1 });
  same<Awaited<ReturnType<typeof one.ask.get>>, { n: number }>(true);
  same<Awaited<ReturnType<typeof one.ask.add>>, undefined>(true);
  const { data } = await one.ask.kinds({
    flag: true,
    when: new Date(),
    way: 'up',
    big: 1n,
    bytes: new Uint8Array(),
    data: 1,
    text: '',
    other: '',
    maybe: null,
  });
  same<typeof data, unknown>(true);
  // @ts-expect-error: the field is missing
  one.tell.add({});
  // @ts-expect-error: the field is of another type
  one.tell.add({ n: 'one' });
  // @ts-expect-error: there is no such field
  one.tell.add({ n: 1, m: 2 });
  // @ts-expect-error: there is no such message
  one.tell.multiply({ n: 2 });
  // @ts-expect-error: who wants a reply asks
  one.tell.get({});
  // @ts-expect-error: args are missing a field
  system.spawn(parent, { args: {} });
  // @ts-expect-error: args have another type
  system.spawn(parent, { args: { log: 5 } });
  // @ts-expect-error: there is no such restart
  system.spawn(counter, { restart: 'always' });
  // @ts-expect-error: a key is a string
  system.get(counter, 5);
  const box = system.open(news, {
    item({ from, n }, { sender }) {
      same<typeof from, string>(true);
      same<typeof n, number>(true);
      sender?.stop();
    },
    square: async ({ n }) => ({ n: n * n }),
    wait() {},
    bad: () => undefined,
  });
  box.ref.tell.item({ from: '', n: 1 });
  same<Awaited<ReturnType<typeof box.ref.ask.square>>, { n: number }>(true);
  system.find(news, 'name').tell.wait({ ms: 1 });
  // @ts-expect-error: an inbox is not spawned
  system.spawn(news);
  // @ts-expect-error: an inbox is not made by a key
  system.get(news, 'key');
  // @ts-expect-error: an actor is not opened
  system.open(counter, {});
  // @ts-expect-error: a handler is missing
  system.open(news, { item() {}, square: () => ({ n: 1 }), wait() {} });
  // @ts-expect-error: the reply is of another type
  system.open(news, { item() {}, square: () => ({ n: 'one' }), wait() {}, bad() {} });
  // @ts-expect-error: no definition of an actor
  system.spawn({ name: 'counter' });
}

/** Compiled, and never run. */
async function compilesInTests(): Promise<void> {
  const one = testActor(parent, { args: { log: '' } });
  same<typeof one.state, { log: string } | undefined>(true);
  same<Awaited<ReturnType<typeof one.ask.child>>, { address: string }>(true);
  await one.tell.quit({});
  // @ts-expect-error: the field is missing
  one.tell.watch({});
  // @ts-expect-error: args have another type
  testActor(parent, { args: { log: 5 } });
  // @ts-expect-error: there is no such option
  testActor(parent, { arg: {} });
  const standIn = one.standIn(counter, { answers: { get: () => ({ n: 1 }), add: ({ n }) => void n } });
  same<typeof standIn.ref, typeof seen.ref>(true);
  // @ts-expect-error: the answer has another type
  one.standIn(counter, { answers: { get: () => ({ n: 'one' }) } });
  // @ts-expect-error: there is no such message
  one.standIn(counter, { answers: { multiply: () => ({ n: 1 }) } });
  const seen = testSystem().tested(one.system.get(counter, 'a'));
  same<NonNullable<typeof seen.state>['list'], number[] | null>(true);
}

test('types of tests', () => {
  assert.equal(typeof compilesInTests, 'function');
});

test('types of handlers', () => {
  assert.equal(typeof compiles, 'function');
  const typed = actor(import.meta.url, 'typed', {
    messages: { set: { n: t.u32() }, get: { reply: { n: t.u32() } } },
    state: { n: t.u32(), way: t.enum('up', 'down') },
    args: { n: t.u32() },
    start(args, state) {
      same<typeof args, { n: number }>(true);
      same<typeof state, { n: number; way: 'up' | 'down' }>(true);
    },
    receive: {
      set({ n }, state, context) {
        same<typeof n, number>(true);
        state.n = n;
        context.self.tell.set({ n });
        context.timers.once('set', { n }, 5);
        // @ts-expect-error: the message has another field
        context.timers.once('set', { m: 1 }, 5);
        // @ts-expect-error: there is no such message
        context.timers.every('other', {}, 5);
        // @ts-expect-error: no literal of the field
        state.way = 'left';
      },
      get: (_message, { n }) => ({ n }),
    },
  });
  assert.equal(typed.name, 'typed');

  assert.throws(() =>
    actor(import.meta.url, 'wrong', {
      messages: { get: { reply: { n: t.u32() } } },
      // @ts-expect-error: the reply has another type
      receive: { get: () => ({ n: 'one' }), other: () => {} },
    }),
  );
  assert.throws(() =>
    actor(import.meta.url, 'wrong', {
      messages: { set: { n: t.u32() } },
      // @ts-expect-error: the handler is missing
      receive: {},
    }),
  );
});
