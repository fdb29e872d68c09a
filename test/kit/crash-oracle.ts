// Runs the flow of test/kit/flows/crashing.ts and judges it: each input has taken effect exactly once, each key in order, the final
// state is right, dead letters are those expected, and the job's counts are exact.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { lifeProblems } from '../../proof/simulate/lives.ts';
import type { Job, JobEvent, RunOptions } from '../../src/index.ts';
import {
  type CountedTuple,
  type CrashingParams,
  crashing,
  END,
  keyText,
  lineOf,
  NO_LAST,
  type Place,
} from './flows/crashing.ts';
import { armed } from './flows/traps.ts';
import { assertPerKey, assertSame } from './per-key.ts';
import { start } from './run-flow.ts';

export type EventOf<Type extends JobEvent['type']> = Extract<JobEvent, { type: Type }>;

/** The events of a job, as they come. */
export class EventLog {
  readonly all: JobEvent[] = [];

  constructor(job: Pick<Job, 'on'>) {
    job.on('*', (event) => this.all.push(event), { past: true });
  }

  of<Type extends JobEvent['type']>(type: Type): EventOf<Type>[] {
    return this.all.filter((event): event is EventOf<Type> => event.type === type);
  }
}

export interface CrashRun {
  readonly params: CrashingParams;
  readonly job: Job;
  readonly events: EventLog;
  readonly tuples: readonly CountedTuple[];
}

export type CrashOptions = Omit<RunOptions, 'params'>;

/**
 * Runs the flow to its end.
 * @param during runs beside it, once the job has started
 * @param each called with each tuple that was read, before the next one is
 */
export async function runCrashing(
  given: Partial<CrashingParams>,
  options: CrashOptions = {},
  during: (job: Job, events: EventLog) => Promise<void> = async () => {},
  each: (read: number, job: Job) => Promise<void> | void = () => {},
): Promise<CrashRun> {
  const params = armed({ count: 3000, keys: 20, ...given });
  const job = (await start(crashing, { workers: 2, ...options, params })) as unknown as Job;
  const events = new EventLog(job);
  const tuples: CountedTuple[] = [];
  const read = async (): Promise<void> => {
    if (params.sinkPath !== undefined) return;
    for await (const tuple of job.output('out') as AsyncIterable<CountedTuple>) {
      tuples.push(tuple);
      await each(tuples.length, job);
    }
  };
  await Promise.all([read(), job.done, during(job, events)]);
  return { params, job, events, tuples };
}

/** Tuples that are expected as dead letters, by the place where they fail; of `end` the keys. */
export type Lost = Partial<Record<Place, readonly number[]>>;

/** The output for each key, and the sum of all rows' counts at the end. */
function expectedOf(params: CrashingParams, lost: Lost): Map<string, CountedTuple[]> {
  const { count, keys, keyType, removeEvery = 0, padding = 0 } = params;
  const { sink = [], behind = [], end = [], ...before } = lost;
  const missing = new Set(Object.values(before).flat());
  const unwritten = new Set([...sink, ...behind]);
  const states = new Map<string, { count: number; last: number; thirds: Map<number, number> }>();
  const outputs = new Map<string, CountedTuple[]>();
  for (let n = 0; n < count; n++) {
    if (missing.has(n)) continue;
    const key = keyText(n, keys, keyType);
    const state = states.get(key) ?? { count: 0, last: NO_LAST, thirds: new Map<number, number>() };
    states.set(key, state);
    state.count++;
    const times = (state.thirds.get(n % 3) ?? 0) + 1;
    state.thirds.set(n % 3, times);
    const output = outputs.get(key) ?? [];
    outputs.set(key, output);
    if (!unwritten.has(n))
      output.push({ key, n, count: state.count, last: state.last, times, padding: '-'.repeat(padding) });
    state.last = n;
    if (state.count === removeEvery) states.delete(key);
  }
  for (const [key, { count, last, thirds }] of states) {
    if (end.some((n) => keyText(n, keys, keyType) === key)) continue;
    outputs.get(key)?.push({ key, n: END, count, last, times: thirds.size, padding: '' });
  }
  return outputs;
}

