// Goal: what actors tell and ask the app comes once and in order, whatever worker dies; what nobody takes is never lost silently.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ActorRef, type ActorSystem, type InboxHandlers, inbox, t } from '../../src/index.ts';
import { testSystem } from '../../src/testing.ts';
import { fewNews, news, reporter, wrong } from '../kit/actors/posts.ts';
import { counter } from '../kit/actors/probe.ts';
import { asked, withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, thrown, until } from '../kit/run-flow.ts';

type NewsHandlers = InboxHandlers<(typeof news)['parts']['messages']>;

const handlers = (given: Partial<NewsHandlers>): NewsHandlers => ({
  item() {},
  square: ({ n }) => ({ n: n * n }),
  wait() {},
  bad() {},
  ...given,
});

/** Dead letters of a system, as texts. */
function lettersOf(system: ActorSystem): string[] {
  const letters: string[] = [];
  system.on('deadLetter', ({ message, to, reason }) => letters.push(`${message} to ${to}: ${reason}`));
  return letters;
}

for (const workers of [1, 2]) {
  test(`an actor tells and asks the app, on ${workers} workers`, TIMEOUT, () =>
    withSystem({ workers }, async (system) => {
      const items: string[] = [];
      const senders: (ActorRef<typeof reporter> | undefined)[] = [];
      const open = system.open(
        news,
        handlers({
          item: ({ from, n }, { sender }) => {
            items.push(`${from} ${n}`);
            senders.push(sender as never);
          },
          square: async ({ n }) => ({ n: n * n }),
        }),
        { name: 'news' },
      );
      const one = system.spawn(reporter);
      for (let n = 0; n < 3; n++) await one.tell.report({ from: 'one', n });
      assert.deepEqual(await one.ask.square({ n: 7 }), { n: 49 });
      assert.deepEqual(items, ['one 0', 'one 1', 'one 2']);
      assert.deepEqual(await one.ask.bad({}), { code: 'NO_REPLY' });
      // A sender is a reference to be used.
      assert.deepEqual(await senders[0]?.ask.heard({}), { reasons: [] });
      await open.close();
      await rejection(one.ask.square({ n: 1 }), 'ACTOR_FAILED');
    }),
  );
}

test('a handler that awaits has the inbox for itself, and nobody else waits for it', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const seen: number[] = [];
    let atOnce = 0;
    let free: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const open = system.open(
      news,
      handlers({
        async item({ n }) {
          assert.equal(++atOnce, 1);
          if (n === 0) await gate;
          seen.push(n);
          atOnce--;
        },
      }),
      { name: 'news' },
    );
    const one = system.spawn(reporter);
    for (let n = 0; n < 100; n++) await one.tell.report({ from: '', n });
    const other = system.spawn(counter);
    await other.tell.add({ n: 3 });
    assert.deepEqual(await other.ask.get({}), { n: 3 });
    await until(() => atOnce === 1, 'the first is handled');
    assert.equal(seen.length, 0);
    // The app tells it too, and is told when its message is handled.
    const told = open.ref.tell.item({ from: 'app', n: 100 });
    assert.ok(told instanceof Promise);
    const answer = open.ref.ask.square({ n: 3 });
    free();
    await told;
    assert.deepEqual(await answer, { n: 9 });
    assert.ok(seen.includes(100));
    await until(() => seen.length === 101, 'all are handled');
    assert.deepEqual(
      seen.filter((n) => n < 100),
      Array.from({ length: 100 }, (_, n) => n),
    );
    assert.equal(open.ref.tell.wait({ ms: 0 }), undefined);
  }),
);

