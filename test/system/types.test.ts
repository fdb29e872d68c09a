// Goal: wrong messages, replies, state, arguments and references do not compile, and right ones are inferred.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ActorSystem, actor, ask, type FlowBuilder, type SystemMetrics, t } from '../../src/index.ts';
import { tell } from '../../src/sinks.ts';
import { push, told } from '../../src/sources.ts';
import { testActor, testSystem } from '../../src/testing.ts';
import { news } from '../kit/actors/posts.ts';
import { counter, parent } from '../kit/actors/probe.ts';
import { alarms, vault } from '../kit/flows/with-actors.ts';

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
  const group = system.group(counter, 'all');
  same<Awaited<ReturnType<typeof group.smallest.ask.get>>, { n: number }>(true);
  group.smallest.tell.add({ n: 1 });
  // @ts-expect-error: who wants a reply asks
  group.smallest.tell.get({});
  // @ts-expect-error: the field is of another type
  group.next.tell.add({ n: 'one' });
  // @ts-expect-error: a member is of the group's definition
  group.join(system.find(parent, 'name'));
  // @ts-expect-error: there is no such message
  system.find(counter, 'name').tell.multiply({ n: 2 });
  same<ReturnType<typeof system.metrics>, Promise<SystemMetrics>>(true);
  actor(import.meta.url, 'resting', {
    messages: { a: {} },
    state: { n: t.u32() },
    restAfterMs: 5,
    rest(state, context) {
      same<typeof state.n, number>(true);
      context.log.warn('rests', { n: state.n });
      // @ts-expect-error: there is no such level
      context.log.loud('rests');
      // @ts-expect-error: a text comes first
      context.log.info({ n: 1 });
    },
    receive: { a() {} },
  });
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

/** Compiled, and never run. */
function flowsCompile(flow: FlowBuilder) {
  const raised = flow.source('alarms', told(alarms, 'raised'));
  const users = flow.source('users', push({ user: t.string(), n: t.u32() }));
  // @ts-expect-error: an actor is no inbox
  told(vault, 'deposit');
  // @ts-expect-error: there is no such message
  told(alarms, 'lowered');
  // @ts-expect-error: who replies is asked
  told(alarms, 'sized');
  raised.to(
    'deposits',
    tell(vault, 'deposit', ({ vault: name, n, cents }) => {
      same<typeof name, string>(true);
      return { key: name, message: { n, cents } };
    }),
  );
  // @ts-expect-error: who replies is asked
  tell(vault, 'balance', letter);
  users.to(
    'a',
    // @ts-expect-error: a field is missing
    tell(vault, 'deposit', ({ user, n }) => ({ key: user, message: { n } })),
  );
  users.to(
    'b',
    // @ts-expect-error: a field is of another type
    tell(vault, 'deposit', ({ user }) => ({ key: user, message: { n: 'one', cents: 1 } })),
  );
  users.to(
    'c',
    // @ts-expect-error: there is no such field in the tuple
    tell(vault, 'deposit', ({ name }) => ({ key: name, message: { n: 1, cents: 1 } })),
  );
  users.to(
    'd',
    // @ts-expect-error: it says not whom it is for
    tell(vault, 'deposit', ({ n }) => ({ message: { n, cents: 1 } })),
  );
  // @ts-expect-error: what is failed to has not all fields
  users.through('f', ask(vault, 'balance', letter, { failed: (tuple) => tuple }));
  const asked = users.through(
    'g',
    ask(vault, 'balance', ({ user, n }) => ({ key: user, message: { plus: n } })),
  );
  return asked.map('cents', { cents: t.f64() }, ({ user, n, cents, isOrdered }) => {
    same<[typeof user, typeof n, typeof cents, typeof isOrdered], [string, number, number, boolean]>(true);
    return { cents };
  });
}

const letter = ({ user }: { user: string; n: number }) => ({ key: user, message: { plus: 1 } });

test('types of handlers', () => {
  assert.equal(typeof flowsCompile, 'function');
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
