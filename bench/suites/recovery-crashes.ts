// How long a crash lasts: from the crash itself to the first commit of the restored actor, in a stream at half of the rate
// that the pipeline can do; and whether that depends on the size of the state.

import type { By, Effort } from '../effort.ts';
import type { Measurement, Result } from '../harness.ts';
import { spread } from '../harness.ts';
import { median, quantile } from '../statistics.ts';
import { CRASH_KINDS, type CrashTimes, Drill } from './recovery-drill.ts';

const KEYS = 100_000;
const CRASHES: By<number> = { quick: 6, usual: 36, full: 120 };
/** Each has its own cold start: the first crash of a job counts as well. */
const JOBS: By<number> = { quick: 1, usual: 2, full: 4 };

/** State sizes, and what their results are called. */
export const STATE_SIZES: readonly { readonly keys: number; readonly result: string }[] = [
  { keys: 1000, result: 'state-1k' },
  { keys: 10_000, result: 'state-10k' },
  { keys: 100_000, result: 'state-100k' },
  { keys: 1_000_000, result: 'state-1m' },
];
const SIZES: By<typeof STATE_SIZES> = {
  quick: [STATE_SIZES[0], STATE_SIZES[3]],
  usual: [STATE_SIZES[0], STATE_SIZES[3]],
  full: STATE_SIZES,
};
const SIZE_ROUNDS: By<number> = { quick: 1, usual: 2, full: 3 };
const SIZE_CRASHES: By<number> = { quick: 2, usual: 6, full: 9 };

const WARM_MS: By<number> = { quick: 100, usual: 500, full: 500 };
const SPAN_MS: By<number> = { quick: 200, usual: 1000, full: 1000 };

type Progress = (line: string) => void;

/** Half of the rate that the pipeline can do. */
async function halfRate(keys: number, effort: Effort, progress: Progress): Promise<number> {
  const drill = await Drill.start({ keys, ratePerSecond: undefined });
  const full = await drill.rate(WARM_MS[effort], SPAN_MS[effort]);
  await drill.end();
  progress(`${keys} keys at full rate: ${(full / 1e6).toFixed(2)} M tuples/s; crashes at half of it`);
  return Math.floor(full / 2);
}

/** One job that crashes `count` times. */
async function crashes(keys: number, ratePerSecond: number, count: number): Promise<CrashTimes[]> {
  const drill = await Drill.start({ keys, ratePerSecond });
  await drill.reach(keys);
  const times: CrashTimes[] = [];
  for (let i = 0; i < count; i++) times.push(await drill.crash(CRASH_KINDS[i % CRASH_KINDS.length]));
  await drill.end();
  return times;
}

const committed = (times: readonly CrashTimes[]): number[] => times.map(({ committedMs }) => committedMs);

/** The medians of what a recovery consists of. */
function phasesText(times: readonly CrashTimes[]): string {
  const phase = (name: string, of: (times: CrashTimes) => number): string =>
    `${name} ${median(times.map(of)).toFixed(1)}`;
  return [
    phase('noticed after', ({ noticedMs }) => noticedMs),
    phase('thread gone after', ({ fencedMs }) => fencedMs),
    phase('first commit after', ({ committedMs }) => committedMs),
    phase('caught up after', ({ caughtUpMs }) => caughtUpMs),
  ].join(', ');
}

export function crashToCommit(effort: Effort): Measurement {
  return {
    async measure(progress) {
      const ratePerSecond = await halfRate(KEYS, effort, progress);
      const jobs = JOBS[effort];
      const all: CrashTimes[] = [];
      for (let job = 1; job <= jobs; job++) {
        all.push(...(await crashes(KEYS, ratePerSecond, CRASHES[effort] / jobs)));
        progress(`job ${job} of ${jobs}: ${all.length} crashes so far`);
      }
      for (const kind of CRASH_KINDS) {
        progress(`${kind}: ${phasesText(all.filter((each) => each.kind === kind))} ms (medians)`);
      }
      const result = (name: string, value: number, of: number[]): Result => ({
        name,
        unit: 'ms',
        ...spread(of),
        value,
        runs: of.length,
        vs: {},
      });
      const values = committed(all);
      return [
        result('crash-to-commit-p50', median(values), values),
        result('crash-to-commit-p99', quantile(values, 0.99), values),
        ...CRASH_KINDS.map((kind) => {
          const ofKind = committed(all.filter((each) => each.kind === kind));
          return result(`${kind}-p50`, median(ofKind), ofKind);
        }),
      ];
    },
  };
}

export function stateSize(effort: Effort): Measurement {
  const sizes = SIZES[effort];
  const rounds = SIZE_ROUNDS[effort];
  return {
    async measure(progress) {
      const medians = new Map<string, number[]>(sizes.map(({ result }) => [result, []]));
      // The same rate for all: that of the largest state, which is the lowest.
      const ratePerSecond = await halfRate(sizes[sizes.length - 1].keys, effort, progress);
      for (let round = 1; round <= rounds; round++) {
        for (const { keys, result } of sizes) {
          const times = await crashes(keys, ratePerSecond, SIZE_CRASHES[effort]);
          medians.get(result)?.push(median(committed(times)));
          progress(`round ${round} of ${rounds}  ${result.padEnd(10)} ${phasesText(times)} ms (medians)`);
        }
      }
      const of = ({ result }: (typeof sizes)[number]): number[] => medians.get(result) ?? [];
      const small = of(sizes[0]);
      const ratios = of(sizes[sizes.length - 1]).map((large, round) => large / small[round]);
      return [
        { name: 'state-size', unit: '×', ...spread(ratios), runs: rounds, vs: {} },
        ...sizes.map((size) => ({ name: size.result, unit: 'ms', ...spread(of(size)), runs: rounds, vs: {} })),
      ];
    },
  };
}
