// The simulation: whole jobs in one thread each, under a seeded scheduler with virtual time, with crashes at any step.
// Usage: npm run simulate -- --seeds 1000 [--from 0], or --seed S to replay one, with its trace. Exits 1 if a seed fails.
// Of ten seeds of flows there is one more of a system of spawned actors, and of five one of a flow in event time; with --actors, or
// --time, all are.
// Seeds are spread over the cores; what a seed does depends on nothing but itself.

import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { caseOf, describeCase } from './case.ts';
import { runSeed, type SeedResult } from './run.ts';
import { describeSystemCase, runSystemSeed } from './system-run.ts';
import { describeTimedCase } from './time-case.ts';
import { runTimedSeed } from './time-run.ts';

/** What a seed is of: any flow, one in event time, a system of actors. */
type Kind = 'flow' | 'time' | 'actors';

/** A seed, and of what. */
interface SimulatedJob {
  readonly of: Kind;
  readonly seed: number;
}

/** Flows for each system of actors. */
const FLOWS_PER_SYSTEM = 10;
/** Flows for each one in event time. */
const FLOWS_PER_TIMED = 5;

const KINDS: Readonly<
  Record<Kind, { readonly run: (seed: number) => Promise<SeedResult>; readonly describe: (seed: number) => string }>
> = {
  flow: { run: runSeed, describe: (seed) => describeCase(caseOf(seed)) },
  time: { run: (seed) => runTimedSeed(seed), describe: describeTimedCase },
  actors: { run: runSystemSeed, describe: describeSystemCase },
};

const run = ({ of, seed }: SimulatedJob): Promise<SeedResult> => KINDS[of].run(seed);
const describeJob = ({ of, seed }: SimulatedJob): string => KINDS[of].describe(seed);
const nameOf = ({ of, seed }: SimulatedJob): string => (of === 'flow' ? `seed ${seed}` : `seed ${seed} of ${of}`);

/** What a seed came to, as it goes between processes. */
interface Told
  extends Pick<SeedResult, 'crashes' | 'changes' | 'handOvers' | 'tuples' | 'steps' | 'virtualMs' | 'deadLetters'> {
  readonly job: SimulatedJob;
  readonly failure: string | undefined;
}

/** A process has come to a seed. */
interface Begun {
  readonly begun: SimulatedJob;
}

const NOTHING = { crashes: 0, changes: 0, handOvers: 0, tuples: 0, steps: 0, virtualMs: 0, deadLetters: 0 };
const FAILURES_SHOWN_MAX = 5;
const SEEDS_AT_ONCE = 20;
/** Far longer than any seed takes: one that is still at work is in a loop that nothing of the simulation interrupts. */
const SEED_SECONDS_MAX = 180;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    actors: { type: 'boolean', default: false },
    time: { type: 'boolean', default: false },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});
const integer = (name: string, text: string, from: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= from) return value;
  console.error(`--${name} takes an integer from ${from} on, got '${text}'`);
  process.exit(1);
};

/** What all seeds are of, if that is said. */
function only(): Kind | undefined {
  if (values.actors) return 'actors';
  return values.time ? 'time' : undefined;
}

async function tell(job: SimulatedJob): Promise<Told> {
  try {
    const { violations, crashes, changes, handOvers, tuples, steps, virtualMs, deadLetters } = await run(job);
    const failure = violations.length === 0 ? undefined : violations.slice(0, FAILURES_SHOWN_MAX).join('\n');
    return { job, crashes, changes, handOvers, tuples, steps, virtualMs, deadLetters, failure };
  } catch (error) {
    return { job, ...NOTHING, failure: (error as Error).message };
  }
}

if (process.send !== undefined) {
  process.on('message', async (jobs: SimulatedJob[]) => {
    for (const job of jobs) {
      process.send?.({ begun: job } satisfies Begun);
      process.send?.(await tell(job));
    }
    process.send?.('more');
  });
} else if (values.seed !== undefined) await replay({ of: only() ?? 'flow', seed: integer('seed', values.seed, 0) });
else
  await runAll(
    integer('from', values.from, 0),
    integer('seeds', values.seeds, 1),
    integer('processes', values.processes, 1),
  );

