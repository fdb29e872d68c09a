// Goal: the kinds of fault that other actor systems had do not happen here. Numbers are those of the project's list of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actor, actorSystem, type Job, type MillraceError } from '../../src/index.ts';
import { doer, family, flaky, hog, starter, tried } from '../kit/actors/faults.ts';
import { counter, log } from '../kit/actors/probe.ts';
import { asked, withSystem } from '../kit/actors/run-system.ts';
import { noThreadLeft, rejection, TIMEOUT, thrown, until } from '../kit/run-flow.ts';

test('1, 3: late answers reach nobody; nothing is kept of asks that are over', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const slow = system.spawn(counter);
    const echo = system.spawn(counter);
    const error = await rejection(slow.ask.addLater({ n: 1, ms: 100 }, { timeoutMs: 20 }), 'ASK_TIMEOUT');
    assert.match(error.message, /'addLater' to actor 'counter'.*20 ms/);
    const answers = await Promise.all(Array.from({ length: 100 }, () => echo.ask.get({})));
    assert.equal(answers.length, 100);
    const settled = await Promise.allSettled(
      Array.from({ length: 5000 }, (_, i) =>
        i % 2 === 0 ? slow.ask.get({}, { timeoutMs: 1 }) : echo.ask.get({}, { timeoutMs: 60_000 }),
      ),
    );
    assert.ok(settled.every(({ status }, i) => i % 2 === 0 || status === 'fulfilled'));
    await slow.ask.get({});
    await until(async () => (await system.metrics()).asks <= 256, 'no ask of the app is left');
    assert.ok((await system.metrics()).lateAnswers >= 1);
    const aborted = new AbortController();
    const gone = slow.ask.addLater({ n: 1, ms: 100 }, { signal: aborted.signal });
    aborted.abort(new Error('enough'));
    await assert.rejects(gone, /enough/);
  }),
);

test('8: an actor that tells itself without end keeps nobody from their turns, and is stopped at once', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const one = system.spawn(hog);
    one.tell.go({});
    const victim = system.spawn(counter);
    for (let i = 0; i < 50; i++) await victim.ask.get({}, { timeoutMs: 2000 });
    assert.ok((await one.ask.turns({})).turns > 50);
    const ended = system.watch(one);
    one.stop({ now: true });
    await ended;
  }),
);

test('11: all that a handler does is seen together, or none of it', TIMEOUT, () =>
  withSystem({ workers: 2, supervision: { directive: 'resume', intensity: 100 } }, async (system) => {
    const lines = system.spawn(log);
    const one = system.spawn(doer);
    for (let i = 0; i < 10; i++) {
      await rejection(one.ask.all({ log: lines.address, name: 'child', throws: true }), 'ACTOR_FAILED');
    }
    assert.deepEqual(await one.ask.get({}), { n: 0 });
    assert.deepEqual(await lines.ask.all({}), { lines: [] });
    await rejection(system.find(log, 'child').ask.all({}), 'TARGET_STOPPED');
    await rejection(system.group(doer, 'doers').next.ask.get({}), 'TARGET_STOPPED');
    assert.deepEqual(await one.ask.all({ log: lines.address, name: 'child', throws: false }), { n: 1 });
    await until(async () => (await lines.ask.all({})).lines.length === 2, 'it was told, and ticked');
    assert.deepEqual((await lines.ask.all({})).lines.sort(), ['ticked', 'told 1']);
    assert.deepEqual(await system.find(log, 'child').ask.all({}), { lines: [] });
    await until(
      async () =>
        await system
          .group(doer, 'doers')
          .next.ask.get({})
          .then(
            ({ n }) => n === 1,
            () => false,
          ),
      'it is a member',
    );
    assert.equal((await system.metrics()).actors, 3);
  }),
);

