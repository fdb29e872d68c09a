// Goal: the supervision tree decides as OTP's would: by strategy, order, intensity and period, up to the job's failure; and a
// crash after progress is never held against a stream. Time is virtual. MILLRACE_TEST_SEED=<seed> repeats the randomised test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkSupervision, STRATEGIES, type Strategy, type SupervisionOptions } from '../../src/flow/failure-policy.ts';
import { ReplicaLife } from '../../src/supervisor/replicas/replica-life.ts';
import type { Exit, RestartDecision as Restart, RestartOrFail } from '../../src/supervisor/supervision/child.ts';
import { JobSupervision } from '../../src/supervisor/supervision/job-supervision.ts';
import { BACKOFF_MAX_MS } from '../../src/supervisor/supervision/restart-intensity.ts';
import { supervisionTree } from '../../src/supervisor/supervision/root.ts';
import type { SupervisionNode } from '../../src/supervisor/supervision/tree.ts';
import type { JobWorker } from '../../src/supervisor/workers/job-worker.ts';
import { runs } from '../kit/arbitraries.ts';

const NAMES = ['a', 'b', 'c', 'd'];

/** A replica without an actor: its life is all that supervisors know. */
class TestReplica extends ReplicaLife {
  readonly stage: { readonly index: number };
  readonly replica: number;

  constructor(index: number, replica: number, isDormant = false) {
    super(isDormant);
    this.stage = { index };
    this.replica = replica;
  }

  runOn(host: number): void {
    this.hostOn({ host } as JobWorker);
    this.runs();
  }
}

type Decision = RestartOrFail<TestReplica>;
type RestartDecision = Restart<TestReplica>;

interface ReplicaIndex {
  readonly operator: number;
  readonly replica: number;
}

type Crashed = ReplicaIndex & Pick<Exit<TestReplica>, 'progressed'>;

/** A job's supervision whose replicas are called by their numbers. */
class Tree extends JobSupervision<TestReplica> {
  readonly replicas: readonly (readonly TestReplica[])[];

  constructor(job: SupervisionOptions, replicas: readonly (readonly TestReplica[])[], operators: SupervisionOptions) {
    const supervised = replicas.map((each, operator) => ({
      name: NAMES[operator],
      replicas: each,
      supervision: checkSupervision('a', operators),
    }));
    super('job', supervised, { supervision: checkSupervision('run()', job), shutdownMs: 100 });
    this.replicas = replicas;
  }

  at({ operator, replica }: ReplicaIndex): TestReplica {
    return this.replicas[operator][replica];
  }

  crashed(crash: { replicas: readonly Crashed[]; counted: boolean; nowMs: number; stalledMs?: number }): Decision {
    const exits = crash.replicas.map((each): Exit<TestReplica> => {
      return { child: this.at(each), reason: 'crash', progressed: each.progressed };
    });
    return this.exited({ ...crash, exits });
  }
}

/** Operators a, b, c… with so many replicas each, all running, replica r of operator o on worker 10 o + r. */
function treeOf(
  counts: readonly number[],
  { job = {}, operators = {} }: { job?: SupervisionOptions; operators?: SupervisionOptions } = {},
): Tree {
  const replicas = counts.map((count, operator) =>
    Array.from({ length: count }, (_, replica) => new TestReplica(operator, replica)),
  );
  for (const each of replicas.flat()) each.runOn(10 * each.stage.index + each.replica);
  return new Tree(job, replicas, operators);
}

/** Crashes replicas such as 'b1': replica 1 of operator b. Without progress, and counted, unless told otherwise. */
function crash(
  tree: Tree,
  nowMs: number,
  replicas: string,
  { progressed = false, ...rest }: { progressed?: boolean; counted?: boolean; stalledMs?: number } = {},
): Decision {
  const crashed = replicas.split(' ').map((name) => ({ ...indexOf(name), progressed }));
  return tree.crashed({ replicas: crashed, counted: true, nowMs, ...rest });
}

function restart(...[tree, nowMs, replicas, options]: Parameters<typeof crash>): RestartDecision {
  const decision = crash(tree, nowMs, replicas, options);
  assert.equal(decision.kind, 'restart');
  return decision as RestartDecision;
}

