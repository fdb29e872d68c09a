// Goal: a supervisor alone, over any children and at any depth: restart kinds as in OTP, children that are started and deleted while
// it runs, intensity over virtual time, escalation to the supervisor above, and the order of a shutdown. What the supervisors of a
// job decide is tested in supervision.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkSupervision, STRATEGIES, type SupervisionOptions } from '../../src/flow/failure-policy.ts';
import type {
  NodeState,
  RestartDecision,
  RestartKind,
  RestartOrFail,
  Supervised,
} from '../../src/supervisor/supervision/child.ts';
import { Supervisor } from '../../src/supervisor/supervision/supervisor.ts';
import { runs } from '../kit/arbitraries.ts';

/** An actor that anyone may spawn. */
class Actor implements Supervised {
  readonly name: string;
  state: NodeState = 'running';
  restarts = 0;

  constructor(name: string) {
    this.name = name;
  }

  restarting(): void {
    this.state = 'restarting';
    this.restarts++;
  }

  ended(): void {
    this.state = 'ended';
  }

  failed(): void {
    this.state = 'failed';
  }
}

const SHUTDOWN_MS = 50;

function supervisorNamed(name: string, options: SupervisionOptions = {}, above = 'top'): Supervisor<Actor> {
  return new Supervisor<Actor>({ name, path: name, above }, checkSupervision('a', options));
}

/** Starts actors of the kinds named by their letters: p, t (transient) or x (temporary), such as 'p0 t1 x2'. */
function start(supervisor: Supervisor<Actor>, names: string): Actor[] {
  return names.split(' ').map((name) => {
    const child = new Actor(name);
    const kinds: Record<string, RestartKind> = { p: 'permanent', t: 'transient', x: 'temporary' };
    supervisor.startChild({ child, restart: kinds[name[0]], shutdownMs: SHUTDOWN_MS });
    return child;
  });
}

function exit(
  supervisor: Supervisor<Actor>,
  child: Actor,
  reason: 'normal' | 'crash',
  nowMs = 0,
  progressed = false,
): RestartOrFail<Actor> {
  return supervisor.exited({ exits: [{ child, reason, progressed }], counted: true, nowMs });
}

/** What a decision orders: `stops; starts`, or `fail`; and the children that are started run again. */
function obeyed(decision: RestartOrFail<Actor>): string {
  if (decision.kind === 'fail') return 'fail';
  for (const { child } of decision.starts) child.state = 'running';
  const names = (actors: readonly Actor[]): string => actors.map(({ name }) => name).join(' ');
  return `${names(decision.stops)}; ${names(decision.starts.map(({ child }) => child))}`;
}

const childrenOf = (supervisor: Supervisor<Actor>): string => supervisor.children.map(({ name }) => name).join(' ');

test('who is restarted: permanent always, transient after a crash, temporary never', () => {
  for (const [kind, reason, expected, state] of [
    ['p', 'crash', '; p0', 'running'],
    ['p', 'normal', '; p0', 'running'],
    ['t', 'crash', '; t0', 'running'],
    ['t', 'normal', '; ', 'ended'],
    ['x', 'crash', '; ', 'failed'],
    ['x', 'normal', '; ', 'ended'],
  ] as const) {
    const supervisor = supervisorNamed('s');
    const [child, other] = start(supervisor, `${kind}0 p1`);
    assert.equal(obeyed(exit(supervisor, child, reason)), expected, `${kind} ${reason}`);
    assert.equal(child.state, state);
    assert.equal(childrenOf(supervisor), kind === 'x' ? 'p1' : `${kind}0 p1`, 'a temporary child is forgotten');
    assert.equal(other.state, 'running');
  }
});

test('exits after which nothing is restarted do not count, those of permanent children do', () => {
  const supervisor = supervisorNamed('s', { intensity: 0 });
  const [transient, temporary] = start(supervisor, 't0 x1');
  assert.equal(obeyed(exit(supervisor, transient, 'normal')), '; ');
  assert.equal(obeyed(exit(supervisor, temporary, 'crash')), '; ');
  const [permanent] = start(supervisor, 'p2');
  assert.equal(obeyed(exit(supervisor, permanent, 'normal')), 'fail');
});

test('a child that has ended is passed over, whatever comes of it', () => {
  const supervisor = supervisorNamed('s', { intensity: 0, strategy: 'one_for_all' });
  const [first, second] = start(supervisor, 't0 t1');
  exit(supervisor, first, 'normal');
  assert.equal(obeyed(exit(supervisor, first, 'crash')), '; ');
  assert.equal(obeyed(exit(supervisor, second, 'crash', 0, true)), '; t1');
});