test('an inbox is addressed, watched, and a member of groups, until it is closed', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const letters = lettersOf(system);
    const got: string[] = [];
    const boxes = ['a', 'b'].map((name) => system.open(news, handlers({ item: ({ n }) => void got.push(name + n) })));
    const [a, b] = boxes;
    const group = system.group(news, 'all');
    for (const { ref } of boxes) group.join(ref);
    await group.tell.item({ from: '', n: 1 });
    await until(() => got.length === 2, 'both have it');
    assert.deepEqual(got.splice(0).sort(), ['a1', 'b1']);
    const one = system.spawn(reporter);
    await one.ask.watch({ address: a.ref.address });
    await one.ask.reportTo({ address: b.ref.address, n: 2 });
    await until(() => got.length === 1, 'b has it');
    assert.deepEqual(got.splice(0), ['b2']);
    const ended = system.watch(a.ref);
    await a.close();
    assert.equal((await ended).reason, 'stopped');
    await asked(() => one.ask.heard({}), { reasons: ['stopped'] });
    await one.ask.watch({ address: a.ref.address });
    await asked(() => one.ask.heard({}), { reasons: ['stopped', 'gone'] });
    await one.ask.reportTo({ address: a.ref.address, n: 3 });
    await until(() => letters.length === 1, 'the dead letter');
    assert.match(letters[0], /^item to inbox 'news': .* the app has no such inbox open$/);
    // It has left the group, perhaps a moment later.
    await until(async () => {
      const before = letters.length;
      await group.tell.item({ from: '', n: 4 });
      await until(() => got.splice(0).includes('b4'), 'b has it');
      return letters.length === before;
    }, 'a has left the group');
    await one.ask.stop({ address: b.ref.address });
    await b.closed;
    assert.ok(system.ref(news, b.ref.address).equals(b.ref));
  }),
);

test('what has no room in an inbox is a dead letter', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const letters = lettersOf(system);
    const seen: number[] = [];
    let free: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const item = async ({ n }: { n: number }): Promise<void> => {
      await gate;
      seen.push(n);
    };
    system.open(fewNews, { item }, { name: 'few' });
    const one = system.spawn(reporter);
    for (let n = 0; n < 6; n++) await one.tell.few({ n });
    await until(() => letters.length === 3, 'three are left out');
    free();
    await until(() => seen.length === 3, 'the others are handled');
    assert.deepEqual(seen, [0, 4, 5]);
    assert.match(letters[0], /2 messages wait for inbox 'few-news' 'few', the capacity of its mailbox/);
  }),
);

test('a handler that throws is told of, and the next message is handled', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const failures: string[] = [];
    system.on('actorFailed', ({ actor, error, decision }) => failures.push(`${actor}: ${error.message} ${decision}`));
    const open = system.open(
      news,
      handlers({
        item: ({ n }) => {
          if (n === 1) throw new Error('one');
        },
        square: async () => {
          throw new Error('no squares');
        },
        // Of another type than the reply.
        bad: () => ({ n: 'text' }) as never,
      }),
    );
    await open.ref.tell.item({ from: '', n: 1 });
    await open.ref.tell.item({ from: '', n: 2 });
    assert.equal(failures.length, 1);
    assert.match(failures[0], /^inbox 'news': 'item' of actor 'news' failed: one\. .* resume$/);
    const error = await rejection(open.ref.ask.square({ n: 1 }), 'ACTOR_FAILED');
    assert.equal((error.cause as Error).message, 'no squares');
    await rejection(open.ref.ask.bad({}), 'ACTOR_FAILED');
    assert.equal(failures.length, 1);
  }),
);

test('a system that stops lets its inboxes handle what actors have told them', TIMEOUT, async () => {
  const seen: number[] = [];
  await withSystem({ workers: 2 }, async (system) => {
    const item = async ({ n }: { n: number }): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(n);
    };
    const open = system.open(news, handlers({ item }), { name: 'news' });
    const one = system.spawn(reporter);
    for (let n = 0; n < 500; n++) await one.tell.report({ from: '', n });
    await system.stop();
    await open.closed;
    thrown(() => system.open(news, handlers({})), 'SYSTEM_STOPPED');
  });
  assert.deepEqual(
    seen,
    Array.from({ length: 500 }, (_, n) => n),
  );
});

test('an inbox that does not come to its end is told of by stop()', TIMEOUT, async () => {
  await withSystem({ workers: 1 }, async (system) => {
    const open = system.open(news, handlers({ wait: () => new Promise(() => {}) }));
    void open.ref.tell.wait({ ms: 0 });
    const error = await rejection(system.stop({ timeoutMs: 300 }), 'STOP_TIMEOUT');
    assert.match(error.message, /messages still waited in 1 inboxes/);
    await open.closed;
  }).catch((error) => assert.equal(error.code, 'STOP_TIMEOUT'));
});

