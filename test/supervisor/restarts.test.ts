// Goal: supervisors restart whom their strategies name, with closures from a fresh call of the build function; a crash without
// progress counts, and too many of them go up the tree until the job fails; the tree, the events and the reports tell so.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job, MillraceError } from '../../src/index.ts';
import { EventLog, type EventOf, judge, runCrashing } from '../kit/crash-oracle.ts';
import { crashing } from '../kit/flows/crashing.ts';
import { remembering, type StageName, threeByThree } from '../kit/flows/restarting.ts';
import { armed, shotsOf } from '../kit/flows/traps.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const AT = 700;

test(
  'a restarted actor gets new closures, on the thread that it was on, with the module as it was',
  TIMEOUT,
  async () => {
    // The first throw makes it try tuple by tuple, the second goes to the supervisor.
    const traps = [{ place: 'failing', at: AT, misdeed: 'throw', times: 2 }] as const;
    const params = armed({ count: 2000, failure: 'escalate' as const, traps });
    const job = await start(remembering, { params, workers: 1, spares: 0 });
    const events = new EventLog(job);
    const tuples = await tuplesOf(job.output('out'));
    await job.done;
    assert.deepEqual(
      tuples.map(({ n }) => n),
      Array.from({ length: 2000 }, (_, n) => n),
    );
    assert.equal(new Set(tuples.map(({ thread }) => thread)).size, 1);
    assert.equal(tuples[AT].calls, 1, 'the first call of a new closure');
    assert.ok(tuples[AT - 1].calls > AT);
    assert.ok(tuples[AT].callsOfModule > tuples[AT - 1].callsOfModule);
    const [{ worker, actors, report }] = events.of('crash');
    assert.deepEqual(actors, [{ operator: 'failing', replica: 0 }]);
    assert.equal(report.supervisor, 'remembering/failing');
    assert.equal(report.context, 'childTerminated');
    assert.equal((report.reason as MillraceError).code, 'OPERATOR_FAILED');
    assert.deepEqual({ ...report.offender, position: '' }, { operator: 'failing', replica: 0, worker, position: '' });
    assert.match(String(report.offender.position), /^row \d+ of the frame at \d+ from 'numbers'$/);
    const order = events.all.map(({ type }) => type).filter((type) => type !== 'operatorEnded');
    assert.deepEqual(order, ['started', 'crash', 'restart', 'recovered', 'ended']);
    assert.deepEqual(
      events.of('restart').map(({ worker, supervisor }) => ({ worker, supervisor })),
      [{ worker, supervisor: 'remembering/failing' }],
    );
  },
);

const poisons = (misdeed: 'throw' | 'exit', times?: number) => [{ place: 'count' as const, at: AT, misdeed, times }];

test('escalate: what stops failing in time recovers, with each tuple once', TIMEOUT, async () => {
  // Two throws a crash: in the batch and alone. The first crash has made progress, the second counts.
  const run = await runCrashing({ failure: 'escalate', traps: poisons('throw', 4) });
  judge(run);
  assert.deepEqual(shotsOf(run.params), [4]);
  assert.equal(run.events.of('crash').length, 2);
  assert.equal(run.events.of('escalation').length, 0);
  assert.equal(run.job.tree().restarts, 2);
});

test('escalate: what goes on failing goes up the tree, until the job fails', TIMEOUT, async () => {
  const params = armed({ count: 3000, keys: 20, failure: 'escalate' as const, traps: poisons('throw') });
  const job = (await start(crashing, { params, workers: 2, spares: 0 })) as unknown as Job;
  const events = new EventLog(job);
  const out: unknown[] = [];
  const reading = rejection(
    (async () => {
      for await (const tuple of job.output('out')) out.push(tuple);
    })(),
    'RESTART_INTENSITY',
  );
  const error = await rejection(job.done, 'RESTART_INTENSITY');
  assert.equal(await reading, error);
  assert.deepEqual(error.details, { supervisor: 'crashing', intensity: 1, periodMs: 5000 });
  assert.match(error.message, /trapped at 700/);
  assert.equal(out.length, AT, 'every tuple before it');
  // The first with progress; two without exceed 1, which is the job's first; two more are its second.
  assert.equal(events.of('crash').length, 5);
  assert.deepEqual(
    events.of('escalation').map(({ from, to }) => `${from} → ${to}`),
    ['crashing/count → crashing', 'crashing/count → crashing', 'crashing → millrace'],
  );
  assert.deepEqual(
    events.of('restart').map(({ operator, supervisor }) => `${supervisor}: ${operator}`),
    ['crashing/count: count', 'crashing/count: count', 'crashing: count', 'crashing/count: count'],
  );
  const tree = job.tree();
  assert.equal(tree.state, 'failed');
  assert.equal(tree.restarts, 4);
});