test('siblings that are stopped with a crashed child: temporary ones are not started again', () => {
  for (const [strategy, expected, left] of [
    ['one_for_one', '; p1', 'p0 p1 x2 p3 x4'],
    ['rest_for_one', 'x4 p3 x2; p1 p3', 'p0 p1 p3'],
    ['one_for_all', 'x4 p3 x2 p0; p0 p1 p3', 'p0 p1 p3'],
  ] as const) {
    const supervisor = supervisorNamed('s', { strategy });
    const children = start(supervisor, 'p0 p1 x2 p3 x4');
    assert.equal(obeyed(exit(supervisor, children[1], 'crash')), expected, strategy);
    assert.equal(childrenOf(supervisor), left);
    const isStopped = strategy !== 'one_for_one';
    assert.equal(children[2].state, isStopped ? 'ended' : 'running');
  }
});

test('children may be started and deleted at any time, and stand in the order in which they were started', () => {
  const supervisor = supervisorNamed('s', { strategy: 'rest_for_one', intensity: 9 });
  const [first] = start(supervisor, 'p0');
  const [second, third] = start(supervisor, 'p1 p2');
  assert.equal(obeyed(exit(supervisor, second, 'crash')), 'p2; p1 p2');
  supervisor.deleteChild(second);
  assert.equal(obeyed(exit(supervisor, second, 'crash')), '; ', 'it is nobody here');
  assert.equal(obeyed(exit(supervisor, first, 'crash')), 'p2; p0 p2');
  supervisor.startChild({ child: second, restart: 'permanent', shutdownMs: SHUTDOWN_MS });
  assert.equal(childrenOf(supervisor), 'p0 p2 p1');
  assert.equal(obeyed(exit(supervisor, third, 'crash')), 'p1; p2 p1');
  assert.throws(() => supervisor.startChild({ child: third, restart: 'permanent', shutdownMs: SHUTDOWN_MS }), {
    code: 'INVARIANT',
  });
});

test('a child that is started under a supervisor that has failed has failed too', () => {
  const supervisor = supervisorNamed('s');
  supervisor.fail();
  const [child] = start(supervisor, 'p0');
  assert.equal(child.state, 'failed');
  assert.deepEqual(exit(supervisor, child, 'crash'), { kind: 'fail', escalations: [] });
});

test('more than `intensity` crashes within `periodMs` are too many, whichever children crash', () => {
  const crashAt = (timesMs: readonly number[]): string[] => {
    const supervisor = supervisorNamed('s', { intensity: 2, periodMs: 1000 });
    const children = start(supervisor, 'p0 p1 p2 p3');
    return timesMs.map((nowMs, i) => obeyed(exit(supervisor, children[i], 'crash', nowMs)));
  };
  assert.deepEqual(crashAt([0, 500, 1000]), ['; p0', '; p1', 'fail'], 'one exactly a period ago still counts');
  assert.deepEqual(crashAt([0, 500, 1001]), ['; p0', '; p1', '; p2']);
  assert.deepEqual(crashAt([0, 500, 1001, 1400]), ['; p0', '; p1', '; p2', 'fail']);
});

/** top → middle → lower, with a child each, all permanent unless `lowest` says otherwise. */
function threeDeep(options: Record<'top' | 'middle' | 'lower', SupervisionOptions>, lowest: RestartKind = 'permanent') {
  const top = supervisorNamed('top', options.top, 'nobody');
  const middle = supervisorNamed('middle', options.middle, 'top');
  const lower = supervisorNamed('lower', options.lower, 'middle');
  const [ofTop] = start(top, 'p0');
  top.startChild({ child: middle, restart: 'permanent', shutdownMs: SHUTDOWN_MS });
  const [ofMiddle] = start(middle, 'p1');
  middle.startChild({ child: lower, restart: lowest, shutdownMs: SHUTDOWN_MS });
  const [ofLower, second] = start(lower, 'p2 p3');
  return { top, middle, lower, ofTop, ofMiddle, ofLower, second };
}

const pathsOf = (decision: RestartOrFail<Actor>): string =>
  decision.escalations.map(({ from, to }) => `${from} → ${to}`).join(', ');