test('13: a start that fails is tried again, and given up', TIMEOUT, () =>
  withSystem({ workers: 1, supervision: { intensity: 3, periodMs: 60_000 } }, async (system) => {
    for (const isAsync of [false, true]) {
      const twice = system.spawn(starter, { args: { failures: 2, key: `twice ${isAsync}`, isAsync } });
      for (let n = 1; n <= 5; n++) await twice.tell.add({ n });
      assert.deepEqual(await twice.ask.get({}), { n: 12345 });

      const letters: string[] = [];
      const off = system.on('deadLetter', ({ message }) => letters.push(message));
      const always = system.spawn(starter, { args: { failures: 100, key: `always ${isAsync}`, isAsync } });
      const ended = system.watch(always);
      for (let n = 1; n <= 5; n++) await always.tell.add({ n });
      await rejection(always.ask.get({}), 'TARGET_STOPPED');
      assert.equal((await ended).reason, 'failed');
      assert.deepEqual(letters, Array(5).fill('add'));
      off();
    }
  }),
);

test('16: children with names end before their parent begins again', TIMEOUT, () =>
  withSystem({ workers: 2, supervision: { intensity: 10 } }, async (system) => {
    const top = system.spawn(family, { name: 'top', args: { depth: 2, name: 'top' } });
    const all = ['top', 'top/a', 'top/b', 'top/a/a', 'top/a/b', 'top/b/a', 'top/b/b'];
    const areThere = async (): Promise<boolean> => {
      const pongs = await Promise.allSettled(all.map((name) => system.find(family, name).ask.ping({})));
      return pongs.every((each, i) => each.status === 'fulfilled' && each.value.pong === all[i]);
    };
    await until(areThere, 'all are there');
    for (let i = 0; i < 3; i++) {
      const child = system.watch(system.find(family, 'top/a'));
      const grandchild = system.watch(system.find(family, 'top/b/a'));
      // Mail to three actors has no order among them: the watches are there when what came behind them is answered.
      await areThere();
      await rejection(top.ask.fail({}), 'ACTOR_FAILED');
      const ends = await Promise.all([child, grandchild]);
      assert.deepEqual(
        ends.map(({ reason }) => reason),
        ['stopped', 'stopped'],
      );
      await until(areThere, 'all are there again');
      await until(async () => (await system.metrics()).actors === all.length, 'nobody else is there');
    }
    top.stop();
    await until(async () => (await system.metrics()).actors === 0, 'all have ended');
  }),
);

test('17: mail behind a message that fails is handled, in order', TIMEOUT, () =>
  withSystem({ workers: 2, supervision: { intensity: 100, backoffMs: 5 } }, async (system) => {
    const lines = system.spawn(log);
    const one = system.spawn(flaky);
    const failed: Promise<unknown>[] = [];
    for (let n = 0; n < 40; n++) {
      if (n % 10 === 3) failed.push(rejection(one.ask.take({ n, log: lines.address }), 'ACTOR_FAILED'));
      else await one.tell.take({ n, log: lines.address });
    }
    await Promise.all(failed);
    const expected = Array.from({ length: 40 }, (_, n) => n).filter((n) => n % 10 !== 3);
    await until(async () => (await lines.ask.all({})).lines.length === expected.length, 'all are handled');
    assert.deepEqual(await lines.ask.all({}), { lines: expected.map(String) });
  }),
);

test('21: mail before a stop is handled, mail behind it is not; a second stop changes nothing', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const letters: string[] = [];
    system.on('deadLetter', ({ message }) => letters.push(message));
    const one = system.spawn(counter);
    const asks = Array.from({ length: 100 }, () => one.ask.add({ n: 1 }));
    const last = one.ask.get({});
    const ended = system.watch(one);
    one.stop();
    one.stop();
    for (let n = 0; n < 10; n++) await one.tell.add({ n });
    await Promise.all(asks);
    assert.deepEqual(await last, { n: 100 });
    assert.equal((await ended).reason, 'stopped');
    await until(async () => letters.length === 10, 'ten dead letters');
  }),
);

