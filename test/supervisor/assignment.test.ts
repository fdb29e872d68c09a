// Goal: a plan of moves keeps every key group with one owner, uses the given replicas only, moves nothing for nothing, and
// leaves no replica with much more than its share where single groups allow that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { initialOwner } from '../../src/flow/plan.ts';
import { KEY_GROUPS, keyGroupOf, mix32 } from '../../src/mailbox/hash.ts';
import { type Move, planMoves } from '../../src/supervisor/elasticity/assignment.ts';
import { runs } from '../kit/arbitraries.ts';

const REPLICAS_MAX = 8;

/** Owners after the moves. Each must give what it has. */
function applied(owners: readonly number[], moves: readonly Move[]): number[] {
  const after = [...owners];
  const moved = new Set<number>();
  for (const { from, to, groups } of moves) {
    assert.notEqual(from, to);
    assert.ok(groups.length > 0);
    for (const group of groups) {
      assert.equal(owners[group], from);
      assert.ok(!moved.has(group), `group ${group} moves once`);
      moved.add(group);
      after[group] = to;
    }
  }
  return after;
}

function weightsOf(owners: readonly number[], loads: readonly number[], replicas: readonly number[]): number[] {
  return replicas.map((replica) => loads.reduce((sum, load, group) => sum + (owners[group] === replica ? load : 0), 0));
}

const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);
const hottestOverMean = (weights: readonly number[]): number => (Math.max(...weights) * weights.length) / sum(weights);

const owners = fc.array(fc.nat(REPLICAS_MAX - 1), { minLength: KEY_GROUPS, maxLength: KEY_GROUPS });
const replicas = fc.uniqueArray(fc.nat(REPLICAS_MAX - 1), { minLength: 1, maxLength: REPLICAS_MAX });
const load = fc.oneof(
  { weight: 4, arbitrary: fc.nat(100) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(100_000) },
);
const loads = fc.array(load, { minLength: KEY_GROUPS, maxLength: KEY_GROUPS });

/** One group with nearly all the load. */
const hotLoads = fc
  .nat(KEY_GROUPS - 1)
  .map((hot) => Array.from({ length: KEY_GROUPS }, (_, group) => (group === hot ? 1e6 : 1)));

test('nobody is without groups before it is given some: it would retire, and be asked all the same', () => {
  const check = (from: readonly number[], weights: readonly number[], allowed: readonly number[]): void => {
    const counts = new Map<number, number>();
    for (const owner of from) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    for (const { from: giver, to, groups } of planMoves(from, weights, allowed)) {
      const isJoining = !from.includes(to);
      assert.ok(isJoining || (counts.get(to) ?? 0) > 0, `replica ${to} has given all away before it is given more`);
      counts.set(giver, (counts.get(giver) ?? 0) - groups.length);
      counts.set(to, (counts.get(to) ?? 0) + groups.length);
    }
  };
  // Replica 2 leaves; its hot group goes to replica 1, which gives all others to replica 0.
  const hot = Array.from({ length: KEY_GROUPS }, (_, group) => (group === 0 ? 1e6 : 1));
  const thirds = hot.map((_, group) => (group === 0 ? 2 : group < 129 ? 0 : 1));
  assert.equal(planMoves(thirds, hot, [0, 1]).length, 2);
  check(thirds, hot, [0, 1]);
  fc.assert(fc.property(owners, fc.oneof(loads, hotLoads), replicas, check), runs(500));
});

test('every group has one owner afterwards, of those that may; a second plan moves nothing', () => {
  fc.assert(
    fc.property(owners, loads, replicas, (from, weights, allowed) => {
      const moves = planMoves(from, weights, allowed);
      const after = applied(from, moves);
      assert.ok(after.every((owner) => allowed.includes(owner)));
      assert.equal(new Set(moves.map(({ from, to }) => `${from} ${to}`)).size, moves.length, 'one hand-over a pair');
      assert.deepEqual(planMoves(from, weights, allowed), moves, 'the same again');
      assert.deepEqual(planMoves(after, weights, allowed), []);
    }),
    runs(300),
  );
});