test('a supervisor that gives up is a crashed child of the one above, to the top', () => {
  const given = { intensity: 0, strategy: 'one_for_all' } as const;
  const { top, ofLower } = threeDeep({ top: { intensity: 1 }, middle: given, lower: given });
  const first = exit(top, ofLower, 'crash');
  assert.equal(pathsOf(first), 'lower → middle, middle → top');
  assert.ok((first as RestartDecision<Actor>).starts.every(({ supervisor }) => supervisor === 'top'));
  assert.equal(obeyed(first), 'p3 p1; p1 p2 p3', 'all that is below the one that gave up, and nothing else');
  const second = exit(top, ofLower, 'crash', 1);
  assert.equal(pathsOf(second), 'lower → middle, middle → top, top → nobody');
  assert.equal(obeyed(second), 'fail');
});

test('one that restarts a supervisor by its strategy leaves the others alone, and it forgets its crashes', () => {
  const { top, ofLower, second } = threeDeep({ top: {}, middle: { intensity: 9 }, lower: { intensity: 1 } });
  assert.equal(obeyed(exit(top, ofLower, 'crash')), '; p2');
  const given = exit(top, second, 'crash', 1);
  assert.equal(pathsOf(given), 'lower → middle');
  assert.equal(obeyed(given), 'p2; p2 p3');
  assert.equal(pathsOf(exit(top, second, 'crash', 2)), '', 'its count began anew');
});

test('a temporary supervisor that gives up fails with all below it, and is no crash of the one above', () => {
  const none = { intensity: 0 };
  const { top, middle, lower, ofLower, second, ofMiddle } = threeDeep(
    { top: none, middle: none, lower: none },
    'temporary',
  );
  assert.equal(obeyed(exit(top, ofLower, 'crash')), '; ');
  assert.deepEqual([ofLower.state, second.state, ofMiddle.state], ['failed', 'failed', 'running']);
  assert.equal(childrenOf(middle), 'p1');
  assert.equal(lower.hasFailed, true);
});

test('a shutdown stops children right to left, the deepest of each first, with the time that each may take', () => {
  const { top, ofMiddle } = threeDeep({ top: {}, middle: {}, lower: {} });
  const last = new Actor('p9');
  top.startChild({ child: last, restart: 'permanent', shutdownMs: 7 });
  ofMiddle.ended();
  const order = top.shutdownOrder();
  assert.deepEqual(
    order.map(({ child, shutdownMs }) => `${child.name} ${shutdownMs}`),
    ['p9 7', 'p3 50', 'p2 50', 'p0 50'],
  );
});

test('random exits of random children: who is ordered is alive, each once, and a failure is final', () => {
  const step = fc.record({
    child: fc.nat({ max: 7 }),
    reason: fc.constantFrom('normal' as const, 'crash' as const),
    progressed: fc.boolean(),
    afterMs: fc.nat({ max: 3000 }),
    starts: fc.constantFrom('', '', 'p', 't', 'x'),
  });
  const property = fc.property(
    fc.constantFrom(...STRATEGIES),
    fc.nat({ max: 3 }),
    fc.array(step, { maxLength: 40, size: 'max' }),
    (strategy, intensity, steps) => {
      const options = { strategy, intensity };
      const { top, lower } = threeDeep({ top: options, middle: options, lower: options });
      const actors: Actor[] = [];
      const gather = (supervisor: Supervisor<Actor>): void => {
        for (const child of supervisor.children) {
          if (child instanceof Supervisor) gather(child);
          else if (!actors.includes(child)) actors.push(child);
        }
      };
      let nowMs = 0;
      let hasFailed = false;
      for (const [i, { child, reason, progressed, afterMs, starts }] of steps.entries()) {
        if (starts !== '') start(lower, `${starts}${10 + i}`);
        gather(top);
        nowMs += afterMs;
        const before = new Map(actors.map((actor) => [actor, actor.state]));
        const decision = exit(top, actors[child % actors.length], reason, nowMs, progressed);
        if (hasFailed) assert.equal(decision.kind, 'fail');
        hasFailed = decision.kind === 'fail';
        if (decision.kind === 'fail') {
          assert.ok(actors.every(({ state }) => state === 'failed' || state === 'ended'));
          continue;
        }
        const started = decision.starts.map((each) => each.child);
        assert.equal(new Set(started).size, started.length);
        assert.equal(new Set(decision.stops).size, decision.stops.length);
        for (const each of [...started, ...decision.stops]) {
          const state = before.get(each);
          assert.ok(state === 'running' || state === 'restarting', `${each.name} was ${state}`);
        }
        for (const each of started) assert.ok(each.name[0] === 'p' || before.get(each) === 'running');
        for (const each of decision.stops) assert.ok(started.includes(each) || each.name.startsWith('x'));
        obeyed(decision);
      }
    },
  );
  fc.assert(property, runs(300));
});