test('a higher intensity gives more chances, within the period', TIMEOUT, async () => {
  const supervision = { intensity: 4, periodMs: 10_000 };
  const run = await runCrashing({ failure: 'escalate', supervision, traps: poisons('throw', 10) });
  judge(run);
  assert.equal(run.events.of('crash').length, 5);
  assert.equal(run.events.of('escalation').length, 0);
});

test('escalate: a tuple that kills its worker each time is not left out', TIMEOUT, async () => {
  const params = armed({ count: 3000, keys: 20, failure: 'escalate' as const, traps: poisons('exit') });
  const job = (await start(crashing, { params, workers: 2, spares: 0 })) as unknown as Job;
  const reading = rejection(tuplesOf(job.output('out')), 'RESTART_INTENSITY');
  const error = await rejection(job.done, 'RESTART_INTENSITY');
  assert.equal((error.cause as MillraceError).code, 'WORKER_DIED');
  assert.equal(job.deadLetters.count, 0);
  await reading;
});

test(
  "stop: a tuple that kills its worker each time fails the job, once it is certain that it's the tuple",
  TIMEOUT,
  async () => {
    const params = armed({ count: 3000, keys: 20, failure: 'stop' as const, traps: poisons('exit') });
    const job = (await start(crashing, { params, workers: 2, spares: 0 })) as unknown as Job;
    const reading = rejection(tuplesOf(job.output('out')), 'TUPLE_KILLED_WORKER');
    const error = await rejection(job.done, 'TUPLE_KILLED_WORKER');
    assert.equal(error.details.operator, 'count');
    assert.deepEqual(shotsOf(params), [3]);
    assert.equal(job.deadLetters.count, 0);
    await reading;
  },
);

/** A replica's crash, and who was restarted for it. */
interface Restarted {
  readonly replica: number;
  readonly restarted: string[];
}

/**
 * Pushes tuples one after the other, each of which crashes a replica of the second operator.
 * @param shots throws at each tuple: two make a crash
 * @param expected how many are restarted for the last of the crashes that a tuple makes
 */
async function restartsOf(
  shots: number,
  supervision: { operator?: object; job?: object },
  expected: (replica: number) => number,
): Promise<{ restarts: Restarted[]; job: Job; events: EventLog }> {
  const tuples = 4;
  const place: StageName = 'second';
  const traps = Array.from({ length: tuples }, (_, at) => ({ place, at, misdeed: 'throw' as const, times: shots }));
  const params = armed({ traps, supervision: supervision.operator });
  const job = (await start(threeByThree, {
    params,
    workers: 2,
    spares: 0,
    supervision: supervision.job,
  })) as unknown as Job;
  const events = new EventLog(job);
  const output = job.output('out')[Symbol.asyncIterator]();
  const last = (): number => events.all.findLastIndex(({ type }) => type === 'crash');
  const restartsSince = (from: number) =>
    events.all.slice(from).flatMap((event) => (event.type === 'restart' ? [event] : []));
  const crashes: { at: number; replica: number }[] = [];
  for (let n = 0; n < tuples; n++) {
    await job.input('app').push({ n });
    assert.deepEqual((await output.next()).value, { n });
    const [{ operator, replica }] = (events.all[last()] as EventOf<'crash'>).actors;
    assert.equal(operator, place);
    crashes.push({ at: last(), replica });
    // Of some the restart may be heard of after their first tuple.
    await until(() => restartsSince(last()).length >= expected(replica), `the restarts for second/${replica}`);
  }
  await job.stop();
  const restarts = crashes.map(({ at, replica }) => {
    const next = events.all.findIndex(({ type }, i) => type === 'crash' && i > at);
    const all = events.all.slice(at, next < 0 ? undefined : next);
    const restarted = all.flatMap((event) => (event.type === 'restart' ? [event] : []));
    return { replica, restarted: restarted.map(({ operator, replica }) => `${operator}/${replica}`).sort() };
  });
  return { restarts, job, events };
}

