// Runs one seed of the simulation of event time, and judges what came of it.
// Promises: what is on time, late and left out is all that was read, by the partition's own order; of each window the last result is
// that of all tuples which were not too late, and the only one where nothing may be late; results of a key come in the order of time.

import type { DeadLetter, JobReading } from '../../src/index.ts';
import { type Simulated, simulate } from '../../src/testing/simulate.ts';
import type { JoinCase } from './join-case.ts';
import { joinedOf } from './join-expected.ts';
import { endsProblems, lookupProblems } from './join-verdict.ts';
import { lifeProblems } from './lives.ts';
import type { SeedResult } from './run.ts';
import { pushedInputs } from './sources.ts';
import { type TimedCase, type TimedReader, type TimedSource, timedCaseOf } from './time-case.ts';
import {
  grouped,
  judged,
  poisonBucketsOf,
  type ResultAt,
  relayed,
  resultsOf,
  secondOf,
  timeOf,
} from './time-expected.ts';
import { timedFlow } from './time-flow.ts';
import { type Result, resultName, type Timed, timedTuple } from './time-steps.ts';

const STEPS_MAX = 400_000;
const SHOWN_MAX = 4;

/** @throws MillraceError SIMULATION_FAILED if the job fails, stands still or leaves something behind */
export async function runTimedSeed(seed: number, timed: TimedCase = timedCaseOf(seed)): Promise<SeedResult> {
  const { flow, tight, backup, stopAfterMs, strategy, changes: changeRate } = timed;
  const inputs = pushedInputs(flow.sources, (source, index) => timedTuple(flow, source, index));
  const result = await simulate(timedFlow, {
    seed,
    params: flow,
    inputs,
    ...tight,
    backup,
    changes: changeRate,
    supervision: { strategy },
    stepsMax: STEPS_MAX,
    app: async (job, sleep) => {
      if (stopAfterMs === undefined) return;
      await sleep(stopAfterMs);
      await job.stop();
    },
  });
  const { violations } = new Verdict(timed, result as never);
  const { crashes, changes, steps, virtualMs, digest, trace, deadLetters, outputs, events } = result;
  violations.push(...lifeProblems(events, false));
  const handOvers = events.filter(({ type }) => type === 'handOver').length;
  const tuples = Object.values(outputs as Record<string, unknown[]>).reduce((sum, { length }) => sum + length, 0);
  return {
    crashes,
    changes,
    handOvers,
    tuples,
    steps,
    virtualMs,
    deadLetters: deadLetters.length,
    digest,
    trace,
    violations,
  };
}

/** Others go on without a source that is idle, but for one of which nothing is late. */
const mayBeLeftBehind = ({ idleAfterMs, outOfOrderMs }: TimedSource): boolean =>
  idleAfterMs !== undefined && outOfOrderMs < Number.POSITIVE_INFINITY;

const tupleName = ({ key, number, digest }: Timed): string => `${key} ${number} ${digest}`;

class Verdict {
  readonly violations: string[] = [];
  private readonly timed: TimedCase;
  private readonly outputs: Readonly<Record<string, readonly unknown[]>>;
  private readonly reading: JobReading;
  private readonly state: Simulated['state'];

