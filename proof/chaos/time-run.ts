// One chaos run in event time: kills workers as fast as they come back, scales, rebalances and moves, and checks all that came out.
// Promises: it ends in time, whatever the job does: a job that stands still is cancelled, and told of.

import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Job, MillraceError } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';
import type { Result } from '../simulate/time-steps.ts';
import type { Violations } from './oracle.ts';
import { timeChaos } from './time-flow.ts';
import { joinName } from './time-joins.ts';
import { TimeOracle, type Windows } from './time-oracle.ts';
import { elasticOf, SOURCES, type TimedTuple, type TimePlan, type TimeSettings } from './time-tuples.ts';
import { Watchdog } from './watchdog.ts';

/** Between kills a partition may fall silent, and be found idle. */
const KILL_PAUSE_MS_MAX = 500;
const BACK_MS_MAX = 30_000;
const LOOK_EVERY_MS = 10;
const SHIFT_PAUSE_MS_MAX = 60;
const LAST_KILLS_MAX = 3;
const LAST_PAUSE_MS_MAX = 60;
const INTENSITY = 1_000_000;
const CANCEL_MS_MAX = 10_000;
/** What is asked for may find that its worker or replica has gone. */
const GONE: ReadonlySet<string | undefined> = new Set(['UNKNOWN_NAME', 'JOB_ENDED']);
const WINDOWED: Readonly<Record<Exclude<Windows, 'timers'>, string>> = {
  tumbling: 'of-tumbling',
  sliding: 'of-sliding',
  sessions: 'of-sessions',
};

export interface TimeChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly workers: number;
  readonly killsMax: number;
}

export interface TimeChaosResult {
  readonly kills: number;
  readonly handOvers: number;
  readonly oracle: TimeOracle;
}

interface WindowRow {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly tuples: number;
  readonly weights: number;
}

async function each<Tuple>(job: Job, output: string, see: (tuple: Tuple) => void): Promise<void> {
  for await (const batch of job.output(output).batches()) for (const tuple of batch as Tuple[]) see(tuple);
}

async function readLetters({ deadLetters }: Job, oracle: TimeOracle): Promise<void> {
  for await (const { operator, error } of deadLetters) oracle.seeLetter(operator, error.message);
}

/** All outputs, until the job has ended. */
const readAll = (job: Job, { joins }: TimeSettings, oracle: TimeOracle): Promise<void>[] => [
  ...SOURCES.flatMap((source) => [
    each<TimedTuple>(job, `late-${source}`, (tuple) => oracle.see(tuple, true)),
    each<TimedTuple>(job, `seen-${source}`, (tuple) => oracle.see(tuple, false)),
  ]),
  ...(Object.entries(WINDOWED) as [Windows, string][]).map(([of, output]) =>
    each<WindowRow>(job, output, ({ windowStart: start, windowEnd: end, ...row }) =>
      oracle.seeRow(of, { ...row, start, end }),
    ),
  ),
  each(job, 'of-timers', (row: Parameters<TimeOracle['seeRow']>[1]) => oracle.seeRow('timers', row)),
  ...joins.map((join, index) =>
    each<Result>(job, `of-${joinName(join, index)}`, (row) => oracle.seeJoined(index, row)),
  ),
  readLetters(job, oracle),
];

