// One subject of the micro-benchmarks: a part of what happens to a tuple, and what plain JavaScript or Node has for it.
// Measured by tinybench in this thread; contenders take turns in rounds, as in the harness, and a ratio is the median of the
// ratios of single rounds. A figure is that of one operation.
// Relies on: a contender's run() does `operations` operations, many enough for the timer not to matter.

import { Bench, type Statistics } from 'tinybench';
import type { By, Effort } from '../effort.ts';
import type { BaselineResult, Result } from '../harness.ts';
import { median } from '../statistics.ts';

export interface Contender {
  readonly operations: number;
  run(): unknown;
  /** Its runs are awaited. */
  readonly isAsync?: boolean;
}

export interface Subject {
  readonly name: string;
  readonly unit: 'ns' | 'µs';
  readonly ours: Contender;
  readonly baselines: Readonly<Record<string, Contender>>;
  /** Ends threads. */
  close?(): Promise<void>;
}

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
/** Of each contender, in each round. */
const TIME_MS: By<number> = { quick: 20, usual: 120, full: 200 };
/** Before the first round code is cold; before the others the caches are. */
const WARM_FIRST_MS: By<number> = { quick: 20, usual: 150, full: 250 };
const WARM_MS = 20;
const ITERATIONS_MIN = 10;
const PER_MS: Readonly<Record<Subject['unit'], number>> = { ns: 1e6, µs: 1e3 };

/** One contender in one round. */
async function measure(name: string, { run, isAsync }: Contender, timeMs: number, warmMs: number): Promise<Statistics> {
  const bench = new Bench({
    time: timeMs,
    warmupTime: warmMs,
    iterations: ITERATIONS_MIN,
    warmupIterations: ITERATIONS_MIN,
    throws: true,
  });
  bench.add(name, run, { async: isAsync === true });
  await bench.run();
  const { result } = bench.tasks[0];
  if (result.state !== 'completed') throw new Error(`micro-benchmark ${name} ended as ${result.state}`);
  return result.latency;
}

interface Figures {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly p99: number;
  readonly runs: number;
}

/**
 * Of rounds, in the unit of one operation. The range ends at the 99th percentile: what is beyond was somebody else, who had
 * the processor.
 */
function figuresOf(rounds: readonly Statistics[], scale: number): Figures {
  const p99 = median(rounds.map((round) => round.p99)) * scale;
  return {
    value: median(rounds.map(({ p50 }) => p50)) * scale,
    min: Math.min(...rounds.map(({ min }) => min)) * scale,
    max: p99,
    p99,
    runs: rounds.reduce((sum, { samplesCount }) => sum + samplesCount, 0),
  };
}

/** Measures a subject, and says what it found. */
export async function measureSubject(
  { name, unit, ours, baselines, close }: Subject,
  effort: Effort,
  progress: (line: string) => void,
): Promise<Result> {
  const contenders = [['millrace', ours] as const, ...Object.entries(baselines)];
  const rounds: Statistics[][] = contenders.map(() => []);
  try {
    for (let round = 0; round < ROUNDS[effort]; round++) {
      for (const [i, [contender, each]] of contenders.entries()) {
        const warmMs = round === 0 ? WARM_FIRST_MS[effort] : WARM_MS;
        rounds[i].push(await measure(`${name}, ${contender}`, each, TIME_MS[effort], warmMs));
      }
    }
  } finally {
    await close?.();
  }
  const scales = contenders.map(([, { operations }]) => PER_MS[unit] / operations);
  const [own, ...theirs] = rounds.map((each, i) => figuresOf(each, scales[i]));
  const vs: Record<string, BaselineResult> = {};
  for (const [i, { value, min, max }] of theirs.entries()) {
    const ratios = rounds[i + 1].map(({ p50 }, round) => (p50 * scales[i + 1]) / (rounds[0][round].p50 * scales[0]));
    const [ratioMin, ratioMax] = [Math.min(...ratios), Math.max(...ratios)];
    vs[contenders[i + 1][0]] = { value, min, max, ratio: median(ratios), ratioMin, ratioMax };
  }
  const texts = contenders.map(([contender], i) => `${contender} ${[own, ...theirs][i].value.toPrecision(3)}`);
  progress(`${name.padEnd(13)} ${texts.join(', ')} ${unit}; ${own.runs} calls`);
  return { name, unit, ...own, vs };
}