  constructor(timed: TimedCase, { outputs, reading, deadLetters, state }: Simulated<Record<string, unknown>>) {
    this.timed = timed;
    this.outputs = outputs;
    this.reading = reading;
    this.state = state;
    const { flow } = timed;
    const letters: string[] = [];
    const onTimeOf = flow.sources.map((source, index) => {
      const length = timed.stopAfterMs === undefined ? source.tuples : this.read(index);
      // What is late behind a silence the job says, of a source that may have one; what comes of it all follows from that.
      const told = mayBeLeftBehind(source) ? this.tuples(`late-${index}`).map(tupleName) : [];
      const toldLate = new Set(told);
      const { onTime, late, bad } = judged(flow, index, length, (tuple) => toldLate.has(tupleName(tuple)));
      const clock = `${source.before === 'nothing' ? 'source' : 'before'}-${index}-time`;
      letters.push(...bad.map((tuple) => `${clock} ${tupleName(tuple)}`));
      if (source.collectsLate)
        this.compare(`late-${index}`, this.tuples(`late-${index}`).map(tupleName), late.map(tupleName));
      const counted = this.outputsOf(clock)?.late?.tuples;
      if (counted !== late.length)
        this.violations.push(`source ${index} counts ${counted} late tuples, not ${late.length}`);
      return onTime;
    });
    const lefts = flow.sources.length - flow.rights;
    const { tuples, poison } = relayed(flow.relays, onTimeOf.slice(0, lefts).flat(), '');
    const { tuples: rights } = relayed(flow.rightRelays, onTimeOf.slice(lefts).flat(), 'right-');
    letters.push(...poison.map(([operator, tuple]) => `${operator} ${tupleName(tuple)}`));
    flow.readers.forEach((reader, index) => {
      const failed = poisonBucketsOf(reader, tuples);
      letters.push(...failed.map((name) => `${reader.kind}-${index}: ${name} is poison`));
    });
    flow.joins.forEach((join, index) => {
      letters.push(...this.judgeJoin(join, index, tuples, rights));
    });
    this.compare('dead letters', deadLetters.map(letterName), letters);
    flow.readers.forEach((reader, index) => {
      this.judgeReader(reader, index, tuples);
    });
  }

  private read(source: number): number {
    return this.reading.operators.find(({ name }) => name === `source-${source}`)?.tuplesOut ?? Number.NaN;
  }

  private outputsOf(operator: string) {
    return this.reading.operators.find(({ name }) => name === operator)?.outputs;
  }

  private tuples(output: string): readonly Timed[] {
    return this.outputs[output] as readonly Timed[];
  }

  /** Each once, in any order. */
  private compare(where: string, found: readonly string[], expected: readonly string[]): void {
    const left = new Map<string, number>();
    for (const name of expected) left.set(name, (left.get(name) ?? 0) + 1);
    const surplus: string[] = [];
    for (const name of found) {
      const count = left.get(name) ?? 0;
      if (count === 0) surplus.push(name);
      else if (count === 1) left.delete(name);
      else left.set(name, count - 1);
    }
    const missing = [...left.keys()];
    if (surplus.length > 0) this.violations.push(`${where}: ${surplus.length} too many, as ${some(surplus)}`);
    if (missing.length > 0) this.violations.push(`${where}: ${missing.length} missing, as ${some(missing)}`);
  }

  private judgeReader(reader: TimedReader, index: number, tuples: readonly Timed[]): void {
    const where = `${reader.kind}-${index}`;
    if (reader.kind === 'all') {
      const found = this.tuples(`out-${index}`);
      const names = new Map(
        [...grouped(found, ({ key }) => key)].map(([key, own]) => [key, own.map(tupleName).join()]),
      );
      this.compare(where, found.map(tupleName), tuples.map(tupleName));
      for (const [key, own] of grouped(tuples, ({ key }) => key))
        if (names.get(key) !== own.map(tupleName).join()) this.violations.push(`${where}: key ${key} is not in order`);
      return;
    }
    const found = this.outputs[`out-${index}`] as readonly Result[];
    const expected = resultsOf(reader, tuples);
    const allowsLate = this.timed.flow.sources.some(({ allowedLatenessMs }) => allowedLatenessMs > 0);
    const givesChanges = 'emit' in reader && reader.emit === 'changes';
    if (reader.kind === 'timers' && allowsLate) this.compareSums(where, found, expected);
    else if (reader.kind !== 'count' && (allowsLate || givesChanges))
      this.compare(where, finalOf(reader, found).map(resultName), expected.map(resultName));
    else this.compareInOrder(where, found, expected);
    if (!('second' in reader) || reader.second === undefined) return;
    const second = this.outputs[`second-out-${index}`] as readonly Result[];
    const timed = expected.map((result) => ({ result, atMs: timeOf(reader, result) }));
    this.compareInOrder(`${where} → second`, second, secondOf(reader.second, timed));
  }