test('36: of actors that have ended nothing is left', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    for (let round = 0; round < 4; round++) {
      const actors = Array.from({ length: 2000 }, (_, i) =>
        system.spawn(counter, i % 10 === 0 ? { name: `name ${i}` } : {}),
      );
      const group = system.group(counter, 'many');
      for (const each of actors.slice(0, 100)) group.join(each);
      await Promise.all(actors.map((each) => each.ask.add({ n: 1 }, { timeoutMs: 30_000 })));
      const ends = actors.map((each) => system.watch(each));
      for (const each of actors) each.stop();
      await Promise.all(ends);
      assert.equal((await system.metrics()).actors, 0);
      await rejection(group.next.ask.get({}), 'TARGET_STOPPED');
    }
    let rows = 0;
    for await (const _row of (system.job as Job).state('actors').entries()) rows++;
    assert.equal(rows, 0);
  }),
);

test('37: mail to nobody leaves an exact count', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const one = system.spawn(counter);
    const ended = system.watch(one);
    one.stop();
    await ended;
    for (let n = 0; n < 20_000; n++) {
      const room = one.tell.add({ n: 1 });
      if (room !== undefined) await room;
    }
    await until(async () => (await system.metrics()).deadLetters === 20_000, 'all are counted');
  }),
);

test('two children of one name: the second one is told of as gone, and the parent can end', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const lines = system.spawn(log);
    const one = system.spawn(tried);
    await one.ask.twice({ log: lines.address, name: 'only' });
    await until(async () => (await lines.ask.all({})).lines.length === 1, 'it hears of one end');
    assert.match((await lines.ask.all({})).lines[0], /^gone /);
    const failures: string[] = [];
    system.on('actorFailed', ({ error }) => failures.push((error as MillraceError).code));
    const ended = system.watch(one);
    one.stop();
    assert.equal((await ended).reason, 'stopped');
  }),
);

test('an end names the reference that was watched; a hook that ends spawns nobody', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const lines = system.spawn(log);
    const one = system.spawn(tried);
    const addresses: string[] = [];
    for (const name of ['', 'named']) {
      const { address } = await one.ask.child({ log: lines.address, name });
      addresses.push(address);
      await asked(() => system.ref(log, address).ask.all({}), { lines: ['watched'] });
      const ended = system.watch(system.ref(log, address));
      system.ref(log, address).stop();
      await ended;
    }
    await until(async () => (await lines.ask.all({})).lines.length === 2, 'it hears of both');
    assert.deepEqual((await lines.ask.all({})).lines.sort(), addresses.map((each) => `stopped ${each}`).sort());
    const failures: Error[] = [];
    system.on('actorFailed', ({ error }) => failures.push(error));
    const ended = system.watch(one);
    one.stop();
    await ended;
    await until(async () => failures.length === 1, 'its stop hook has failed');
    assert.match(String((failures[0].cause as Error).message), /spawns in its stop hook/);
    assert.equal((await system.metrics()).actors, 1);
  }),
);

test(
  'what a handler must not do is refused: undeclared state, bad timers, a stash that comes back at once',
  TIMEOUT,
  () =>
    withSystem({ workers: 1, supervision: { directive: 'resume', intensity: 100 } }, async (system) => {
      const one = system.spawn(tried);
      const other = system.spawn(tried, { beside: one });
      const error = await rejection(one.ask.nope({}), 'ACTOR_FAILED');
      assert.match((error.cause as Error).message, /nope/);
      assert.deepEqual(await other.ask.peek({}), { nope: null });
      for (const timer of [null, 'x', undefined]) {
        const failed = await rejection(one.ask.cancel({ timer: timer ?? null }), 'ACTOR_FAILED');
        assert.equal((failed.cause as MillraceError).code, 'BAD_OPTION');
      }
      const stashed = one.ask.stashBoth({}, { timeoutMs: 60_000 });
      // It is put aside, and others have their turn.
      assert.deepEqual(await one.ask.peek({}), { nope: null });
      one.stop({ now: true });
      await rejection(stashed, 'TARGET_STOPPED');
    }),
);