const indexOf = (name: string): ReplicaIndex => ({ operator: NAMES.indexOf(name[0]), replica: Number(name.slice(1)) });
const nameOf = ({ stage, replica }: TestReplica): string => `${NAMES[stage.index]}${replica}`;
const nameAt = ({ operator, replica }: ReplicaIndex): string => `${NAMES[operator]}${replica}`;
const namesOf = (replicas: readonly TestReplica[]): string => replicas.map(nameOf).join(' ');
const startsOf = ({ starts }: RestartDecision): string => namesOf(starts.map(({ child }) => child));

/** Does what a decision says. */
function obey(_: Tree, { starts }: RestartDecision): void {
  for (const { child } of starts) child.runOn(10 * child.stage.index + child.replica);
}

const escalated = ({ escalations }: Decision): string =>
  escalations.map(({ from, to }) => `${from} → ${to}`).join(', ');

const nodeAt = (node: SupervisionNode, ...path: number[]): SupervisionNode =>
  path.reduce((at, child) => at.children[child], node);

test('one_for_one restarts the crashed replica only', () => {
  const tree = treeOf([2, 3, 1]);
  const { starts, ...decision } = restart(tree, 0, 'b1');
  assert.deepEqual(decision, { kind: 'restart', delayMs: 0, stops: [], escalations: [] });
  assert.equal(starts.length, 1);
  assert.equal(starts[0].child, tree.at(indexOf('b1')));
  assert.equal(starts[0].supervisor, 'job/b');
});

test('one_for_all stops the siblings right to left and starts all left to right, within the operator', () => {
  const decision = restart(treeOf([2, 3, 1], { operators: { strategy: 'one_for_all' } }), 0, 'b1');
  assert.equal(namesOf(decision.stops), 'b2 b0');
  assert.deepEqual(
    decision.stops.map(({ host }) => host),
    [12, 10],
  );
  assert.equal(startsOf(decision), 'b0 b1 b2');
});

test('rest_for_one restarts the crashed replica and those declared after it', () => {
  const decision = restart(treeOf([2, 4, 1], { operators: { strategy: 'rest_for_one' } }), 0, 'b1');
  assert.equal(namesOf(decision.stops), 'b3 b2');
  assert.equal(startsOf(decision), 'b1 b2 b3');
});

for (const [strategy, stops, starts] of [
  ['one_for_one', 'b0', 'b0 b1'],
  ['rest_for_one', 'd0 c1 c0 b0', 'b0 b1 c0 c1 d0'],
  ['one_for_all', 'd0 c1 c0 b0 a1 a0', 'a0 a1 b0 b1 c0 c1 d0'],
] as const) {
  test(`${strategy} at the job restarts whole operators when one escalates`, () => {
    const tree = treeOf([2, 2, 2, 1], { job: { strategy }, operators: { intensity: 0 } });
    const decision = restart(tree, 0, 'b1');
    assert.equal(escalated(decision), 'job/b → job');
    assert.equal(namesOf(decision.stops), stops);
    assert.equal(startsOf(decision), starts);
    assert.ok(decision.starts.every(({ supervisor }) => supervisor === 'job'));
  });
}

test('the strategy of the job does not matter while operators do not escalate', () => {
  const decision = restart(treeOf([2, 2, 2], { job: { strategy: 'one_for_all' } }), 0, 'b1');
  assert.equal(startsOf(decision), 'b1');
});

test('by default a second crash without progress within 5 s escalates, one after more than 5 s does not', () => {
  for (const [atMs, escalations] of [
    [5000, 'job/a → job'],
    [5001, ''],
  ] as const) {
    const tree = treeOf([1]);
    obey(tree, restart(tree, 0, 'a0'));
    assert.equal(escalated(restart(tree, atMs, 'a0')), escalations, `at ${atMs}`);
  }
});

test('the period slides: only the crashes within it count', () => {
  const tree = treeOf([3], { operators: { intensity: 2, periodMs: 1000 } });
  // Three replicas that take turns, so that no backoff moves the times.
  for (const [nowMs, replica] of [
    [0, 'a0'],
    [900, 'a1'],
    [1100, 'a2'],
  ] as const) {
    const decision = restart(tree, nowMs, replica);
    assert.equal(decision.delayMs, 0);
    assert.equal(escalated(decision), '');
    obey(tree, decision);
  }
  assert.equal(escalated(restart(tree, 1900, 'a0')), 'job/a → job');
});

