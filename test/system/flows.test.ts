// Goal: a flow tells actors, asks them and is told by them exactly once, whatever worker of either dies; whatever ends is told by name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ActorSystem, ask, dataflow, type Job, type SystemOptions, t } from '../../src/index.ts';
import { tell } from '../../src/sinks.ts';
import { push, told } from '../../src/sources.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { alarmed, alarms, balances, deposits, payment, vault, ways } from '../kit/flows/with-actors.ts';
import { rejection, start, TIMEOUT, thrown, tuplesOf, until } from '../kit/run-flow.ts';

const USERS = Array.from({ length: 20 }, (_, i) => `u${i}`);

/** What all vaults have, once all that is on its way has come. */
async function totalsOf(system: ActorSystem) {
  const each = await Promise.all(USERS.map((user) => system.get(vault, user).ask.total({}, { timeoutMs: 30_000 })));
  return each.reduce((sum, { cents, deposits, isOrdered }) => ({
    cents: sum.cents + cents,
    deposits: sum.deposits + deposits,
    isOrdered: sum.isOrdered && isOrdered,
    asked: 0,
  }));
}

const expected = (count: number) => ({
  cents: Array.from({ length: count }, (_, i) => payment(i).cents).reduce((a, b) => a + b, 0),
  deposits: count,
  isOrdered: true,
  asked: 0,
});

/** One that fails keeps its state. */
const RESUMING: SystemOptions = { supervision: { directive: 'resume', intensity: 1000 } };

type AnyJob = Pick<Job, 'workers' | 'killWorker'>;

/** Kills a worker that is at work. Returns false if none is. */
async function kill(job: AnyJob, turn: number): Promise<boolean> {
  const active = job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
  if (active.length === 0) return false;
  return job.killWorker(active[turn % active.length].worker).then(
    () => true,
    () => false,
  );
}

test('all that a flow has to tell is told when its job is done', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const job = await start(deposits, { system, workers: 1, params: { count: 20_000, workers: 2 } });
    await job.done;
    assert.deepEqual(await totalsOf(system), expected(20_000));
    const names = job.reading().operators.map(({ name }) => name);
    assert.deepEqual(names, ['payments', 'deposits', 'deposits-post']);
    thrown(() => job.output('deposits-post' as never), 'UNKNOWN_NAME');
  }),
);

test('actors tell a flow, which is at its end when it is stopped', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const letters: string[] = [];
    system.on('deadLetter', ({ reason }) => letters.push(reason));
    const job = await start(alarmed, { system, workers: 1 });
    const out = tuplesOf(job.output('out'));
    const one = system.get(vault, 'one');
    for (let n = 0; n < 300; n++) await one.tell.deposit({ cents: 90, n });
    await one.ask.total({});
    // The app tells it as actors do.
    await system.find(alarms, 'alarms').tell.raised({ vault: 'app', n: 0, cents: 0 });
    await until(
      () => (job.reading().operators.find(({ name }) => name === 'alarms')?.tuplesOut ?? 0) === 301,
      'all are in',
    );
    await rejection(start(alarmed, { system, workers: 1 }), 'NAME_TAKEN');
    thrown(() => job.input('alarms' as never), 'UNKNOWN_NAME');
    await job.stop();
    const tuples = await out;
    assert.deepEqual(
      tuples.filter((tuple) => tuple.vault === 'one'),
      Array.from({ length: 300 }, (_, n) => ({ vault: 'one', n, times: n + 1 })),
    );
    assert.equal(tuples.length, 301);
    assert.deepEqual(letters, []);
    await one.ask.deposit({ cents: 90, n: 1000 });
    await until(() => letters.length === 1, 'what comes later is a dead letter');
    assert.match(letters[0], /the app has no such inbox open/);
    // The name is free, and an actor's stop() ends the source.
    const second = await start(alarmed, { system, workers: 1 });
    const rest = tuplesOf(second.output('out'));
    await one.ask.deposit({ cents: 95, n: 1001 });
    await until(() => (second.reading().operators[0]?.tuplesOut ?? 0) === 1, 'it is in');
    system.find(alarms, 'alarms').stop();
    await second.done;
    assert.deepEqual(await rest, [{ vault: 'one', n: 1001, times: 1 }]);
  }),
);

test('a flow that is not read makes messages wait, and none is lost', TIMEOUT, () =>
  withSystem({ workers: 1, ringBytes: 1 << 14 }, async (system) => {
    const job = await start(alarmed, { system, workers: 1, ringBytes: 1 << 12 });
    const one = system.get(vault, 'one');
    const COUNT = 5000;
    for (let n = 0; n < COUNT; n++) await one.tell.deposit({ cents: 99, n });
    // Asks are answered though the inbox is full of messages.
    assert.equal((await one.ask.total({})).deposits, COUNT);
    const stopped = job.stop();
    const tuples = await tuplesOf(job.output('out'));
    await stopped;
    assert.deepEqual(
      tuples.map(({ n }) => n),
      Array.from({ length: COUNT }, (_, n) => n),
    );
  }),
);

