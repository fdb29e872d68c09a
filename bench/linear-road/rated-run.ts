// Rated mode: L expressways in real time, after their state has been filled.
// Promises: every answer is checked, also of the time before; CPU and memory are those of the process in real time. Ends the
// run, and says so, before the machine is out of memory.

import { setTimeout as sleep } from 'node:timers/promises';
import { between, type Job, type JobRates } from '../../src/index.ts';
import { sharedNow } from '../clock.ts';
import { type ChaosCounts, type ChaosOptions, disturb, NO_CHAOS } from './chaos.ts';
import { SHARES } from './flow.ts';
import { availableBytes, RESERVE_BYTES } from './memory.ts';
import { allocateChecks } from './rated-check.ts';
import { ratedRoad } from './rated-flow.ts';
import {
  ANSWER_TYPES,
  type AnswerType,
  allocateResults,
  faultsSoFar,
  type Latencies,
  type ResultsMemory,
  resultOf,
  type TypeResult,
  timeline,
} from './rated-results.ts';
import { makeRatedTrace, peakProfile, type RatedTrace, rampProfile } from './rated-trace.ts';

export interface RatedOptions {
  readonly expressways: number;
  /** In real time. */
  readonly seconds: number;
  /** Seconds of traffic before that. */
  readonly fillSeconds: number;
  readonly workers: number;
  /** Replicas of each keyed operator; with a ramp the most that the policy may give it. */
  readonly parallelism: number;
  readonly seed: number;
  readonly ramp?: RampOptions;
  /** Kills workers at random in real time, if there is one. */
  readonly chaosSeed?: number;
  readonly killPause?: ChaosOptions['killPause'];
  /** Ends the run at the first missed deadline or wrong answer: it does not hold, whatever follows. */
  readonly stopsAtFault?: boolean;
}

/** Load grows from a hundredth of the peak to the peak, and replicas with it. */
interface RampOptions {
  /** In which it grows, of the seconds in real time: it stays at the peak for the others. */
  readonly growSeconds: number;
  /** Share of its time that a replica may be busy. */
  readonly utilisation: number;
}

/** What was seen from outside over some time, and in the middle of it. */
interface Sample {
  /** In real time. */
  readonly second: number;
  readonly linesPerSecond: number;
  readonly processors: number;
  readonly memoryBytes: number;
}

/** A change of replicas, or a kill. */
interface RatedEvent {
  readonly second: number;
  readonly text: string;
  readonly operator?: string;
  /** Of the operator, from now on. */
  readonly replicas?: number;
}

/** The answers to the lines of some seconds. */
interface Moment extends Latencies {
  readonly second: number;
}

export interface RatedResult {
  readonly types: ReadonlyMap<AnswerType, TypeResult & { readonly lost: number }>;
  /** Of lines in real time, all expressways together. */
  readonly linesPerSecond: number;
  readonly fillLines: number;
  readonly fillMs: number;
  /** Processor time of all threads for a line of those. */
  readonly fillCpuUs: number;
  /** Processors in use in real time, on average. */
  readonly processors: number;
  readonly memoryBytesMax: number;
  /** Of real time. */
  readonly rates: JobRates;
  readonly samples: readonly Sample[];
  readonly moments: readonly Moment[];
  readonly events: readonly RatedEvent[];
  readonly chaos: ChaosCounts;
  /** Why the run ended before its time, if it did. */
  readonly stoppedBy: 'fault' | 'memory' | undefined;
}

/** Address space, not memory. */
const STATE_BYTES = 15 * 2 ** 30;
const LOOK_EVERY_MS = 200;
const SAMPLE_EVERY_MS = 1000;
const SAY_EVERY_MS = 10_000;
const LATENCY_MS_MAX = 1000;
/** Crashes are what is asked for: no supervisor gives up. */
const INTENSITY = 1_000_000;
/** So long after each other that a recovery is over before the next kill. */
const KILL_PAUSE = { firstMs: 4000, fromMs: 3000, spanMs: 4000 };
const SCALING_EVERY_MS = 500;

