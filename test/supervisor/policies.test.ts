// Goal: policies come to the right number of replicas, `rate` in one decision for the whole graph, and stay there; bounds hold, a
// saturated operator is never shrunk, one that is only held up is never split, and what cannot be done is told once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide, IN_REPORTS, settled } from '../../src/supervisor/elasticity/scaling/decide.ts';
import { type Decision, NO_MEMORY, type PolicyOptions } from '../../src/supervisor/elasticity/scaling/decision.ts';
import { type GraphReport, waitingShare } from '../../src/supervisor/elasticity/scaling/report.ts';
import { runs } from '../kit/arbitraries.ts';
import { FluidGraph, type ModelOperator } from '../kit/fluid-graph.ts';
import { shortOrLong } from '../kit/long-form.ts';

const RATE: PolicyOptions = { policy: 'rate', utilisation: 0.8, skew: 1.2, cooldownMs: 2000 };
const THRESHOLD: PolicyOptions = { ...RATE, policy: 'threshold', utilisation: 0.7 };

/** Runs a policy on a model for some reports under each of the given rates; what it decided under each. */
function run(
  graph: FluidGraph,
  options: PolicyOptions,
  rates: readonly number[],
  reports = 40,
  check: (reading: GraphReport, decisions: readonly Decision[]) => void = () => {},
): Decision[][] {
  let memory = NO_MEMORY;
  return rates.map((rate) => {
    const all: Decision[] = [];
    for (let i = 0; i < reports; i++) {
      const reading = graph.read(rate);
      const outcome = decide(reading, memory, options);
      memory = outcome.memory;
      check(reading, outcome.decisions);
      for (const decision of outcome.decisions) graph.apply(decision);
      all.push(...outcome.decisions);
    }
    return all;
  });
}

const actions = (decisions: readonly Decision[], action: Decision['action']): Decision[] =>
  decisions.filter((decision) => decision.action === action);
const steps = (decisions: readonly Decision[]): string[] =>
  actions(decisions, 'scale').map(({ operator, from, to }) => `${operator} ${from}>${to}`);

const chain: readonly ModelOperator[] = [
  { name: 'a', secondsPerTuple: 1e-6, max: 16 },
  { name: 'b', secondsPerTuple: 3e-6, selectivity: 2, max: 16 },
  { name: 'c', secondsPerTuple: 2e-6, max: 16 },
];

test('rate: the whole graph has its replicas in one decision, up and down', () => {
  const graph = new FluidGraph(chain);
  const [up, further, down] = run(graph, RATE, [1_000_000, 2_000_000, 300_000]);
  assert.deepEqual(steps(up), ['a 1>2', 'b 1>4', 'c 1>5']);
  assert.deepEqual(steps(further), ['a 2>3', 'b 4>8', 'c 5>10']);
  assert.deepEqual(steps(down), ['a 3>1', 'b 8>2', 'c 10>2']);
  for (const { reason } of [...up, ...further, ...down])
    assert.match(reason, /tuples\/s come and a replica of '[abc]' does/);
});

const eight = new Array<number>(8).fill(100);

test('rate: a source that says its rate has its replicas in the same decision', () => {
  const graph = new FluidGraph(chain.slice(0, 1), {
    declares: true,
    source: { secondsPerTuple: 2e-6, max: 8, partitionLoads: eight },
  });
  const [up, down] = run(graph, RATE, [1_500_000, 300_000]);
  assert.deepEqual(steps(up), ['source 1>4', 'a 1>2']);
  assert.match(
    up[0].reason,
    /^1,500,000 tuples\/s are to be given and a replica of 'source' does 500,000 tuples\/s: 4 /,
  );
  assert.deepEqual(steps(down), ['source 4>1', 'a 2>1']);
});