test('no replica is above its share by more than the heaviest group, or a twentieth', () => {
  fc.assert(
    fc.property(owners, loads, replicas, (from, weights, allowed) => {
      const after = applied(from, planMoves(from, weights, allowed));
      const spread = weightsOf(after, weights, allowed);
      const share = sum(spread) / allowed.length;
      // What groups without load weigh.
      const slack = share * 0.002 + 1;
      assert.ok(Math.max(...spread) <= share + Math.max(Math.max(...weights), share * 0.1) + slack);
    }),
    runs(300),
  );
});

test('what stays within its share stays where it is', () => {
  fc.assert(
    fc.property(loads, fc.integer({ min: 2, max: REPLICAS_MAX }), (weights, count) => {
      const from = weights.map((_, group) => initialOwner(group, count));
      const allowed = Array.from({ length: count }, (_, replica) => replica);
      const before = weightsOf(from, weights, allowed);
      const share = sum(before) / count;
      const moves = planMoves(from, weights, allowed);
      // One with less may be given a heavy group, and gives light ones for it.
      for (const { from: giver } of moves) {
        assert.ok(before[giver] > share || moves.some(({ to }) => to === giver), `${giver} had too much`);
      }
      if (before.every((weight) => weight <= share * 1.04)) assert.deepEqual(moves, []);
    }),
    runs(300),
  );
});

test('equal loads: a new replica gets its share and no more; one that leaves gives all it has', () => {
  const ones = new Array(KEY_GROUPS).fill(1);
  for (let count = 1; count < REPLICAS_MAX; count++) {
    const from = ones.map((_, group) => initialOwner(group, count));
    const more = Array.from({ length: count + 1 }, (_, replica) => replica);
    const out = planMoves(from, ones, more);
    const moved = out.flatMap(({ groups }) => groups).length;
    assert.ok(out.every(({ to }) => to === count));
    assert.ok(Math.abs(moved - KEY_GROUPS / (count + 1)) <= count, `${moved} groups move to replica ${count}`);
    const after = applied(from, out);
    const back = planMoves(after, ones, more.slice(0, count));
    assert.ok(back.every(({ from: giver }) => giver === count));
    assert.equal(back.flatMap(({ groups }) => groups).length, moved);
  }
});

test('loads of nothing at all are spread by number', () => {
  const after = applied(
    new Array(KEY_GROUPS).fill(0),
    planMoves(new Array(KEY_GROUPS).fill(0), new Array(KEY_GROUPS).fill(0), [0, 1, 2, 3]),
  );
  assert.deepEqual(weightsOf(after, new Array(KEY_GROUPS).fill(1), [0, 1, 2, 3]), [64, 64, 64, 64]);
});

test('keys of Zipf(1.1) on 4 replicas: the hottest is at most 1.2 times the mean, where no group alone is more', () => {
  const allowed = [0, 1, 2, 3];
  for (let salt = 0; salt < 20; salt++) {
    const weights = new Array(KEY_GROUPS).fill(0);
    for (let rank = 1; rank <= 20_000; rank++) {
      const group = keyGroupOf(mix32(rank * 7919 + salt * 104_729));
      weights[group] += rank ** -1.1;
    }
    assert.ok((Math.max(...weights) * 4) / sum(weights) < 1);
    for (const before of [1, 2, 4]) {
      const from = weights.map((_, group) => initialOwner(group, before));
      const moves = planMoves(from, weights, allowed);
      const reached = hottestOverMean(weightsOf(applied(from, moves), weights, allowed));
      assert.ok(reached <= 1.1, `salt ${salt}: ${reached}`);
      if (before === 4) assert.ok(moves.flatMap(({ groups }) => groups).length <= KEY_GROUPS / 4);
    }
  }
});