for (const ordered of [true, false]) {
  test(`each tuple comes with the reply to its ask, ${ordered ? 'in order' : 'in any order'}`, TIMEOUT, () =>
    withSystem({ workers: 2, ...RESUMING }, async (system) => {
      const COUNT = 3000;
      for (const [i, user] of USERS.entries()) await system.get(vault, user).tell.deposit({ cents: i * 4, n: 0 });
      const job = await start(balances, {
        system,
        workers: 1,
        params: { ordered, capacity: 50, message: 'balance', isLenient: true },
      });
      const out = tuplesOf(job.output('out'));
      const input = job.input('users');
      for (let n = 0; n < COUNT; n++) await input.push({ user: USERS[n % 20], n });
      input.end();
      const tuples = (await out) as { user: string; n: number; cents: number; isOrdered: boolean }[];
      await job.done;
      if (!ordered) tuples.sort((a, b) => a.n - b.n);
      assert.deepEqual(
        tuples,
        // The thirteenth fails, and is left out.
        Array.from({ length: COUNT }, (_, n) => ({
          user: USERS[n % 20],
          n,
          cents: (n % 20) * 4 + n,
          isOrdered: true,
        })).filter(({ n }) => n !== 13),
      );
      assert.equal((await system.metrics()).asks, 0);
    }),
  );
}

test('an ask for a message without a reply gives the tuple when it is handled', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const job = await start(balances, { system, workers: 1, params: { message: 'count' } });
    const input = job.input('users');
    for (let n = 0; n < 100; n++) await input.push({ user: 'u0', n });
    await job.stop();
    assert.equal((await system.get(vault, 'u0').ask.total({})).asked, 100);
    assert.deepEqual((await tuplesOf(job.output('out'))).at(-1), { user: 'u0', n: 99 });
  }),
);

test('an ask that fails without a policy fails the job, with its error', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    for (const [message, n, code] of [
      ['balance', 13, 'ACTOR_FAILED'],
      ['never', 0, 'ASK_TIMEOUT'],
    ] as const) {
      const job = await start(balances, { system, workers: 1, params: { message } });
      await job.input('users').push({ user: 'u1', n });
      await rejection(job.done, code);
    }
  }),
);

test('a letter goes by key, name or address, and a wrong one is a dead letter of its operator', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const named = system.spawn(vault, { name: 'named' });
    const plain = system.spawn(vault);
    const job = await start(ways, { system, workers: 1, notices: false });
    const input = job.input('ways');
    await input.pushAll([
      { way: 'none', to: 'x' },
      { way: 'wrong', to: 'x' },
      { way: 'key', to: 'keyed' },
      { way: 'name', to: 'named' },
      { way: 'address', to: plain.address },
    ]);
    input.end();
    await job.done;
    for (const ref of [system.get(vault, 'keyed'), named, plain]) assert.equal((await ref.ask.total({})).cents, 1);
    const letters: string[] = [];
    for await (const { operator, error } of job.deadLetters)
      letters.push(`${operator} ${(error as { code?: string }).code}`);
    assert.deepEqual(letters, ['told BAD_OPTION', 'told BAD_VALUE']);
    // An address that is none is no tuple's failure to be left out: nobody knows whom it was for.
    const second = await start(ways, { system, workers: 1, notices: false });
    await second.input('ways').push({ way: 'address', to: 'nowhere' });
    await rejection(second.done, 'BAD_OPTION');
  }),
);

test('a flow needs its system, and fails by name when that stops', TIMEOUT, async () => {
  const params = { count: 10, workers: 1 };
  const error = await rejection(deposits.run({ params }), 'NO_SYSTEM');
  assert.match(error.message, /operator 'deposits' of flow 'deposits' .*: run\(\{ system \}\)/);
  await rejection(deposits.run({ params, system: {} as never }), 'BAD_OPTION');
  const jobs: Promise<void>[] = [];
  let stopped: ActorSystem | undefined;
  await withSystem({ workers: 1 }, async (system) => {
    stopped = system;
    const asking = await start(balances, { system, workers: 1, notices: false, params: { message: 'balance' } });
    const listening = await start(alarmed, { system, workers: 1, notices: false });
    const telling = await start(ways, { system, workers: 1, notices: false });
    jobs.push(asking.done, listening.done, telling.done);
    for (const each of jobs) each.catch(() => {});
  });
  for (const each of jobs) await rejection(each, 'SYSTEM_STOPPED');
  const late = { params, workers: 1, notices: false, ...(stopped && { system: stopped }) };
  await rejection(deposits.run(late), 'SYSTEM_STOPPED');
});