test('crashes with progress between them never escalate, however many', () => {
  const tree = treeOf([1], { job: { intensity: 0 }, operators: { intensity: 0 } });
  for (let i = 0; i < 1000; i++) {
    const decision = restart(tree, i, 'a0', { progressed: true });
    assert.equal(decision.delayMs, 0);
    assert.equal(escalated(decision), '');
    obey(tree, decision);
  }
  assert.equal(crash(tree, 1000, 'a0').kind, 'fail');
});

test('crashes that belong to the isolation of a poison tuple do not count and do not wait', () => {
  const tree = treeOf([1], { job: { intensity: 0 }, operators: { intensity: 0 } });
  for (let i = 0; i < 3; i++) {
    const decision = restart(tree, i, 'a0', { counted: false });
    assert.equal(decision.delayMs, 0);
    assert.equal(startsOf(decision), 'a0');
    obey(tree, decision);
  }
});

test('backoff: none at first, then 10 ms doubling to 1 s, and none again after progress', () => {
  const tree = treeOf([1], { operators: { intensity: 1000 } });
  const delays = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => {
      const decision = restart(tree, i * 60_000, 'a0');
      obey(tree, decision);
      return decision.delayMs;
    });
  assert.deepEqual(delays(10), [0, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
  assert.equal(restart(tree, 1e6, 'a0', { progressed: true }).delayMs, 0);
  assert.equal(restart(tree, 2e6, 'a0').delayMs, 10);
  // An uncounted death says nothing about the loop, but progress does.
  assert.equal(restart(tree, 3e6, 'a0', { counted: false }).delayMs, 0);
  assert.equal(restart(tree, 3e6, 'a0').delayMs, 20);
  assert.equal(restart(tree, 3e6, 'a0', { counted: false, progressed: true }).delayMs, 0);
  assert.equal(restart(tree, 4e6, 'a0').delayMs, 0);
});

test('backoff is the longest of the replicas that crash together', () => {
  const tree = treeOf([1, 1], { operators: { intensity: 100 } });
  for (let i = 0; i < 4; i++) obey(tree, restart(tree, i, 'b0'));
  assert.equal(restart(tree, 5, 'a0 b0').delayMs, 80);
  assert.equal(restart(tree, 6, 'a0').delayMs, 10);
});

/** Crashes a0 as soon as it runs again, until the job fails. */
function loopUntilFailure(tree: Tree, restartMs: number, stalledMs: number): string[] {
  const told: string[] = [];
  let nowMs = 0;
  for (let i = 0; i < 1000; i++) {
    nowMs += restartMs + stalledMs;
    const decision = crash(tree, nowMs, 'a0', { stalledMs });
    told.push(escalated(decision));
    if (decision.kind === 'fail') return told;
    obey(tree, decision);
    nowMs += decision.delayMs;
  }
  return told;
}

test('a crash loop climbs the tree: restart, escalation, restart, and the job fails with the whole chain', () => {
  assert.deepEqual(loopUntilFailure(treeOf([2, 1]), 10, 0), ['', 'job/a → job', '', 'job/a → job, job → millrace']);
});

test('neither backoff nor the time to find a hang hides a crash loop from the intensity', () => {
  const options = { job: { intensity: 3 }, operators: { intensity: 20 } };
  const told = loopUntilFailure(treeOf([1], options), 1, 0);
  assert.equal(told.length, 4 * 21);
  assert.equal(told.at(-1), 'job/a → job, job → millrace');
  assert.equal(loopUntilFailure(treeOf([1]), 10, 10_000).length, 4);
  // Slow because it runs well for long in between, not because it hangs: that is what the period is for.
  assert.equal(loopUntilFailure(treeOf([1]), 10_000, 0).length, 1000);
});

test('hangs at the same time leave the same span out of the period, once', () => {
  const tree = treeOf([3], { operators: { intensity: 2 } });
  for (const replica of ['a0', 'a1']) obey(tree, restart(tree, 10_000, replica, { stalledMs: 10_000 }));
  for (const [nowMs, replica] of [
    [15_001, 'a2'],
    [15_002, 'a1'],
  ] as const) {
    const decision = restart(tree, nowMs, replica);
    assert.equal(escalated(decision), '');
    obey(tree, decision);
  }
});

test('an operator that its parent restarts forgets its crashes, others do not', () => {
  const tree = treeOf([1, 2], { job: { intensity: 10 }, operators: { periodMs: 60_000 } });
  obey(tree, restart(tree, 0, 'b0'));
  obey(tree, restart(tree, 1, 'a0'));
  assert.equal(escalated(restart(tree, 100, 'a0')), 'job/a → job');
  assert.equal(escalated(restart(tree, 200, 'a0')), '');
  assert.equal(escalated(restart(tree, 300, 'b1')), 'job/b → job');
});

test('replicas that crash together: one decision without duplicates, one event for each supervisor', () => {
  const tree = treeOf([2, 3, 1], { operators: { intensity: 1, strategy: 'rest_for_one' } });
  const decision = restart(tree, 0, 'b2 a1 b1 b2');
  assert.equal(startsOf(decision), 'a1 b1 b2');
  assert.deepEqual(decision.stops, []);
  assert.equal(escalated(decision), '');
  obey(tree, decision);
  // Both escalate, which is one event for the job: it would have failed at two.
  const second = restart(tree, 1, 'a0 b0');
  assert.equal(escalated(second), 'job/a → job, job/b → job');
  assert.equal(namesOf(second.stops), 'b2 b1 a1');
  assert.equal(startsOf(second), 'a0 a1 b0 b1 b2');
});

test('of replicas that crash together only those without progress count', () => {
  const tree = treeOf([1, 1], { operators: { intensity: 0 } });
  const replicas = [
    { operator: 0, replica: 0, progressed: true },
    { operator: 1, replica: 0, progressed: false },
  ];
  const decision = tree.crashed({ replicas, counted: true, nowMs: 0 });
  assert.equal(escalated(decision), 'job/b → job');
  assert.deepEqual(
    (decision as RestartDecision).starts.map(({ child, supervisor }) => [nameOf(child), supervisor]),
    [
      ['a0', 'job/a'],
      ['b0', 'job'],
    ],
  );
});

test('ended replicas are never restarted, by any strategy at any level', () => {
  for (const strategy of STRATEGIES) {
    const tree = treeOf([2, 2], { job: { strategy }, operators: { strategy, intensity: 0 } });
    tree.replicas[0][0].ended();
    tree.replicas[1][1].ended();
    const decision = restart(tree, 0, 'a0 a1');
    assert.ok(!/a0|b1/.test(startsOf(decision)), strategy);
    assert.deepEqual(restart(tree, 1, 'a0 b1').starts, [], 'and their crash counts for nothing');
    tree.replicas[0][0].runOn(7);
    assert.equal(nodeAt(tree.tree(), 0, 0).state, 'ended', 'a late report of a start changes nothing');
  }
});

test('a replica that is just being started is left to it, unless it crashes itself', () => {
  const tree = treeOf([3], { operators: { strategy: 'one_for_all', intensity: 10 } });
  assert.equal(startsOf(restart(tree, 0, 'a0')), 'a0 a1 a2');
  tree.replicas[0][2].runOn(4);
  const second = restart(tree, 1, 'a1');
  assert.equal(namesOf(second.stops), 'a2');
  assert.equal(second.stops[0].host, 4);
  assert.equal(startsOf(second), 'a1 a2');
});

test('after a failure the answer stays the same, and nothing is started', () => {
  const tree = treeOf([2], { job: { intensity: 0 }, operators: { intensity: 0 } });
  tree.replicas[0][1].ended();
  const failure = crash(tree, 0, 'a0');
  assert.deepEqual(failure, {
    kind: 'fail',
    escalations: [
      { from: 'job/a', to: 'job', intensity: 0, periodMs: 5000 },
      { from: 'job', to: 'millrace', intensity: 0, periodMs: 5000 },
    ],
  });
  tree.failed();
  assert.deepEqual(crash(tree, 1, 'a0', { progressed: true }), failure);
  tree.replicas[0][0].runOn(1);
  assert.equal(nodeAt(tree.tree(), 0, 0).state, 'failed');
  assert.equal(nodeAt(tree.tree(), 0, 1).state, 'ended');

  const other = treeOf([1]);
  other.failed();
  assert.deepEqual(crash(other, 0, 'a0'), { kind: 'fail', escalations: [] });
  assert.equal(other.tree().state, 'failed');
});

test('shutdown stops what has not ended, right to left', () => {
  const tree = treeOf([2, 0, 2]);
  tree.replicas[2][0].ended();
  const order = tree.shutdownOrder();
  assert.equal(namesOf(order.map(({ child }) => child)), 'c1 a1 a0');
  tree.failed();
  const afterFailure = tree.shutdownOrder().map(({ child }) => child);
  assert.equal(namesOf(afterFailure), 'c1 a1 a0', 'also when the job has failed: they still run');
  assert.ok(order.every(({ restart, shutdownMs }) => restart === 'transient' && shutdownMs === 100));
});

test('the supervisor of replicas is the lowest one above them all', () => {
  const tree = treeOf([2, 2]);
  assert.equal(tree.supervisorOf([tree.at(indexOf('b0')), tree.at(indexOf('b1'))]), 'job/b');
  assert.equal(tree.supervisorOf([tree.at(indexOf('a0')), tree.at(indexOf('b1'))]), 'job');
  assert.equal(tree.supervisorOf([]), 'job');
});

test('replicas are children from enlistment to retirement; the crash of one that is none is passed over', () => {
  const replicas = [[new TestReplica(0, 0), new TestReplica(0, 1, true)]];
  const tree = new Tree({ intensity: 0 }, replicas, { intensity: 0, strategy: 'one_for_all' });
  const [[first, second]] = replicas;
  const children = (): string[] => tree.tree().children[0].children.map(({ name, state }) => `${name} ${state}`);
  first.runOn(0);
  assert.deepEqual(children(), ['0 running']);
  assert.equal(startsOf(restart(tree, 0, 'a1')), '');
  tree.enlist(second);
  assert.deepEqual(children(), ['0 running', '1 starting']);
  second.runOn(1);
  const both = restart(tree, 1, 'a1', { progressed: true });
  assert.equal(namesOf(both.stops), 'a0');
  assert.equal(startsOf(both), 'a0 a1');
  obey(tree, both);
  tree.retire(second);
  assert.equal(second.state, 'dormant');
  assert.deepEqual(children(), ['0 running']);
  assert.equal(startsOf(restart(tree, 2, 'a1')), '');
  tree.enlist(second);
  tree.failed();
  assert.deepEqual(children(), ['0 failed', '1 failed']);
});

test('a replica that has ended, or whose job has failed, does not retire', () => {
  for (const end of ['ended', 'failed'] as const) {
    const tree = treeOf([2]);
    tree.replicas[0][1][end]();
    tree.retire(tree.replicas[0][1]);
    assert.equal(tree.replicas[0][1].state, end);
    assert.equal(tree.replicas[0][1].worker, undefined);
    assert.equal(tree.tree().children[0].children.length, 2);
  }
});

test('tree: names, settings, restarts, states and workers; and a copy', () => {
  const tree = treeOf([2, 1, 0], { job: { strategy: 'rest_for_one' }, operators: { intensity: 3 } });
  restart(tree, 0, 'a1');
  tree.replicas[1][0].ended();
  const before = tree.tree();
  const replica = { kind: 'replica', restarts: 0, worker: undefined, children: [] };
  const operator = { kind: 'operator', strategy: 'one_for_one', intensity: 3, periodMs: 5000, restarts: 0 };
  const expected = {
    name: 'job',
    kind: 'job',
    strategy: 'rest_for_one',
    intensity: 1,
    periodMs: 5000,
    restarts: 1,
    state: 'restarting',
    children: [
      {
        ...operator,
        name: 'a',
        restarts: 1,
        state: 'restarting',
        children: [
          { ...replica, name: '0', state: 'running', worker: 0 },
          { ...replica, name: '1', state: 'restarting', restarts: 1 },
        ],
      },
      { ...operator, name: 'b', state: 'ended', children: [{ ...replica, name: '0', state: 'ended' }] },
      { ...operator, name: 'c', state: 'restarting', children: [] },
    ],
  };
  assert.deepEqual(before, expected);
  tree.replicas[0][1].runOn(5);
  assert.deepEqual(before, expected);
  assert.equal(tree.tree().state, 'running');
  assert.equal(nodeAt(tree.tree(), 0, 1).worker, 5);
  assert.equal(treeOf([]).tree().state, 'running');
});

test('the root has the jobs that were added, and outlives their failures', () => {
  const [first, second] = [treeOf([1]), treeOf([2])];
  first.joinRoot();
  second.joinRoot();
  restart(first, 0, 'a0');
  second.failed();
  const root = supervisionTree();
  assert.deepEqual(
    { ...root, children: [] },
    {
      name: 'millrace',
      kind: 'root',
      strategy: 'one_for_one',
      restarts: 1,
      state: 'running',
      children: [],
    },
  );
  assert.deepEqual(
    root.children.map(({ state }) => state),
    ['restarting', 'failed'],
  );
  first.leaveRoot();
  second.leaveRoot();
  assert.deepEqual(supervisionTree().children, []);
});

test('supervision options: defaults, and BAD_OPTION for what cannot be meant', () => {
  assert.deepEqual(checkSupervision('run()', undefined), { strategy: 'one_for_one', intensity: 1, periodMs: 5000 });
  const given = { strategy: 'rest_for_one', intensity: 0, periodMs: 0.5 } as const;
  assert.deepEqual(checkSupervision('run()', given), given);
  for (const bad of [
    { strategy: 'simple_one_for_one' },
    { intensity: -1 },
    { intensity: 1.5 },
    { intensity: Infinity },
    { periodMs: 0 },
    { periodMs: Number.NaN },
    { period: 5 },
    7,
  ]) {
    assert.throws(() => checkSupervision(`operator 'a'`, bad as SupervisionOptions), { code: 'BAD_OPTION' });
  }
});

type Step =
  | {
      type: 'crash';
      replicas: readonly Crashed[];
      counted: boolean;
      stalledMs: number;
      afterMs: number;
    }
  | { type: 'obey' }
  | ({ type: 'end' } & ReplicaIndex);

const SHAPE = [2, 1, 3];
const everyReplica = SHAPE.flatMap((count, operator) =>
  Array.from({ length: count }, (_, replica): ReplicaIndex => ({ operator, replica })),
);
const anyReplica = fc.constantFrom(...everyReplica);
const anySupervision = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  intensity: fc.nat({ max: 4 }),
  periodMs: fc.constantFrom(10, 1000, 5000),
});
const anyCrash = fc.record({
  type: fc.constant('crash' as const),
  replicas: fc.uniqueArray(
    fc
      .record({ index: anyReplica, progressed: fc.boolean() })
      .map(({ index, progressed }) => ({ ...index, progressed })),
    { maxLength: 4, size: 'max', selector: nameAt },
  ),
  counted: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  stalledMs: fc.constantFrom(0, 0, 0, 500, 10_000),
  afterMs: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 8000 })),
});
const anySteps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: anyCrash },
    { weight: 6, arbitrary: fc.constant<Step>({ type: 'obey' }) },
    { weight: 1, arbitrary: anyReplica.map((index): Step => ({ type: 'end', ...index })) },
  ),
  { minLength: 10, maxLength: 80, size: 'max' },
);