test('a source that is busy all the time is given more until something else is full', () => {
  for (const options of [RATE, THRESHOLD]) {
    const source = { secondsPerTuple: 1e-6, max: 8, partitionLoads: eight };
    const unbounded = new FluidGraph([], { source });
    run(unbounded, options, [1e9]);
    assert.equal(unbounded.replicasOf('source'), 8);
    const bounded = new FluidGraph([{ name: 'a', secondsPerTuple: 0.4e-6, max: 1 }], { source });
    const [decisions] = run(bounded, options, [1e9], 100);
    // 'a' takes what 2.5 replicas give.
    const replicas = bounded.replicasOf('source');
    assert.ok(replicas >= 3 && replicas <= 4, `${options.policy}: ${replicas}`);
    assert.ok(actions(decisions, 'scale').every(({ from, to }) => to > from));
  }
});

test('a partition that is hotter than one replica is told', () => {
  for (const options of [RATE, THRESHOLD]) {
    const graph = new FluidGraph([], {
      source: { secondsPerTuple: 1e-6, max: 3, start: 2, partitionLoads: [1, 97, 2] },
    });
    const [decisions] = run(graph, options, [1e9]);
    const reports = actions(decisions, 'report');
    assert.ok(
      reports.some(({ reason }) => /partition 1 of 'source' has 97 % of the load.*: it is hotter/.test(reason)),
      JSON.stringify(reports),
    );
  }
});

test('rate: a little more than was aimed at is no reason for one more, and what is clearly more is; replicas are never to be busy all the time', () => {
  const stepsAt = (rate: number, utilisation: number): string[] => {
    const graph = new FluidGraph([{ name: 'a', secondsPerTuple: 1e-6, max: 16, start: 5 }]);
    return steps(run(graph, { ...RATE, utilisation }, [rate])[0]);
  };
  // Of 5 replicas, 80 % are 4.
  assert.deepEqual(stepsAt(4_150_000, 0.8), []);
  assert.deepEqual(stepsAt(4_250_000, 0.8), ['a 5>6']);
  assert.deepEqual(stepsAt(4_940_000, 0.98), []);
  assert.deepEqual(stepsAt(4_980_000, 0.98), ['a 5>6']);
});

test('threshold: one more at a time, until the hottest is below the limit', () => {
  const graph = new FluidGraph(chain.slice(0, 1));
  const [up] = run(graph, THRESHOLD, [2_500_000]);
  assert.deepEqual(steps(up), ['a 1>2', 'a 2>3', 'a 3>4']);
  assert.match(up[0].reason, /busy 100 % of the time, the most of 1, and 70 % is the limit/);
});

test('one report alone is no reason to split', () => {
  for (const options of [RATE, THRESHOLD]) {
    const graph = new FluidGraph(chain);
    let memory = NO_MEMORY;
    for (let i = 0; i < 10; i++) {
      const outcome = decide(graph.read(i % 2 === 0 ? 900_000 : 100_000), memory, options);
      assert.deepEqual(outcome.decisions, []);
      memory = outcome.memory;
    }
  }
});

test('nothing is taken back after a short lull, nor within the cooldown', () => {
  for (const options of [RATE, THRESHOLD]) {
    const graph = new FluidGraph([{ name: 'a', secondsPerTuple: 1e-6, max: 16, start: 4 }]);
    const lull = [...new Array(IN_REPORTS - 1).fill(100_000), 2_900_000];
    const rates = [...lull, ...lull, ...lull, ...lull];
    assert.deepEqual(run(graph, options, rates, 1).flatMap(steps), []);
  }
  const graph = new FluidGraph([{ name: 'a', secondsPerTuple: 1e-6, max: 16 }]);
  let changedAtMs = Number.NaN;
  run(graph, { ...RATE, cooldownMs: 10_000 }, [2_000_000, 100_000], 30, ({ atMs }, decisions) => {
    if (decisions.length === 0) return;
    if (decisions[0].to < decisions[0].from) assert.ok(atMs - changedAtMs >= 10_000);
    changedAtMs = atMs;
  });
  assert.equal(graph.replicasOf('a'), 1);
});