test('errors that are larger than a ring takes are told all the same', TIMEOUT, () =>
  withSystem({ workers: 1, ringBytes: 4096, supervision: { directive: 'resume', intensity: 100 } }, async (system) => {
    const one = system.spawn(tried);
    for (const size of [10, 1000, 100_000]) {
      const error = await rejection(one.ask.long({ size }), 'ACTOR_FAILED');
      assert.match(error.message, /'long' of actor 'tried' failed/);
    }
  }),
);

test('a failure of its own is counted apart from those of its children', TIMEOUT, () =>
  withSystem({ workers: 1, supervision: { intensity: 1, periodMs: 60_000 } }, async (system) => {
    const top = system.spawn(family, { name: 'parent', args: { depth: 1, name: 'parent' } });
    await top.ask.ping({});
    for (let i = 0; i < 3; i++) {
      await rejection(system.find(family, 'parent/a').ask.fail({}), 'ACTOR_FAILED');
      await until(
        async () =>
          await system
            .find(family, 'parent/a')
            .ask.ping({})
            .then(
              () => true,
              () => false,
            ),
        'the child begins again',
      );
    }
    await rejection(top.ask.fail({}), 'ACTOR_FAILED');
    assert.deepEqual(await top.ask.ping({}), { pong: 'parent' });
  }),
);

test('bad arguments are refused where they are given', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const one = system.spawn(counter);
    thrown(() => system.spawn(counter, null as never), 'BAD_OPTION');
    thrown(() => system.spawn(counter, { nam: 'x' } as never), 'BAD_OPTION');
    thrown(() => one.stop(null as never), 'BAD_OPTION');
    thrown(() => one.stop({ nov: 1 } as never), 'BAD_OPTION');
    thrown(() => system.on('nope' as never, () => {}), 'BAD_OPTION');
    thrown(() => system.on('deadLetter', 5 as never), 'BAD_OPTION');
    await rejection(system.watch(5 as never), 'BAD_OPTION');
    await rejection(one.ask.get({}, null as never), 'BAD_OPTION');
    await rejection(one.ask.get({}, { timeout: 5 } as never), 'BAD_OPTION');
    await rejection(one.ask.get({}, { signal: 5 as never }), 'BAD_OPTION');
    await rejection(one.ask.add({} as never), 'BAD_VALUE');
    for (const receive of [{ *a() {} }, { async *a() {} }]) {
      thrown(
        () => actor(import.meta.url, 'generates', { messages: { a: {} }, receive: receive as never }),
        'BAD_ACTOR',
      );
    }
  }),
);

test('references of another system are refused', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const other = await actorSystem({ workers: 1, notices: false });
    const [one, foreign] = [system.spawn(counter), other.spawn(counter)];
    assert.ok(!one.equals(foreign));
    await rejection(other.watch(one), 'FOREIGN_REF');
    thrown(() => other.spawn(counter, { beside: one }), 'FOREIGN_REF');
    thrown(() => other.ref(counter, one.address), 'FOREIGN_REF');
    await other.stop();
    await rejection(other.metrics(), 'SYSTEM_STOPPED');
    await other.stop();
  }),
);

test('a system that has failed says so, and ends nobody', TIMEOUT, async () => {
  const system = await actorSystem({ workers: 1, notices: false });
  const one = system.spawn(counter);
  await one.ask.get({});
  const pending = one.ask.never({}, { timeoutMs: Number.POSITIVE_INFINITY });
  await (system.job as Job).cancel('it was to fail');
  await rejection(pending, 'SYSTEM_STOPPED');
  await rejection(system.metrics(), 'SYSTEM_STOPPED');
  thrown(() => one.tell.add({ n: 1 }), 'SYSTEM_STOPPED');
  thrown(() => system.spawn(counter), 'SYSTEM_STOPPED');
  await system.stop();
  await noThreadLeft();
});