/** Tuples in and out of each operator. */
export const countsOf = (job: Job): Record<string, [number, number]> =>
  Object.fromEntries(job.reading().operators.map(({ name, tuplesIn, tuplesOut }) => [name, [tuplesIn, tuplesOut]]));

function expectedCounts(
  { count, source, sinkPath }: CrashingParams,
  lost: Lost,
  written: number,
): Record<string, [number, number]> {
  const lostAt = (...places: Place[]): number => places.reduce((sum, place) => sum + (lost[place]?.length ?? 0), 0);
  const made = count - lostAt('numbers', 'parse');
  const passed = made - lostAt('pass');
  const counted = passed - lostAt('count', 'removed');
  const emitted = written + lostAt('sink');
  return {
    numbers: [0, made + lostAt('parse')],
    ...(source === 'lines' && { parse: [made, made] }),
    pass: [passed, passed],
    count: [counted, emitted + lostAt('behind')],
    behind: [emitted, emitted],
    [sinkPath === undefined ? 'out' : 'sink']: [written, 0],
  };
}

/** Fails unless the run has done exactly what it had to. */
export function judge({ params, job, events, tuples }: CrashRun, lost: Lost = {}): void {
  const expected = expectedOf(params, lost);
  const { sinkPath, parallelism = 1 } = params;
  const flat = [...expected.values()].flat();
  if (sinkPath === undefined) {
    assertPerKey(tuples, expected, ({ key }) => key);
    const numbers = tuples.map(({ n }) => n);
    if (parallelism === 1)
      assertSame(
        numbers,
        [...numbers].sort((a, b) => a - b),
        'order of all tuples',
      );
  } else {
    const lines = readFileSync(sinkPath, 'utf8').split('\n').slice(0, -1);
    const written = new Map([...expected].map(([key, output]) => [key, output.map(lineOf)]));
    assertPerKey(lines, written, (line) => line.split(' ')[0], 'lines');
  }
  assert.deepEqual(countsOf(job), expectedCounts(params, lost, flat.length));
  judgeLetters({ params, job, events, tuples }, lost);
  judgeEvents(events);
  assert.deepEqual(
    events.of('ended').map(({ outcome }) => outcome),
    ['done'],
  );
}

/** Each replica's crashes, restarts and first commits come in their order, with sound times. */
function judgeEvents(events: EventLog): void {
  for (const event of events.all) {
    if (event.type === 'recovered') {
      assert.ok(event.tookMs > 0 && event.tookMs < 60_000, `${event.tookMs} ms`);
      assert.ok(Math.abs(event.committedAtMs - Date.now()) < 60_000);
    }
    if (event.type === 'adoption') assert.ok(event.tookMs >= 0 && event.tookMs < 60_000);
  }
  assert.deepEqual(lifeProblems(events.all, true), []);
}

/** Which operator's closure a place is in. */
const operatorOf = (place: Place): string => (place === 'end' || place === 'removed' ? 'count' : place);

function judgeLetters({ params, job, events }: CrashRun, lost: Lost): void {
  const { keys, keyType } = params;
  const letters = events.of('deadLetter').map(({ letter }) => letter);
  const nameOf = (place: string, n: unknown): string => `${place} ${n}`;
  const expected = Object.entries(lost).flatMap(([place, numbers]) =>
    numbers.map((n) =>
      place === 'end' ? nameOf('count at the end', keyText(n, keys, keyType)) : nameOf(operatorOf(place as Place), n),
    ),
  );
  const came = letters.map(({ operator, key, tuple, position }) =>
    position === 'the end of its input' ? nameOf(`${operator} at the end`, key) : nameOf(operator, numberOf(tuple)),
  );
  assert.deepEqual(came.sort(), expected.sort());
  assert.equal(job.deadLetters.count, expected.length);
}

/** The number of a tuple: of a line its text. */
function numberOf(tuple: unknown): number {
  const { n, line, index } = tuple as { n?: number; line?: string; index?: number };
  return n ?? index ?? Number(line);
}
