// Goal: a group hands its mail to the member that has least of it to do, whatever becomes of members, mail and threads.
// Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testSystem } from '../../src/testing.ts';
import { log } from '../kit/actors/probe.ts';
import { desk, newestRoutee, oldestRoutee, routee } from '../kit/actors/routees.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, until } from '../kit/run-flow.ts';

const WAYS = [{}, { seed: 3 }, { seed: 11, rollback: true }, { restartAfterEachMessage: true }];
const named = (options: object): string => `, ${JSON.stringify(options)}`;
const FOR_EVER = { timeoutMs: 1e12 };

for (const how of WAYS) {
  /** A group of four, with a gate that holds who is told so. */
  const scene = async (definition: typeof routee = routee) => {
    const system = testSystem({ handlerTimeoutMs: 0, supervision: { directive: 'resume', intensity: 100 }, ...how });
    const group = system.group(definition, 'routed');
    const members = Array.from({ length: 4 }, () => system.tested(system.spawn(definition)));
    for (const { ref } of members) group.join(ref);
    await system.settled();
    const gate = system.standIn(log);
    const got = (): (number | undefined)[] => members.map(({ state }) => state?.n);
    const waiting = (): number[] => members.map((each) => each.waiting);
    const tellQuick = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await group.smallest.tell.quick({});
    };
    const open = async (): Promise<void> => {
      for (const each of gate.received()) await each.reply({ lines: [] });
      await system.settled();
    };
    return { system, group, members, gate, got, waiting, tellQuick, open };
  };

  test(`35: who is at work gets nothing while others are free${named(how)}`, async () => {
    const { group, gate, got, tellQuick, open } = await scene();
    await group.smallest.tell.hold({ gate: gate.address });
    await tellQuick(12);
    assert.deepEqual(got().sort(), [0, 4, 4, 4]);
    await open();
    await tellQuick(8);
    assert.deepEqual(got().sort(), [2, 6, 6, 6]);
  });

  test(`35: a member that others keep busy is told once at most${named(how)}`, async () => {
    const { members, gate, got, waiting, tellQuick, open } = await scene();
    await members[2].tell.hold({ gate: gate.address });
    await tellQuick(13);
    assert.deepEqual(
      [waiting(), got()],
      [
        [0, 0, 1, 0],
        [4, 4, 0, 4],
      ],
    );
    await open();
    assert.deepEqual(got(), [4, 4, 1, 4]);
  });

  test(`35: where all are at work the shortest mailbox comes first, whichever way mail had come${named(how)}`, async () => {
    const { system, group, gate, got, waiting, tellQuick, open } = await scene();
    for (let i = 0; i < 4; i++) await group.smallest.tell.hold({ gate: gate.address });
    await tellQuick(8);
    assert.deepEqual(waiting(), [2, 2, 2, 2]);
    await group.keyed('a key').tell.quick({});
    await tellQuick(3);
    assert.deepEqual(waiting(), [3, 3, 3, 3]);
    await group.tell.quick({});
    await tellQuick(4);
    assert.deepEqual(waiting(), [5, 5, 5, 5]);
    const [first] = gate.received();
    await first.reply({ lines: [] });
    await system.settled();
    const idle = got().indexOf(5);
    await tellQuick(6);
    assert.equal(got()[idle], 11);
    await open();
  });

  test(`35: who fails, leaves, comes back or ends is counted right${named(how)}`, async () => {
    const { system, group, members, gate, got, waiting, tellQuick, open } = await scene();
    await rejection(group.smallest.ask.crash({}, FOR_EVER), 'ACTOR_FAILED');
    for (let i = 0; i < 4; i++) await group.smallest.tell.hold({ gate: gate.address });
    await tellQuick(4);
    group.leave(members[1].ref);
    group.join(members[1].ref);
    await system.settled();
    // What it has from before is no longer counted.
    await tellQuick(2);
    assert.deepEqual(waiting(), [1, 3, 1, 1]);
    members[3].ref.stop({ now: true });
    await system.settled();
    assert.equal(system.deadLetters().length, 2);
    await tellQuick(3);
    assert.deepEqual(waiting(), [2, 4, 2, 0]);
    await open();
    await tellQuick(3);
    assert.deepEqual(got(), [3, 5, 3, undefined]);
    for (const { ref } of members) ref.stop();
    await system.settled();
    await rejection(group.smallest.ask.got({}, FOR_EVER), 'TARGET_STOPPED');
  });

  for (const definition of [newestRoutee, oldestRoutee]) {
    test(`counting takes no room of a mailbox: ${definition.name}${named(how)}`, async () => {
      const { system, group, gate, got, waiting, tellQuick, open } = await scene(definition as typeof routee);
      for (let i = 0; i < 4; i++) await group.smallest.tell.hold({ gate: gate.address });
      await tellQuick(8);
      assert.deepEqual([waiting(), system.deadLetters()], [[2, 2, 2, 2], []]);
      await tellQuick(12);
      assert.deepEqual([waiting(), system.deadLetters().length], [[2, 2, 2, 2], 12]);
      await open();
      assert.deepEqual(got(), [2, 2, 2, 2]);
      await tellQuick(8);
      assert.deepEqual([got(), system.deadLetters()], [[4, 4, 4, 4], []]);
    });
  }
}

test('members that are inboxes of the app are counted, too', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const group = system.group(desk, 'desks');
    const got = [0, 0];
    let open: () => void = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const inboxes = got.map((_, i) =>
      system.open(desk, {
        work: async ({ n }) => {
          got[i]++;
          if (n === 0) await opened;
        },
      }),
    );
    for (const { ref } of inboxes) group.join(ref);
    await group.smallest.tell.work({ n: 0 });
    await until(() => got.includes(1), 'one is at work');
    const busy = got.indexOf(1);
    for (let n = 1; n <= 10; n++) await group.smallest.ask.work({ n });
    assert.equal(got[busy], 1);
    assert.equal(got[1 - busy], 10);
    open();
    const isFree = async (): Promise<boolean> => {
      await group.smallest.ask.work({ n: 1 });
      return got[busy] > 1;
    };
    await until(isFree, 'it is told again');
  }),
);

test('each is answered once while threads are killed, and nobody is thought busy afterwards', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const group = system.group(routee, 'killed');
    const members = Array.from({ length: 6 }, () => system.spawn(routee));
    for (const each of members) group.join(each);
    const asks = 600;
    const answers: Promise<{ n: number }>[] = [];
    for (let n = 0; n < asks; n++) {
      answers.push(group.smallest.ask.ask({ n }, { timeoutMs: 60_000 }));
      if (n % 150 === 75) {
        const workers = system.job.workers();
        system.job.killWorker(workers[n % workers.length].worker);
        await sleep(20);
      }
    }
    const got = async (): Promise<number[]> => Promise.all(members.map(async (each) => (await each.ask.got({})).n));
    assert.deepEqual(
      (await Promise.all(answers)).map(({ n }) => n),
      Array.from({ length: asks }, (_, n) => n),
    );
    const before = await got();
    assert.equal(
      before.reduce((sum, n) => sum + n, 0),
      asks,
    );
    const isEachTold = async (): Promise<boolean> => {
      for (const _ of members) await group.smallest.ask.ask({ n: 0 });
      return (await got()).every((n, i) => n > before[i]);
    };
    await until(isEachTold, 'each has its turn');
  }),
);