test('the cooldown begins when a change has been made, however long that took', () => {
  const graph = new FluidGraph([{ name: 'a', secondsPerTuple: 1e-6, max: 16 }]);
  let memory = NO_MEMORY;
  const report = (rate: number): readonly Decision[] => {
    const outcome = decide(graph.read(rate), memory, RATE);
    memory = outcome.memory;
    for (const decision of outcome.decisions) graph.apply(decision);
    return outcome.decisions;
  };
  report(2_000_000);
  assert.equal(report(2_000_000).length, 1);
  const decidedAtMs = 1000;
  memory = settled(memory, decidedAtMs, decidedAtMs + 10_000);
  for (let atMs = decidedAtMs + 500; atMs < decidedAtMs + 10_000 + RATE.cooldownMs; atMs += 500) {
    assert.deepEqual(report(100_000), [], String(atMs));
  }
  assert.deepEqual(steps(report(100_000)), ['a 3>1']);
});

test('a stage that cannot grow limits those before it, and is told once', () => {
  for (const options of [RATE, THRESHOLD]) {
    const graph = new FluidGraph([
      { name: 'a', secondsPerTuple: 1e-6, max: 16 },
      { name: 'b', secondsPerTuple: 4e-6, max: 2 },
    ]);
    const [decisions] = run(graph, options, [4_000_000]);
    assert.equal(graph.replicasOf('a'), 1, options.policy);
    assert.equal(graph.replicasOf('b'), 2);
    const told = actions(decisions, 'report').filter(({ operator }) => operator === 'b');
    assert.equal(told.length, 1);
    assert.match(told[0].reason, /at most 2/);
  }
});

test('never more than processors, unless the operator waits, and never more than workers', () => {
  const operators: ModelOperator[] = [{ name: 'a', secondsPerTuple: 1e-3, max: 16 }];
  for (const options of [RATE, THRESHOLD]) {
    const computing = new FluidGraph(operators, { processors: 2, maxWorkers: 12 });
    const [decisions] = run(computing, options, [10_000]);
    assert.equal(computing.replicasOf('a'), 2);
    assert.match(actions(decisions, 'report')[0].reason, /2 processors/);
    const waiting = new FluidGraph(operators, { processors: 2, maxWorkers: 12, waits: true });
    run(waiting, options, [10_000]);
    assert.equal(waiting.replicasOf('a'), 12);
  }
});

test('an operator that computes is told from one that waits, however full the machine is', () => {
  // Busy, on a processor, in the queue for one.
  assert.ok(waitingShare(1, 0.98, 0) < 0.1);
  assert.ok(waitingShare(1, 0.12, 0.87) < 0.1);
  assert.ok(waitingShare(1, 0.03, 0) > 0.9);
  assert.ok(waitingShare(0.9, 0.04, 0.5) > 0.8);
  assert.equal(waitingShare(0.2, 0.2, 0.4), 0);
});

test('a skewed operator is rebalanced if its key groups allow it, and not split', () => {
  // The replicas have ranges of groups; the load is all in the first half.
  const groupLoads = Array.from({ length: 256 }, (_, group) => (group < 128 ? 1900 : 100));
  const graph = new FluidGraph([{ name: 'a', secondsPerTuple: 1e-6, max: 2, start: 2, groupLoads }]);
  const [decisions] = run(graph, RATE, [1_200_000]);
  assert.deepEqual(
    decisions.map(({ action }) => action),
    ['rebalance'],
  );
  assert.match(decisions[0].reason, /has 1\.90 times the mean load, and 1\.0\d can be reached/);
  assert.ok(graph.throughput(1_200_000) > 1_190_000);
});

test('a key group that is hotter than one replica is told, and nothing is done in vain', () => {
  const groupLoads = Array.from({ length: 256 }, (_, group) => (group === 77 ? 25_500 : 100));
  for (const options of [RATE, THRESHOLD]) {
    const graph = new FluidGraph([{ name: 'a', secondsPerTuple: 1e-6, max: 8, start: 2, groupLoads }]);
    const [decisions] = run(graph, options, [3_000_000]);
    assert.ok(graph.replicasOf('a') <= 3, `${options.policy}: ${graph.replicasOf('a')} replicas`);
    const reports = actions(decisions, 'report');
    assert.ok(reports.length >= 1 && reports.length <= 2, JSON.stringify(reports));
    assert.ok(
      reports.some(({ reason }) => /key group/.test(reason)),
      JSON.stringify(reports),
    );
  }
});