/** All crashes that count at a supervisor since it started, and all spans left out: two bounds of its sliding window. */
class Ledger {
  private crashesMs: number[] = [];
  private pausedMs = 0;
  private readonly intensity: number;
  private readonly periodMs: number;

  constructor({ intensity, periodMs }: Required<SupervisionOptions>) {
    this.intensity = intensity;
    this.periodMs = periodMs;
  }

  pause(spanMs: number): void {
    this.pausedMs += spanMs;
  }

  /** Adds a crash, and checks whether the supervisor was right to give up, or not to. */
  add(nowMs: number, gaveUp: boolean): void {
    this.crashesMs.push(nowMs);
    const within = (spanMs: number): number => this.crashesMs.filter((timeMs) => nowMs - timeMs <= spanMs).length;
    if (within(this.periodMs) > this.intensity) assert.ok(gaveUp, 'too many within the period: it must give up');
    if (within(this.periodMs + this.pausedMs) <= this.intensity) assert.ok(!gaveUp, 'it gave up without a reason');
  }

  clear(): void {
    this.crashesMs = [];
    this.pausedMs = 0;
  }
}

/** Whether a strategy reaches a child, told by the children that crashed. */
const reaches = (strategy: Strategy, child: number, crashed: readonly number[]): boolean =>
  strategy === 'one_for_one'
    ? crashed.includes(child)
    : strategy === 'one_for_all'
      ? crashed.length > 0
      : crashed.some((other) => other <= child);

