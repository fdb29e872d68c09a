// What the two sources of the chaos run in event time meet in: joins of the simulation (proof/simulate/join-case.ts), in sizes that suit
// a run of many tuples.
// Promises: the joins depend on the random numbers alone; a tuple of a join depends on the tuple of the run alone.

import type { JoinKind } from '../../src/index.ts';
import type { Random } from '../../src/testing/random.ts';
import type { JoinCase, JoinedWindowCase } from '../simulate/join-case.ts';
import type { Timed } from '../simulate/time-steps.ts';
import type { TimedTuple } from './time-tuples.ts';

const KINDS: readonly JoinKind[] = ['inner', 'left', 'full'];
export const JOIN_REPLICAS_MAX = 3;
const KEYS = 10;
/** Of so many tuples one has no mate: its key is null. */
const NULL_EVERY = 7;

/** Of a tuple what joins know: its key is one of its partition, and its mate's one of all partitions, or null. */
export const joinedTuple = ({ partition, n, key, at, weight }: TimedTuple): Timed => ({
  key: `${partition}-${weight % KEYS}`,
  team: '',
  mate: weight % NULL_EVERY === 0 ? null : key,
  number: n,
  at,
  digest: weight,
  text: '',
});

/** One join of each kind: of intervals, of windows, a look-up, and two closures with one state. */
export function timedJoins(random: Random): JoinCase[] {
  const drawn = () => ({
    by: random.pick(['key', 'mate'] as const),
    parallelism: { min: 1, max: JOIN_REPLICAS_MAX, start: 1 },
    second: undefined,
  });
  const pairs = () => ({ pairs: random.pick(KINDS), poisonEvery: random.pick([0, 0, 97]) });
  const fromMs = random.pick([0, -10, 5, -3]);
  const sizeMs = random.pick([10, 25, 60]);
  const windows: JoinedWindowCase = random.chance(0.5)
    ? {
        kind: 'joinedSlices',
        ...drawn(),
        ...pairs(),
        sizeMs,
        everyMs: random.pick([sizeMs, sizeMs / 2, Math.ceil(sizeMs * 0.7)]),
        offsetMs: random.pick([0, 3, -7]),
      }
    : { kind: 'joinedSessions', ...drawn(), ...pairs(), gapMs: random.pick([2, 5, 10]) };
  return [
    { kind: 'interval', ...drawn(), ...pairs(), fromMs, toMs: fromMs + random.pick([1, 7, 20]) },
    windows,
    { kind: random.pick(['asOf', 'asOf', 'latest'] as const), ...drawn(), removesEvery: random.pick([0, 4]) },
    { kind: 'both', ...drawn(), by: 'key', second: undefined, sizeMs: random.pick([10, 100, 500]) },
  ];
}

/** The operator's name. */
export const joinName = ({ kind }: JoinCase, index: number): string => `${kind}-${index}`;