/** True if no answer was wrong, lost, doubled or late. */
export const isExact = ({ types, stoppedBy }: RatedResult): boolean =>
  stoppedBy === undefined &&
  [...types.values()].every(({ wrong, lost, doubled, missed }) => wrong + lost + doubled + missed === 0);

/** True if moreover 99 % of each type came within a second. */
export const holds = (result: RatedResult): boolean =>
  isExact(result) && [...result.types.values()].every(({ quantileMs }) => quantileMs(0.99) <= LATENCY_MS_MAX);

type TraceOptions = Pick<RatedOptions, 'seed' | 'fillSeconds' | 'seconds' | 'ramp'>;

/** The trace of one expressway that runs of some length need. */
export function traceFor({ seed, fillSeconds, seconds, ramp }: TraceOptions): RatedTrace {
  const profile = ramp === undefined ? peakProfile(fillSeconds) : rampProfile(fillSeconds, ramp.growSeconds);
  return makeRatedTrace(seed, fillSeconds + seconds, profile);
}

export async function runRated(
  trace: RatedTrace,
  options: RatedOptions,
  progress: (text: string) => void,
): Promise<RatedResult> {
  const { expressways, seconds, fillSeconds, workers, parallelism, ramp } = options;
  const results = allocateResults(seconds);
  const startedMs = new SharedArrayBuffer(8);
  const params = {
    trace,
    expressways,
    paceFrom: fillSeconds,
    startedMs,
    parallelism: ramp === undefined ? parallelism : { min: 1, max: parallelism },
    shares: SHARES,
    checks: allocateChecks(trace, expressways, results),
  };
  const beganMs = performance.now();
  const usageBefore = process.cpuUsage();
  const job = (await ratedRoad.run({
    params,
    workers,
    stateBytes: STATE_BYTES,
    supervision: { intensity: INTENSITY },
    ...(ramp !== undefined && {
      scaling: { policy: 'rate', everyMs: SCALING_EVERY_MS, utilisation: ramp.utilisation },
    }),
  })) as Job;
  const watch = new Watch(job, startedMs, results, options.stopsAtFault ?? false, progress);
  await watch.until(() => watch.isPaced);
  const fillMs = performance.now() - beganMs;
  const fillUsage = process.cpuUsage(usageBefore);
  const { chaosSeed, killPause = KILL_PAUSE } = options;
  const chaos = chaosSeed === undefined ? undefined : disturb(job, { seed: chaosSeed, killPause });
  const usage = process.cpuUsage();
  const pacedMs = performance.now();
  const pacedFrom = job.reading();
  await watch.until(() => performance.now() - pacedMs > seconds * 1000);
  const { user, system } = process.cpuUsage(usage);
  const processors = (user + system) / 1000 / (performance.now() - pacedMs);
  const rates = between(pacedFrom, job.reading());
  await chaos?.stop();
  const stoppedBy = await watch.end();
  const starts = new Int32Array(trace.seconds);
  const fillLines = starts[fillSeconds] * expressways;
  return {
    types: typesOf(results, trace, expressways, stoppedBy === undefined),
    linesPerSecond: ((starts[fillSeconds + seconds] - starts[fillSeconds]) * expressways) / seconds,
    fillLines,
    fillMs,
    fillCpuUs: (fillUsage.user + fillUsage.system) / fillLines,
    processors,
    memoryBytesMax: watch.memoryBytesMax,
    rates,
    samples: watch.samples,
    moments: timeline(results).map((latencies, slot) => ({ second: slot * results.slotSeconds, ...latencies })),
    events: watch.events,
    chaos: chaos?.counts ?? NO_CHAOS,
    stoppedBy,
  };
}

function typesOf(
  results: ResultsMemory,
  { counts }: RatedTrace,
  expressways: number,
  isComplete: boolean,
): RatedResult['types'] {
  const expected: Readonly<Record<AnswerType, number>> = {
    toll: counts.tolls,
    accident: counts.accidents,
    balance: counts.balances,
    expenditure: counts.expenditures,
  };
  return new Map(
    ANSWER_TYPES.map((type) => {
      const result = resultOf(results, type);
      // What a run that was stopped did not come to is not lost.
      const lost = isComplete ? expected[type] * expressways - (result.answers - result.doubled) : 0;
      return [type, { ...result, lost }] as const;
    }),
  );
}