const strategies = {
  one_for_one: (replica: number) => [replica],
  rest_for_one: (replica: number) => [0, 1, 2].slice(replica),
  one_for_all: () => [0, 1, 2],
} as const;

for (const [strategy, expected] of Object.entries(strategies)) {
  test(`${strategy} among the replicas of an operator`, TIMEOUT, async () => {
    const { restarts, job, events } = await restartsOf(
      2,
      { operator: { strategy } },
      (replica) => expected(replica).length,
    );
    for (const { replica, restarted } of restarts) {
      assert.deepEqual(
        restarted,
        expected(replica).map((each) => `second/${each}`),
        `for replica ${replica}`,
      );
    }
    assert.ok(new Set(restarts.map(({ replica }) => replica)).size > 1, 'several replicas crashed');
    const tree = job.tree();
    assert.deepEqual(
      tree.children.map(({ name, restarts }) => [name, restarts > 0]),
      [
        ['app', false],
        ['first', false],
        ['second', true],
        ['third', false],
        ['out', false],
      ],
    );
    assert.equal(tree.restarts, events.of('restart').length);
    assert.equal(events.of('escalation').length, 0);
  });
}

const wholes = {
  one_for_one: ['second'],
  rest_for_one: ['second', 'third'],
  one_for_all: ['first', 'second', 'third'],
} as const;

for (const [strategy, operators] of Object.entries(wholes)) {
  test(`${strategy} among the operators of a job, once a supervisor has given up`, TIMEOUT, async () => {
    // With an intensity of 0 the second crash, which is without progress, is the job's.
    const supervision = { operator: { intensity: 0 }, job: { strategy, intensity: 1000 } };
    const { restarts, job, events } = await restartsOf(4, supervision, () => operators.length * 3);
    for (const { restarted } of restarts) {
      assert.deepEqual(
        restarted,
        operators.flatMap((operator) => [0, 1, 2].map((each) => `${operator}/${each}`)),
      );
    }
    assert.deepEqual(
      events.of('escalation').map(({ from, to }) => `${from} → ${to}`),
      restarts.map(() => 'three-by-three/second → three-by-three'),
    );
    assert.equal(job.tree().strategy, strategy);
  });
}

test('job.tree() while the job runs and after it: names, workers, states', TIMEOUT, async () => {
  const supervision = { strategy: 'rest_for_one', intensity: 3, periodMs: 1234 } as const;
  const job = (await start(threeByThree, { params: { supervision }, workers: 2, spares: 0 })) as unknown as Job;
  const tree = job.tree();
  assert.deepEqual(
    [tree.name, tree.kind, tree.strategy, tree.intensity, tree.periodMs, tree.restarts, tree.state],
    ['three-by-three', 'job', 'one_for_one', 1, 5000, 0, 'running'],
  );
  const first = tree.children[1];
  assert.deepEqual(
    [first.name, first.kind, first.strategy, first.intensity, first.periodMs, first.state],
    ['first', 'operator', 'rest_for_one', 3, 1234, 'running'],
  );
  const hosts = new Map(
    job
      .workers()
      .flatMap(({ worker, actors }) => actors.map(({ operator, replica }) => [`${operator}/${replica}`, worker])),
  );
  for (const { name, children } of tree.children) {
    for (const replica of children) {
      assert.deepEqual(
        [replica.kind, replica.state, replica.worker],
        ['replica', 'running', hosts.get(`${name}/${replica.name}`)],
      );
    }
  }
  assert.equal(hosts.size, 9);
  await job.stop();
  const ended = job.tree();
  assert.equal(ended.state, 'ended');
  for (const { children } of ended.children)
    for (const { state, worker } of children) assert.deepEqual([state, worker], ['ended', undefined]);
});