test('an actor moves from a worker that is full to one that has time', () => {
  const busy = new FluidGraph([
    { name: 'a', secondsPerTuple: 5e-6, max: 1 },
    { name: 'b', secondsPerTuple: 4.5e-6, max: 1 },
  ]).read(100_000);
  const onOne: GraphReport = {
    ...busy,
    operators: busy.operators.map((reading) => ({
      ...reading,
      replicas: reading.replicas.map((replica) => ({ ...replica, worker: reading.canMove ? 0 : 1 })),
    })),
    workers: busy.workers.slice(0, 2),
  };
  let memory = NO_MEMORY;
  const all: Decision[] = [];
  for (let i = 0; i < 4; i++) {
    const outcome = decide({ ...onOne, atMs: 500 * i }, memory, RATE);
    memory = outcome.memory;
    all.push(...outcome.decisions);
  }
  assert.equal(all.length, 1);
  assert.equal(all[0].action, 'move');
  assert.equal(all[0].from, 0);
  assert.equal(all[0].to, 1);
});

const operator = fc.record({
  secondsPerTuple: fc.double({ min: 1e-7, max: 2e-5, noNaN: true }),
  selectivity: fc.double({ min: 0.1, max: 3, noNaN: true }),
  min: fc.integer({ min: 1, max: 3 }),
  more: fc.integer({ min: 0, max: 12 }),
});
const model = fc
  .array(operator, { minLength: 1, maxLength: 4 })
  .map((operators) =>
    operators.map(({ more, ...each }, i): ModelOperator => ({ ...each, name: `o${i}`, max: each.min + more })),
  );
const machine = fc.record({
  processors: fc.integer({ min: 1, max: 16 }),
  maxWorkers: fc.integer({ min: 1, max: 16 }),
  waits: fc.boolean(),
  declares: fc.boolean(),
});
const loads = fc.array(fc.integer({ min: 1000, max: 3_000_000 }), { minLength: 1, maxLength: 5 });

/** One that says its rate: what others would give is found step by step. */
const costly = fc.record({
  secondsPerTuple: fc.double({ min: 1e-8, max: 1e-5, noNaN: true }),
  partitionLoads: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 16 }),
});

test('any graph under any load: bounds hold, nothing saturated shrinks, and under a steady load all comes to rest', () => {
  const property = fc.property(
    model,
    machine,
    fc.option(costly, { nil: undefined }),
    loads,
    fc.constantFrom(RATE, THRESHOLD),
    (operators, on, source, rates, options) => {
      const isCostly = source !== undefined && on.declares;
      const graph = new FluidGraph(operators, {
        ...on,
        ...(isCostly && { source: { ...source, max: source.partitionLoads.length } }),
      });
      const decided = run(graph, options, rates, 100, (reading, decisions) => {
        for (const { action, operator: name, from, to, reason, inputs } of decisions) {
          const found = reading.operators.find((each) => each.operator === name);
          assert.ok(found !== undefined && reason.length > 20);
          for (const value of Object.values(inputs)) assert.ok(Number.isFinite(value), JSON.stringify(inputs));
          if (action !== 'scale') continue;
          assert.ok(to >= found.min && to <= found.max && to !== from);
          if (to > from) assert.ok(to <= on.maxWorkers && (on.waits || to <= on.processors), `${name}: ${reason}`);
          else assert.ok(found.replicas.every(({ busy }) => busy < 0.9));
        }
      });
      for (const decisions of decided) {
        for (const name of ['source', ...operators.map((each) => each.name)]) {
          const own = steps(decisions.filter((decision) => decision.operator === name));
          // One direction only under one load: `rate` in one decision, or in two where the first uncovers more.
          const scaled = actions(decisions, 'scale').filter((decision) => decision.operator === name);
          const turns = scaled.filter(
            ({ from, to }, i) => i > 0 && to > from !== scaled[i - 1].to > scaled[i - 1].from,
          );
          assert.deepEqual(turns, [], own.join(', '));
          if (options.policy === 'rate') assert.ok(own.length <= 1, own.join(', '));
        }
      }
      // At rest: another report brings nothing new.
      assert.deepEqual(run(graph, options, [rates[rates.length - 1]], 30).flatMap(steps), []);
    },
  );
  fc.assert(property, runs(shortOrLong(120, 300)));
});