  /** Returns what the dead letters of a join say. */
  private judgeJoin(join: JoinCase, index: number, lefts: readonly Timed[], rights: readonly Timed[]): string[] {
    const where = `${join.kind}-${index}`;
    const found = this.outputs[`out-join-${index}`] as readonly Result[];
    const allowsLate = this.timed.flow.sources.some(({ allowedLatenessMs }) => allowedLatenessMs > 0);
    let rows: readonly ResultAt[];
    let failed: readonly string[] = [];
    if ('removesEvery' in join) {
      this.violations.push(...lookupProblems(join, found, lefts, rights).map((problem) => `${where}: ${problem}`));
      rows = found.map((result) => ({ result, atMs: result.start }));
    } else {
      ({ rows, failed } = joinedOf(join, lefts, rights));
      const expected = rows.map(({ result }) => result);
      if (join.kind === 'both' && allowsLate) this.compareSums(where, found, expected);
      else this.compare(where, found.map(resultName), expected.map(resultName));
      if (join.kind === 'joinedSlices' || join.kind === 'joinedSessions')
        this.violations.push(...endsProblems(found).map((problem) => `${where}: ${problem}`));
      if (join.kind === 'interval' || join.kind === 'joinedSlices' || join.kind === 'joinedSessions') {
        const kept = this.state[where]?.length;
        if (kept !== 0) this.violations.push(`${where}: ${kept} keys are kept though nothing can come for them`);
      }
    }
    if (join.second !== undefined)
      this.compareInOrder(
        `${where} → second`,
        this.outputs[`second-out-join-${index}`] as readonly Result[],
        secondOf(join.second, rows),
      );
    return failed.map((text) => `${where}: ${text}`);
  }

  /** Each once, and those of a key one after the other. */
  private compareInOrder(where: string, found: readonly Result[], expected: readonly Result[]): void {
    this.compare(where, found.map(resultName), expected.map(resultName));
    const named = (results: readonly Result[]): string => results.map(resultName).join('; ');
    const came = grouped(found, ({ key }) => key);
    for (const [key, own] of grouped(expected, ({ key }) => key)) {
      const given = came.get(key) ?? [];
      if (given.length === own.length && named(given) !== named(own))
        this.violations.push(`${where}: results of key ${key} are not in order`);
    }
  }

  /** Of buckets that were emptied several times: all that was in them. */
  private compareSums(where: string, found: readonly Result[], expected: readonly Result[]): void {
    const sums = (results: readonly Result[]): string[] =>
      [...grouped(results, ({ key, start }) => `${key} ${start}`)].map(
        ([name, own]) =>
          `${name}: ${own.reduce((sum, { tuples }) => sum + tuples, 0)} ${own.reduce((sum, { tuples, digest }) => (tuples === 0 ? sum : (sum + digest) >>> 0), 0)}`,
      );
    this.compare(where, sums(found.filter(isBucket)), sums(expected.filter(isBucket)));
  }
}

/** No echo. */
const isBucket = ({ tuples }: Result): boolean => tuples > 0;

const some = (names: readonly string[]): string => names.slice(0, SHOWN_MAX).join('; ');

function letterName({ operator, tuple, error }: DeadLetter): string {
  const left = tuple as Timed;
  return left?.key === undefined ? `${operator}: ${error.message}` : `${operator} ${tupleName(left)}`;
}

/** What counts in the end: the last result of a window; of sessions those that no later one overlaps. */
function finalOf(reader: TimedReader, found: readonly Result[]): Result[] {
  const final = new Map<string, Result[]>();
  for (const result of found) {
    const before = final.get(result.key) ?? [];
    const stays = (other: Result): boolean =>
      reader.kind === 'session'
        ? other.end <= result.start || other.start >= result.end
        : other.start !== result.start || other.end !== result.end;
    final.set(result.key, [...before.filter(stays), result]);
  }
  return [...final.values()].flat();
}
