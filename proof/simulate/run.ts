// Runs one seed of `npm run simulate`, and judges what came of it.
// Promises: every tuple, row, count and dead letter is accounted for, or is a violation; the same seed gives the same run.

import type { DeadLetter, Job, JobReading } from '../../src/index.ts';
import { ExactlyOnce } from '../../src/testing/exactly-once.ts';
import { Random } from '../../src/testing/random.ts';
import { type Simulated, simulate } from '../../src/testing/simulate.ts';
import { caseOf, type FlowCase, type SimulationCase } from './case.ts';
import { type Expected, expect, leftOutName } from './expected.ts';
import { simulated, written } from './flow.ts';
import { lifeProblems } from './lives.ts';
import { pushedInputs } from './sources.ts';
import { END_FIRST, type Numbered, sourceTuple } from './steps.ts';

export interface SeedResult {
  readonly crashes: number;
  readonly changes: number;
  readonly handOvers: number;
  readonly tuples: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly deadLetters: number;
  readonly digest: string;
  readonly trace: readonly string[];
  readonly violations: readonly string[];
}

const TEXT_VIOLATIONS_MAX = 5;
/** Far more than any seed takes. */
const STEPS_MAX = 200_000;

/** @throws MillraceError SIMULATION_FAILED if the job fails, stands still or leaves something behind */
export async function runSeed(seed: number): Promise<SeedResult> {
  const { flow, tight, killers, backup, stopAfterMs, changes: changeRate, stateReads } = caseOf(seed);
  written.delete(seed);
  const inputs = pushedInputs(flow.sources, (source, index) => sourceTuple(flow, source, index));
  const result = await simulate(simulated, {
    seed,
    params: flow,
    inputs,
    ...tight,
    backup,
    killers,
    changes: changeRate,
    supervision: { strategy: flow.strategy },
    stepsMax: STEPS_MAX,
    app: async (job, sleep) => {
      const random = new Random(seed);
      for (let reads = stateReads; reads > 0; reads--) {
        await sleep(random.next() * 100);
        await readState(job, flow, random);
      }
      if (stopAfterMs === undefined) return;
      await sleep(stopAfterMs);
      await job.stop();
    },
  });
  const violations = judge({ flow, killers }, result as never, stopAfterMs !== undefined, written.get(seed) ?? []);
  violations.push(...lifeProblems(result.events, false));
  written.delete(seed);
  const { crashes, changes, steps, virtualMs, digest, trace, deadLetters } = result;
  const handOvers = result.events.filter(({ type }) => type === 'handOver').length;
  const tuples = result.outputs.out.length;
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

/** Reads a row while the job runs; what it holds is checked at the end only. */
async function readState(job: Job, flow: FlowCase, random: Random): Promise<void> {
  const index = flow.operators.findIndex(({ kind }) => kind === 'process');
  if (index < 0) return;
  await job.state(`process-${index}`).get(`0-${random.below(flow.sources[0].keys)}`);
}

function judge(
  { flow, killers }: Pick<SimulationCase, 'flow' | 'killers'>,
  { outputs, state, deadLetters, reading }: Simulated<Readonly<Record<string, Numbered>>>,
  isStopped: boolean,
  lines: readonly Numbered[],
): string[] {
  const violations: string[] = [];
  const letters = new Letters(flow, deadLetters);
  const lengths = flow.sources.map(({ tuples }, source) =>
    isStopped ? tuplesOut(reading, `source-${source}`) + letters.ofSource(source) : tuples,
  );
  // Twice: what is poison is known only without what was left out for another reason.
  const expected = expect(flow, lengths, (operator, tuple) => letters.killers.has(leftOutName(operator, tuple)));
  const poison = new Set(expected.poison);
  for (const name of letters.failures) if (!poison.has(name)) violations.push(`dead letter of a sound tuple: ${name}`);
  for (const name of poison) if (!letters.failures.has(name)) violations.push(`no dead letter: ${name}`);
  violations.push(...letters.violations);
  if (!killers) violations.push(...[...letters.killers].map((name) => `left out for no reason: ${name}`));
  const isOrdered = flow.operators.every((operator) => operator.kind !== 'map' || !operator.isUnordered);
  const inOrder = isOrdered ? (tuples: readonly Numbered[]) => tuples : byNumber;
  compareTuples('out', inOrder(outputs.out), expected, new Set(), violations);
  if (flow.withSink) compareTuples('sink', inOrder(lines), expected, letters.ofSink, violations);
  for (const [index, side] of expected.sides) {
    compareTuples(`side-${index}`, outputs[`side-${index}`], side, new Set(), violations);
    const fork = reading.operators.find(({ name }) => name === `fork-${index}`);
    const unread = fork?.outputs?.unread;
    if (unread?.tuples !== side.unread || unread.consumed)
      violations.push(`fork-${index}: ${JSON.stringify(unread)} instead of ${side.unread} tuples that nobody reads`);
  }
  compareState(flow, state, expected, violations);
  const seen = tuplesIn(reading, 'out');
  if (seen !== outputs.out.length) violations.push(`its reading counts ${seen} tuples, not ${outputs.out.length}`);
  return violations;
}

/** What comes in no order, in one: that of the numbers that a key has. */
const byNumber = (tuples: readonly Numbered[]): Numbered[] =>
  tuples.toSorted((one, other) => one.number - other.number);

const tuplesOut = ({ operators }: JobReading, name: string): number =>
  operators.find((operator) => operator.name === name)?.tuplesOut ?? Number.NaN;
const tuplesIn = ({ operators }: JobReading, name: string): number =>
  operators.find((operator) => operator.name === name)?.tuplesIn ?? Number.NaN;

/** The dead letters of a run, by where their tuples were left out. */
class Letters {
  /** Tuples that threw. */
  readonly failures = new Set<string>();
  /** Tuples in which workers died again and again. */
  readonly killers = new Set<string>();
  /** Keys and numbers that the sink left out. */
  readonly ofSink = new Set<string>();
  readonly violations: string[] = [];
  private readonly sources: number[] = [];

  constructor(flow: FlowCase, letters: readonly DeadLetter[]) {
    for (const { operator, tuple, key, error } of letters) {
      const isKiller = (error as { code?: string }).code === 'TUPLE_KILLED_WORKER';
      if (operator === 'sink') {
        const { key, number } = tuple as Numbered;
        this.ofSink.add(`${key} ${number}`);
        if (!isKiller) this.violations.push(`dead letter of the sink: ${error.message}`);
        continue;
      }
      const [kind, index] = operator.split('-');
      const head = kind === 'source' ? -1 : Number(index);
      let left = tuple as Partial<Numbered> & { index?: number };
      if (left === undefined) left = { key: String(key), number: END_FIRST + head };
      else if (left.index !== undefined) left = sourceTuple(flow, Number(index), left.index);
      const name = leftOutName(head, left as Numbered);
      if (head === -1) {
        const source = Number(left.key?.split('-')[0]);
        this.sources[source] = (this.sources[source] ?? 0) + 1;
      }
      if (this.failures.has(name) || this.killers.has(name)) this.violations.push(`two dead letters: ${name}`);
      (isKiller ? this.killers : this.failures).add(name);
    }
  }

  ofSource(source: number): number {
    return this.sources[source] ?? 0;
  }
}

/** Exactly once, in order for each key, and each with the digest that tells of all before it. */
function compareTuples(
  where: string,
  tuples: readonly Numbered[],
  { output }: Pick<Expected, 'output'>,
  leftOut: ReadonlySet<string>,
  violations: string[],
): void {
  const oracle = new ExactlyOnce<string>();
  const places = new Map<string, number>();
  const digests = new Map<string, number>();
  const lengths = new Map<string, number>();
  for (const [key, expected] of output) {
    lengths.set(key, expected.length);
    expected.forEach(({ number, digest }, place) => {
      const name = `${key} ${number}`;
      places.set(name, place);
      digests.set(name, digest);
      if (leftOut.has(name)) oracle.excuse(key, place);
    });
  }
  for (const { key, number, digest } of tuples) {
    const name = `${key} ${number}`;
    oracle.see(key, places.get(name) ?? -1);
    if (digests.has(name) && digests.get(name) !== digest) violations.push(`${where}: ${name} tells of another state`);
  }
  const { isClean, counts, violations: first } = oracle.finish(lengths);
  if (isClean) return;
  const examples = first.slice(0, TEXT_VIOLATIONS_MAX).map(({ kind, key, sequence }) => `${kind} ${key} #${sequence}`);
  violations.push(`${where}: ${JSON.stringify(counts)}, such as ${examples.join(', ')}`);
}

function compareState(flow: FlowCase, state: Simulated['state'], expected: Expected, violations: string[]): void {
  flow.operators.forEach(({ kind }, index) => {
    if (kind !== 'process') return;
    const name = `process-${index}`;
    const found = new Map(state[name].map(({ key, value }) => [String(key.key), textOf(value)]));
    const rows = expected.state.get(index) ?? new Map();
    for (const key of new Set([...found.keys(), ...rows.keys()])) {
      const row = rows.get(key);
      const should =
        row &&
        textOf({
          count: row.count,
          digest: row.digest,
          last: row.last,
          slots: [...row.slots].map(([slot, value]) => ({ slot, value })),
        });
      if (found.get(key) !== should)
        violations.push(`state of ${name}, key ${key}: ${found.get(key)} instead of ${should}`);
    }
  });
}

/** A row as a text, whatever the order of its table. */
function textOf(row: Readonly<Record<string, unknown>>): string {
  const slots = [...(row.slots as { slot: number; value: number }[])].sort((one, other) => one.slot - other.slot);
  return JSON.stringify([row.count, row.digest, row.last, slots.map(({ slot, value }) => [slot, value])]);
}