/** A decision in words, to compare those of two trees. */
const textOf = (decision: Decision): string =>
  decision.kind === 'fail'
    ? `fail: ${escalated(decision)}`
    : `${decision.delayMs} ms, ${namesOf(decision.stops)}; ${startsOf(decision)}; ${escalated(decision)}`;

test('random crashes: decisions follow from the definitions, and the intensity bounds the restarts', () => {
  const property = fc.property(anySupervision, anySupervision, anySteps, (job, operators, steps) => {
    const [tree, twin] = [treeOf(SHAPE, { job, operators }), treeOf(SHAPE, { job, operators })];
    const state = new Map(everyReplica.map((index) => [nameAt(index), 'running']));
    const restarts = new Map(everyReplica.map((index) => [nameAt(index), 0]));
    const ledger = new Ledger(job);
    const ledgers = SHAPE.map(() => new Ledger(operators));
    let nowMs = 0;
    let hasFailed = false;
    for (const step of steps) {
      if (step.type === 'obey') {
        for (const index of everyReplica) {
          if (state.get(nameAt(index)) !== 'restarting' || hasFailed) continue;
          state.set(nameAt(index), 'running');
          for (const each of [tree, twin]) each.at(index).runOn(0);
        }
        continue;
      }
      if (step.type === 'end') {
        state.set(nameAt(step), 'ended');
        for (const each of [tree, twin]) each.at(step).ended();
        continue;
      }
      const { replicas, counted, stalledMs, afterMs } = step;
      nowMs += afterMs;
      const decision = tree.crashed({ replicas, counted, stalledMs, nowMs });
      assert.equal(textOf(twin.crashed({ replicas, counted, stalledMs, nowMs })), textOf(decision), 'deterministic');
      if (hasFailed) {
        assert.equal(decision.kind, 'fail');
        continue;
      }

      const dead = replicas.filter((index) => state.get(nameAt(index)) !== 'ended');
      const counting = SHAPE.map((_, operator) =>
        dead.some((replica) => counted && !replica.progressed && replica.operator === operator),
      );
      const used = ledgers.filter((_, operator) => counting[operator]);
      if (used.length > 0) used.push(ledger);
      for (const each of used) each.pause(stalledMs);
      const exceeded = SHAPE.map((_, operator) => operator).filter((operator) => {
        const gaveUp = decision.escalations.some(({ from }) => from === `job/${NAMES[operator]}`);
        if (counting[operator]) ledgers[operator].add(nowMs, gaveUp);
        else assert.ok(!gaveUp, 'it gave up without a crash');
        return gaveUp;
      });
      hasFailed = decision.kind === 'fail';
      if (exceeded.length > 0) ledger.add(nowMs, hasFailed);
      const chain = exceeded.map((operator) => `job/${NAMES[operator]} → job`);
      assert.equal(escalated(decision), [...chain, ...(hasFailed ? ['job → millrace'] : [])].join(', '));
      if (decision.kind === 'fail') {
        assert.ok(exceeded.length > 0);
        continue;
      }

      assert.ok(decision.delayMs >= 0 && decision.delayMs <= BACKOFF_MAX_MS);
      for (const each of used) each.pause(decision.delayMs);
      const whole = SHAPE.map((_, operator) => reaches(job.strategy, operator, exceeded));
      for (const [operator, isWhole] of whole.entries()) if (isWhole) ledgers[operator].clear();
      const isDead = (index: ReplicaIndex): boolean => dead.some((other) => nameAt(other) === nameAt(index));
      const restarted = everyReplica.filter((index) => {
        const siblings = dead.filter(({ operator }) => operator === index.operator).map(({ replica }) => replica);
        const reached = whole[index.operator] || reaches(operators.strategy, index.replica, siblings);
        return isDead(index) || (reached && state.get(nameAt(index)) === 'running');
      });
      assert.equal(startsOf(decision), restarted.map(nameAt).join(' '));
      const stopped = restarted.filter((index) => !isDead(index)).reverse();
      assert.equal(namesOf(decision.stops), stopped.map(nameAt).join(' '));
      for (const name of restarted.map(nameAt)) {
        state.set(name, 'restarting');
        restarts.set(name, (restarts.get(name) as number) + 1);
      }
    }
    assert.deepEqual(twin.tree(), tree.tree(), 'deterministic');
    for (const index of everyReplica) {
      const expected = state.get(nameAt(index));
      const node = nodeAt(tree.tree(), index.operator, index.replica);
      assert.equal(node.state, hasFailed && expected !== 'ended' ? 'failed' : expected);
      assert.equal(node.restarts, restarts.get(nameAt(index)));
    }
    assert.equal(
      tree.tree().restarts,
      [...restarts.values()].reduce((sum, each) => sum + each, 0),
    );
  });
  fc.assert(property, runs(300));
});