/** Looks at a running job from outside, and ends it if that is needed. */
class Watch {
  readonly samples: Sample[] = [];
  readonly events: RatedEvent[] = [];
  memoryBytesMax = 0;
  readonly #job: Job;
  readonly #startedMs: Float64Array;
  readonly #results: ResultsMemory;
  readonly #stopsAtFault: boolean;
  readonly #progress: (text: string) => void;
  readonly #done: Promise<void>;
  #isEnded = false;
  #stoppedBy: RatedResult['stoppedBy'];
  #last = { atMs: 0, lines: 0, processorUs: 0 };
  #saidMs = performance.now();

  constructor(
    job: Job,
    startedMs: SharedArrayBuffer,
    results: ResultsMemory,
    stopsAtFault: boolean,
    progress: (text: string) => void,
  ) {
    this.#job = job;
    this.#startedMs = new Float64Array(startedMs);
    this.#results = results;
    this.#stopsAtFault = stopsAtFault;
    this.#progress = progress;
    this.#done = job.done.finally(() => {
      this.#isEnded = true;
    });
    this.#done.catch(() => {});
    job.on(
      '*',
      (event) => {
        const second = this.#second();
        if (event.type === 'scaled' && event.from !== event.to) {
          const { operator, from, to } = event;
          this.events.push({ second, text: `${operator} ${from} → ${to}`, operator, replicas: to });
        } else if (event.type === 'crash') this.events.push({ second, text: 'kill' });
        else if (event.type === 'moved') this.events.push({ second, text: `${event.operator} moves` });
        else if (event.type === 'decision') progress(`${second.toFixed(1)} s: ${event.action}: ${event.reason}`);
      },
      { past: true },
    );
  }

  /** True when real time has begun. */
  get isPaced(): boolean {
    return this.#startedMs[0] !== 0;
  }

  /** Resolves when the condition is true, or the job has ended. */
  async until(condition: () => boolean): Promise<void> {
    while (!this.#isEnded && !condition()) {
      await sleep(LOOK_EVERY_MS);
      this.#look();
      if (this.#stoppedBy !== undefined) return;
    }
  }

  /** Waits for the job's end. */
  async end(): Promise<RatedResult['stoppedBy']> {
    await this.until(() => false);
    if (this.#stoppedBy === undefined) await this.#done;
    else await this.#job.cancel();
    return this.#stoppedBy;
  }

  #second(): number {
    return this.isPaced ? Math.max(0, (sharedNow() - this.#startedMs[0]) / 1000) : 0;
  }

  #look(): void {
    const memoryBytes = process.memoryUsage.rss();
    this.memoryBytesMax = Math.max(this.memoryBytesMax, memoryBytes);
    if (availableBytes() < RESERVE_BYTES) this.#stoppedBy = 'memory';
    if (this.#stopsAtFault && faultsSoFar(this.#results) > 0) this.#stoppedBy = 'fault';
    const nowMs = performance.now();
    const spanMs = nowMs - this.#last.atMs;
    if (spanMs < SAMPLE_EVERY_MS) return;
    const { operators } = this.#job.reading();
    const lines = operators.find(({ name }) => name === 'traffic')?.tuplesOut ?? 0;
    const { user, system } = process.cpuUsage();
    const before = this.#last;
    this.#last = { atMs: nowMs, lines, processorUs: user + system };
    const linesPerSecond = ((lines - before.lines) * 1000) / spanMs;
    if (nowMs - this.#saidMs > SAY_EVERY_MS) {
      this.#saidMs = nowMs;
      const mebibytes = (memoryBytes / 2 ** 20).toFixed(0);
      this.#progress(`${lines} lines, ${(linesPerSecond / 1000).toFixed(0)} k/s, ${mebibytes} MiB`);
    }
    const second = this.#second() - spanMs / 1000;
    // Half of the time may have been before real time began.
    if (!this.isPaced || before.atMs === 0 || second < 0) return;
    const processors = (user + system - before.processorUs) / 1000 / spanMs;
    this.samples.push({ second: second + spanMs / 2000, linesPerSecond, processors, memoryBytes });
  }
}
