// Goal: failures are counted for whom the docs say, restarts wait as long as they say, and groups hand on to who is there.
// Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActorRef } from '../../src/index.ts';
import { testSystem } from '../../src/testing.ts';
import { family, starter } from '../kit/actors/faults.ts';
import { counter, parent } from '../kit/actors/probe.ts';
import { rejection } from '../kit/run-flow.ts';

const WAYS = [{}, { seed: 3 }, { seed: 11, rollback: true }, { restartAfterEachMessage: true }];
const named = (options: object): string => `, ${JSON.stringify(options)}`;
const FOR_EVER = { timeoutMs: 1e9 };

for (const how of WAYS) {
  test(`14: a parent counts the failures of all its children together${named(how)}`, async () => {
    const system = testSystem(how);
    const one = system.spawn(parent, { args: { log: '' } });
    const children: ActorRef<typeof counter>[] = [];
    for (let i = 0; i < 3; i++) {
      const { address } = await one.ask.child({ restart: 'transient' }, FOR_EVER);
      children.push(system.ref(counter, address));
    }
    await system.settled();
    for (const [i, child] of children.entries()) {
      await rejection(child.ask.crash({ text: 'x' }, FOR_EVER), 'ACTOR_FAILED');
      await system.settled();
      const areThere: boolean = children.every((each) => system.tested(each).isThere);
      // Its intensity is 2.
      assert.equal(areThere, i < 2);
    }
    assert.equal(system.tested(one).isThere, true);
  });

  test(`14: a start that always fails is given up, though each restart waits longer than the period${named(how)}`, async () => {
    const system = testSystem({ supervision: { intensity: 4, periodMs: 50, backoffMs: 1000 }, ...how });
    const args = { failures: 1_000_000, key: `given up ${JSON.stringify(how)}`, isAsync: false };
    const one = system.spawn(starter, { args });
    let reason = '';
    void system.watch(one).then((ended) => {
      ({ reason } = ended);
    });
    await system.advance(1000 + 2000 + 4000);
    assert.equal(reason, '');
    await system.advance(8000);
    assert.equal(reason, 'failed');
    assert.equal(system.failures().length, 5);
  });

  test(`14: ends of permanent children are no failures; after a quiet hour the shortest wait holds${named(how)}`, async () => {
    const system = testSystem({ supervision: { backoffMs: 100, intensity: 10 }, ...how });
    const one = system.spawn(parent, { args: { log: '' } });
    const { address } = await one.ask.child({ restart: 'permanent' }, FOR_EVER);
    const child = system.ref(counter, address);
    for (let i = 0; i < 10; i++) await child.tell.quit({});
    assert.deepEqual(await child.ask.get({}, FOR_EVER), { n: 0 });
    assert.deepEqual(system.failures(), []);

    const other = system.tested(system.spawn(counter));
    const fails = async (waitsMs: number): Promise<void> => {
      await rejection(other.ask.crash({ text: 'x' }, FOR_EVER), 'ACTOR_FAILED');
      await other.tell.add({ n: 1 });
      await system.advance(waitsMs - 1);
      assert.equal(other.waiting, 1);
      await system.advance(1);
      assert.equal(other.waiting, 0);
    };
    await fails(100);
    await fails(200);
    await fails(400);
    await system.advance(3_600_000);
    await fails(100);
  });

  test(`16: a parent that goes on keeps its children, one that begins again has as many anew${named(how)}`, async () => {
    for (const directive of ['resume', 'restart'] as const) {
      const system = testSystem({ supervision: { directive, intensity: 10 }, ...how });
      const name = `top ${directive}`;
      const top = system.tested(system.spawn(family, { name, args: { depth: 2, name } }));
      const ids = (): string[] => {
        const children = top.children.map((each) => system.tested(each));
        return [...children, ...children.flatMap((each) => each.children)].map(({ address }) => address).sort();
      };
      await system.advance(50);
      const before = ids();
      assert.equal(before.length, 6);
      const ended: string[] = [];
      for (const each of ['a', 'b', 'a/a', 'b/b']) {
        void system.watch(system.find(family, `${name}/${each}`)).then(({ reason }) => ended.push(`${each} ${reason}`));
      }
      await system.settled();
      for (let i = 0; i < 3; i++) {
        await rejection(top.ask.fail({}, FOR_EVER), 'ACTOR_FAILED');
        await system.advance(50);
        assert.deepEqual(ids(), before);
      }
      const all = ['a stopped', 'a/a stopped', 'b stopped', 'b/b stopped'];
      assert.deepEqual(ended.sort(), directive === 'resume' ? [] : all);
    }
  });

  test(`35: a group hands on to who is there, once each, and whoever throws begins again alone${named(how)}`, async () => {
    const system = testSystem({ supervision: { intensity: 100 }, ...how });
    const group = system.group(counter, 'routed');
    await rejection(group.next.ask.get({}, FOR_EVER), 'TARGET_STOPPED');
    await rejection(group.keyed('k').ask.get({}, FOR_EVER), 'TARGET_STOPPED');
    group.tell.add({ n: 1 });
    await system.settled();
    assert.equal(system.deadLetters().length, 1);
    const members = Array.from({ length: 4 }, () => system.tested(system.spawn(counter)));
    for (const each of members) group.join(each.ref);
    // Told right behind that.
    for (let i = 0; i < 8; i++) void group.next.tell.add({ n: 1 });
    for (let i = 0; i < 10; i++) void group.tell.add({ n: 100 });
    await system.settled();
    const sums = (): (number | undefined)[] => members.map(({ state }) => state?.n);
    assert.deepEqual(sums(), [1002, 1002, 1002, 1002]);
    members[0].ref.stop();
    await system.settled();
    // Who is disturbed at each message takes long over many.
    const isSlow = 'rollback' in how || 'restartAfterEachMessage' in how;
    const each = isSlow ? 5 : 133;
    const sum = 1002 + each * 10_000;
    for (let i = 0; i < 3 * each; i++) void group.next.tell.add({ n: 10_000 });
    await system.settled();
    assert.deepEqual(sums(), [undefined, sum, sum, sum]);
    await rejection(group.keyed('key').ask.crash({ text: 'x' }, FOR_EVER), 'ACTOR_FAILED');
    await system.settled();
    assert.deepEqual(sums().sort(), [0, sum, sum, undefined].sort());
    for (let i = 0; i < (isSlow ? 5 : 100); i++)
      for (let n = 0; n < 5; n++) void group.keyed(`key ${i}`).tell.add({ n: 1 });
    await system.settled();
    assert.ok(sums().every((n) => n === undefined || n % 5 === sum % 5 || n % 5 === 0));
    assert.deepEqual(system.deadLetters(), []);
  });
}