test('a job that is cancelled leaves the system as it is', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const job = await start(alarmed, { system, workers: 1, ringBytes: 1 << 12 });
    const one = system.get(vault, 'one');
    for (let n = 0; n < 5000; n++) await one.tell.deposit({ cents: 99, n });
    await job.cancel();
    assert.equal((await one.ask.total({})).deposits, 5000);
    assert.ok((await system.metrics()).deadLetters > 0, 'what waited is told of');
    await (await start(alarmed, { system, workers: 1 })).stop();
  }),
);

test('mistakes are typed errors when the flow is declared', async () => {
  const letter = (): never => undefined as never;
  thrown(() => tell(vault, 'withdraw' as never, letter), 'UNKNOWN_MESSAGE');
  thrown(() => tell(vault, 'balance' as never, letter), 'BAD_OPTION');
  thrown(() => tell({} as never, 'deposit' as never, letter), 'BAD_OPTION');
  thrown(() => tell(vault, 'deposit', 5 as never), 'BAD_OPTION');
  thrown(() => ask(vault, 'withdraw' as never, letter), 'UNKNOWN_MESSAGE');
  thrown(() => ask(vault, 'balance', letter, { capacity: 0 }), 'BAD_OPTION');
  thrown(() => told(alarms, 'sized' as never), 'BAD_OPTION');
  thrown(() => told(alarms, 'lowered' as never), 'UNKNOWN_MESSAGE');
  thrown(() => told(alarms, 'other' as never), 'BAD_SCHEMA');
  thrown(() => told(vault as never, 'deposit' as never), 'BAD_OPTION');
  const clash = dataflow(import.meta.url, 'clash', (flow) => {
    const users = flow.source('users', push({ user: t.string(), cents: t.f64() }));
    return users
      .through(
        'balances',
        ask(vault, 'balance', ({ user }) => ({ key: user, message: { plus: 0 } })),
      )
      .collect('out');
  });
  await rejection(clash.run(), 'BAD_FLOW');
});

test('workers of the flow and of the system die, and each tuple is told, asked and taken once', TIMEOUT, () =>
  withSystem({ workers: 2, ringBytes: 1 << 15, ...RESUMING }, async (system) => {
    const COUNT = 60_000;
    const ringBytes = 1 << 14;
    const listening = await start(alarmed, { system, workers: 1, ringBytes });
    const asking = await start(balances, {
      system,
      workers: 1,
      ringBytes,
      params: { message: 'balance', capacity: 32, isLenient: true },
    });
    const telling = await start(deposits, { system, workers: 1, ringBytes, params: { count: COUNT, workers: 1 } });
    const heard = tuplesOf(listening.output('out'));
    const answered = tuplesOf(asking.output('out'));
    const ASKS = 4000;
    const pushing = (async () => {
      const input = asking.input('users');
      for (let n = 0; n < ASKS; n++) await input.push({ user: USERS[n % 20], n });
      input.end();
    })();
    let isDone = false;
    const all = Promise.all([telling.done, asking.done, pushing]).finally(() => {
      isDone = true;
    });
    let kills = 0;
    for (let turn = 0; !isDone && kills < 8; turn++) {
      await sleep(60);
      if (turn % 2 === 0) await system.metrics();
      if (await kill([system.job, telling, listening, asking][turn % 4] as AnyJob, turn)) kills++;
    }
    await all;
    assert.ok(kills > 0, 'somebody was killed');
    assert.deepEqual(await totalsOf(system), expected(COUNT));
    const raised = Array.from({ length: COUNT }, (_, i) => payment(i)).filter(({ cents }) => cents >= 90);
    await until(
      () => (listening.reading().operators.find(({ name }) => name === 'alarms')?.tuplesOut ?? 0) >= raised.length,
      'all alarms are in',
    );
    await listening.stop();
    const alarmsOf = (user: string, tuples: readonly { n: number; user?: string; vault?: string }[]): number[] =>
      tuples.filter((tuple) => (tuple.user ?? tuple.vault) === user).map(({ n }) => n);
    const all2 = await heard;
    for (const user of USERS) assert.deepEqual(alarmsOf(user, all2), alarmsOf(user, raised));
    assert.deepEqual(
      (await answered).map(({ n }) => n),
      Array.from({ length: ASKS }, (_, n) => n).filter((n) => n !== 13),
    );
  }),
);