export async function runTimeChaos(
  { seconds, seed, workers, killsMax }: TimeChaosOptions,
  { flow, run }: TimePlan,
  violations: Violations,
): Promise<TimeChaosResult> {
  const options = { params: flow, workers, maxWorkers: workers + 1, ...run, supervision: { intensity: INTENSITY } };
  // As many crashes as come are part of the plan.
  const job = (await timeChaos.run({ ...options, notices: false })) as unknown as Job;
  const oracle = new TimeOracle(flow, violations);
  const history: string[] = [];
  const watchdog = new Watchdog(job, () => oracle.rows, violations, { history });
  const untilMs = performance.now() + seconds * 1000;
  let kills = 0;
  let handOvers = 0;
  let isOver = false;
  job.on('handOver', () => {
    handOvers++;
  });
  job.on('ended', () => {
    isOver = true;
  });
  const attempt = async (what: string, act: () => Promise<unknown>): Promise<boolean> => {
    history.push(what);
    if (history.length > 15) history.shift();
    try {
      await act();
      return true;
    } catch (error) {
      const { code } = error as Partial<MillraceError>;
      if (!GONE.has(code) && !isOver) violations.add('other', `'${what}' failed: ${inspect(error)}`);
      return false;
    }
  };
  const kill = async (random: Random): Promise<void> => {
    const hosts = job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
    if (hosts.length === 0) return;
    const { worker } = random.pick(hosts);
    if (await attempt(`kill ${worker}`, () => job.killWorker(worker))) kills++;
  };
  const isBack = async (): Promise<boolean> => {
    const isAway = (): boolean =>
      job
        .reading()
        .operators.some(({ replicas }) => replicas.some(({ state }) => state === 'starting' || state === 'restarting'));
    for (const limitMs = performance.now() + BACK_MS_MAX; isAway() && !isOver; await sleep(LOOK_EVERY_MS)) {
      if (performance.now() > limitMs) return false;
    }
    return true;
  };
  const killing = async (): Promise<void> => {
    const random = new Random(~seed);
    while (performance.now() < untilMs && kills < killsMax && !isOver) {
      await sleep(random.below(KILL_PAUSE_MS_MAX));
      await kill(random);
      // Now and then the next one dies while this one is being taken over.
      if (random.below(4) > 0 && !(await isBack())) violations.add('other', `not back from '${history.at(-1)}'`);
    }
  };
  const shifting = async (): Promise<void> => {
    const random = new Random(seed ^ 0x5ca1e);
    const elastic = elasticOf(flow);
    const names = Object.keys(elastic);
    while (performance.now() < untilMs && !isOver) {
      await sleep(random.below(SHIFT_PAUSE_MS_MAX));
      const kind = random.weighted({ scale: 6, rebalance: 1, move: 2 });
      const operator = random.pick(names);
      const replicas = 1 + random.below(elastic[operator]);
      if (kind === 'scale') await attempt(`scale ${operator} to ${replicas}`, () => job.scale(operator, replicas));
      else if (kind === 'rebalance') await attempt(`rebalance ${operator}`, () => job.rebalance(operator));
      else {
        const hosts = job.workers().filter(({ state }) => state === 'active');
        const actors = hosts.flatMap(({ actors: own }) => own);
        if (actors.length === 0) continue;
        const { operator: moved, replica } = random.pick(actors);
        const { worker } = random.pick(hosts);
        await attempt(`move ${moved}/${replica} to ${worker}`, () => job.move(moved, replica, worker));
      }
    }
  };
  const reading = readAll(job, flow, oracle);
  // Whoever waits for them hears of a failure, but perhaps later.
  for (const read of reading) read.catch(() => {});
  try {
    await Promise.all([killing(), shifting(), sleep(Math.max(0, untilMs - performance.now()))]);
    const stopped = job.stop();
    stopped.catch(() => {});
    const random = new Random(seed);
    for (let last = 0; last < LAST_KILLS_MAX && !isOver && kills < killsMax; last++) {
      await sleep(random.below(LAST_PAUSE_MS_MAX));
      await kill(random);
    }
    await stopped;
    await Promise.all([...reading, job.done]);
    const { operators } = job.reading();
    const outOf = (name: string): number => operators.find((each) => each.name === name)?.tuplesOut ?? Number.NaN;
    oracle.finish({ a: outOf('a'), b: outOf('b') });
  } catch (error) {
    violations.add('other', `the job failed: ${inspect(error, { depth: 4 })}`);
    await Promise.race([job.cancel(), sleep(CANCEL_MS_MAX, undefined, { ref: false })]);
  } finally {
    watchdog.stop();
  }
  return { kills, handOvers, oracle };
}