/** One seed, twice: with its trace, and to see that it is the same again. */
async function replay(job: SimulatedJob): Promise<void> {
  console.log(`simulate: ${nameOf(job)}: ${describeJob(job)}`);
  try {
    const result = await run(job);
    for (const line of result.trace) console.log(line);
    const again = await run(job);
    const { crashes, changes, handOvers, tuples, steps, virtualMs, deadLetters, digest } = result;
    console.log(
      `\n${tuples} tuples, ${crashes} crashes, ${changes} changes with ${handOvers} hand-overs, ${deadLetters} dead letters, ${steps} steps, ${virtualMs.toFixed(0)} ms of virtual time; trace ${digest}, ${digest === again.digest ? 'the same again' : `another one again: ${again.digest}`}`,
    );
    for (const violation of result.violations) console.error(violation);
    if (result.violations.length > 0 || digest !== again.digest) process.exitCode = 1;
  } catch (error) {
    console.error((error as Error).message);
    console.error((error as Error).cause);
    process.exitCode = 1;
  }
}

async function runAll(from: number, count: number, processes: number): Promise<void> {
  const startedMs = performance.now();
  const all = only();
  const jobs = Array.from({ length: count }, (_, index) => from + index).flatMap((seed): SimulatedJob[] => {
    if (all !== undefined) return [{ of: all, seed }];
    const kinds: Kind[] = ['flow'];
    if (seed % FLOWS_PER_TIMED === 0) kinds.push('time');
    if (seed % FLOWS_PER_SYSTEM === 0) kinds.push('actors');
    return kinds.map((of) => ({ of, seed }));
  });
  const besides = (['time', 'actors'] as const)
    .map((kind) => ({ kind, length: jobs.filter(({ of }) => of === kind && of !== all).length }))
    .filter(({ length }) => length > 0)
    .map(({ kind, length }) => `, and ${length} of ${kind}`)
    .join('');
  const failed: Told[] = [];
  const sums = { ...NOTHING };
  let crashed = 0;
  const hear = (told: Told): void => {
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += told[name];
    if (told.crashes > 0) crashed++;
    if (told.failure === undefined) return;
    failed.push(told);
    if (failed.length <= FAILURES_SHOWN_MAX)
      console.error(`${nameOf(told.job)} failed: ${describeJob(told.job)}\n${told.failure}\n`);
  };
  await Promise.all(Array.from({ length: Math.min(processes, count) }, () => runSome(jobs, hear)));
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `simulate: ${count} seeds from ${from}${besides} in ${seconds.toFixed(1)} s: ${sums.tuples} tuples, ${sums.crashes} crashes in ${crashed} seeds, ${sums.changes} changes with ${sums.handOvers} hand-overs, ${sums.deadLetters} dead letters, ${sums.steps} steps, ${(sums.virtualMs / 60_000).toFixed(0)} min of virtual time; ${failed.length} failed`,
  );
  if (failed.length === 0) return;
  console.error(
    `FAILED: ${failed.map(({ job }) => nameOf(job)).join(', ')}; npm run simulate -- ${failed[0].job.of === 'flow' ? '' : `--${failed[0].job.of} `}--seed ${failed[0].job.seed} replays the first`,
  );
  process.exitCode = 1;
}

/** A process that takes seeds until there are none; another one goes on if it does not come to the end of a seed. */
async function runSome(jobs: SimulatedJob[], hear: (told: Told) => void): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url));
  let mine: SimulatedJob[] = [];
  let stuck: SimulatedJob | undefined;
  let watch: NodeJS.Timeout | undefined;
  const feed = (): void => {
    mine = jobs.splice(0, SEEDS_AT_ONCE);
    if (mine.length === 0) child.disconnect();
    else child.send(mine);
  };
  const code = await new Promise<number | null>((resolve) => {
    child.on('message', (told: Told | Begun | 'more') => {
      clearTimeout(watch);
      if (told === 'more') feed();
      else if ('job' in told) hear(told);
      else {
        const { begun: job } = told;
        mine = mine.slice(mine.findIndex(({ of, seed }) => of === job.of && seed === job.seed) + 1);
        watch = setTimeout(() => {
          stuck = job;
          child.kill('SIGKILL');
        }, SEED_SECONDS_MAX * 1000);
      }
    });
    child.on('exit', resolve);
    feed();
  });
  clearTimeout(watch);
  if (stuck !== undefined) {
    hear({ job: stuck, ...NOTHING, failure: `it has not ended after ${SEED_SECONDS_MAX} s of real time` });
    jobs.unshift(...mine);
    await runSome(jobs, hear);
  } else if (code !== 0) throw new Error(`a process of the simulation ended with ${code}`);
}