test('mistakes with inboxes are typed errors', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    thrown(() => system.open(counter as never, {} as never), 'BAD_ACTOR');
    thrown(() => system.open(news, { item() {} } as never), 'BAD_ACTOR');
    thrown(() => system.open(news, { ...handlers({}), more() {} } as never), 'BAD_ACTOR');
    thrown(() => system.open(news, handlers({}), { named: 'x' } as never), 'BAD_OPTION');
    const first = system.open(news, handlers({}), { name: 'one' });
    thrown(() => system.open(news, handlers({}), { name: 'one' }), 'NAME_TAKEN');
    await first.close();
    await system.open(news, handlers({}), { name: 'one' }).close();
    thrown(() => system.spawn(news as never), 'BAD_ACTOR');
    thrown(() => system.get(news as never, 'key'), 'BAD_ACTOR');
    const one = system.spawn(wrong);
    for (const ask of [one.ask.spawn({}), one.ask.get({})]) {
      const { cause } = await rejection(ask, 'ACTOR_FAILED');
      assert.equal((cause as { code?: string }).code, 'BAD_ACTOR');
    }
    thrown(() => inbox(import.meta.url, 'x', { messages: {}, receive: {} } as never), 'BAD_ACTOR');
    thrown(() => inbox(import.meta.url, 'x', { messages: { a: { n: 5 as never } } }), 'BAD_SCHEMA');
    thrown(() => inbox('x', 'x', { messages: { a: { n: t.u32() } } }), 'BAD_OPTION');
  }),
);

test('what actors tell the app comes once and in order while workers are killed', TIMEOUT, () =>
  withSystem({ workers: 2, ringBytes: 1 << 14 }, async (system) => {
    const SENDERS = 8;
    const EACH = 2000;
    const seen = new Map<string, number[]>();
    const item = ({ from, n }: { from: string; n: number }): void => {
      const list = seen.get(from) ?? [];
      seen.set(from, list);
      list.push(n);
    };
    const open = system.open(news, handlers({ item }), { name: 'news' });
    const senders = Array.from({ length: SENDERS }, () => system.spawn(reporter));
    let kills = 0;
    for (let n = 0; n < EACH; n++) {
      for (const [index, sender] of senders.entries()) await sender.tell.report({ from: String(index), n });
      if (n % 500 !== 250) continue;
      // All replicas answer: whoever was killed before is back.
      await system.metrics();
      const active = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      const { worker } = active[kills++ % active.length];
      await system.job.killWorker(worker);
    }
    await until(
      () => [...seen.values()].reduce((sum, { length }) => sum + length, 0) >= SENDERS * EACH,
      'all have come',
    );
    await open.close();
    assert.equal(kills, 4);
    const all = Array.from({ length: EACH }, (_, n) => n);
    for (let index = 0; index < SENDERS; index++) assert.deepEqual(seen.get(String(index)), all);
  }),
);

test('a test stands in for an inbox of the app', async () => {
  const system = testSystem();
  const one = system.spawn(reporter);
  // Nobody has it yet.
  await one.tell.report({ from: 'x', n: 1 });
  assert.match(system.deadLetters()[0].reason, /inbox 'news' .* the test has no stand-in/);
  await rejection(one.ask.square({ n: 2 }), 'ACTOR_FAILED');
  const standIn = system.standIn(news, { name: 'news', answers: { square: ({ n }) => ({ n: n * n }) } });
  await one.tell.report({ from: 'x', n: 2 });
  assert.deepEqual(await one.ask.square({ n: 3 }), { n: 9 });
  await system.find(news, 'news').tell.item({ from: 'test', n: 3 });
  assert.deepEqual(
    standIn.received().map(({ message, fields }) => [message, fields]),
    [
      ['item', { from: 'x', n: 2 }],
      ['square', { n: 3 }],
      ['item', { from: 'test', n: 3 }],
    ],
  );
  const unnamed = system.standIn(news);
  const two = system.spawn(reporter);
  await two.tell.watch({ address: unnamed.address });
  await two.tell.reportTo({ address: unnamed.address, n: 4 });
  assert.equal(unnamed.received().length, 1);
  await unnamed.end();
  assert.deepEqual(await two.ask.heard({}), { reasons: ['stopped'] });
  thrown(() => system.standIn(news, { key: 'key' }), 'BAD_ACTOR');
});
