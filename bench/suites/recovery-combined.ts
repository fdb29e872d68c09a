// How long a crash of a source lasts that combines its tuples, with the longest batch that there can be and with none: the batch that is
// lost is read again, in batches of the usual length, so the first commit should come as soon as without.
// Every run is checked at its end: the sums are those of each tuple exactly once.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobEvent } from '../../src/index.ts';
import type { By, Effort } from '../effort.ts';
import { CrashWords } from '../flows/crash-words.ts';
import { combinedFlow } from '../flows/recovery-combined.ts';
import { type Measurement, spread } from '../harness.ts';
import { median } from '../statistics.ts';
import { keyedTuple, Totals } from '../workloads.ts';
import { CRASH_KINDS, type CrashKind } from './recovery-drill.ts';

const KEYS = 1000;
const RATE_PER_SECOND = 500_000;
/** Of the option `combineMs`. */
const COMBINE_MS_MAX = 10_000;
const ROUNDS: By<number> = { quick: 1, usual: 2, full: 4 };
const CRASHES: By<number> = { quick: 3, usual: 6, full: 9 };
/** So long a batch is open at least when its worker crashes. */
const BATCH_MS = 300;
const LIMIT_MS = 60_000;

type Results = Job<{ results: { key: number; count: number; sum: number } }>;

/** Crashes the source, and returns the time from the crash to its first commit. */
async function crash(job: Results, words: CrashWords, kind: CrashKind): Promise<number> {
  while (!job.workers().some(({ state }) => state === 'spare')) await sleep(2);
  await sleep(BATCH_MS);
  const controller = new AbortController();
  const recovered = new Promise<number>((resolve) => {
    const forget = job.on('recovered', ({ operator, committedAtMs }: JobEvent & { type: 'recovered' }) => {
      if (operator !== 'source') return;
      forget();
      resolve(committedAtMs - words.crashedAtMs);
    });
  });
  if (kind === 'terminate') {
    const reading = job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'source'));
    if (reading === undefined) throw new Error('recovery: no worker reads');
    words.noteCrash();
    await job.killWorker(reading.worker);
  } else words.order(kind);
  const late = sleep(LIMIT_MS, undefined, { signal: controller.signal }).then(() => {
    throw new Error(`recovery: no commit within ${LIMIT_MS / 1000} s of '${kind}'`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([recovered, late]);
  } finally {
    controller.abort();
  }
}

interface Times {
  readonly kind: CrashKind;
  /** From the crash to the first commit. */
  readonly committedMs: number;
}

const timesOf = (times: readonly Times[], kind?: CrashKind): number[] =>
  times.filter((each) => kind === undefined || each.kind === kind).map(({ committedMs }) => committedMs);

/** One job that crashes `count` times. */
async function crashes(combineMs: number, count: number): Promise<Times[]> {
  const words = new CrashWords();
  const params = { keys: KEYS, ratePerSecond: RATE_PER_SECOND, combineMs, words: words.buffer };
  const job = await combinedFlow.run({ params, workers: 2 });
  const totals = new Totals();
  const reading = (async () => {
    for await (const { key, count, sum } of job.output('results')) totals.add(key, count, sum);
  })();
  const times: Times[] = [];
  for (let i = 0; i < count; i++) {
    const kind = CRASH_KINDS[i % CRASH_KINDS.length];
    times.push({ kind, committedMs: await crash(job, words, kind) });
  }
  await job.stop();
  await reading;
  const made = job.reading().operators.find(({ name }) => name === 'source')?.tuplesOut ?? Number.NaN;
  const expected = sumsOf(made);
  const found = totals.report();
  if (found.count !== made || found.sum !== expected || job.deadLetters.count > 0)
    throw new Error(`recovery: expected ${made} tuples with sum ${expected}, got ${JSON.stringify(found)}`);
  return times;
}

function sumsOf(count: number): number {
  const make = keyedTuple(KEYS, 'ids');
  const totals = new Totals();
  for (let index = 0; index < count; index++) {
    const { key, value } = make(index);
    totals.add(key, 1, value);
  }
  return totals.report().sum;
}

export function combiningCrash(effort: Effort): Measurement {
  return {
    async measure(progress) {
      const ratios: number[] = [];
      const all = { longest: [] as Times[], shortest: [] as Times[] };
      for (let round = 1; round <= ROUNDS[effort]; round++) {
        const shortest = await crashes(0, CRASHES[effort]);
        const longest = await crashes(COMBINE_MS_MAX, CRASHES[effort]);
        all.shortest.push(...shortest);
        all.longest.push(...longest);
        for (const kind of CRASH_KINDS) {
          const [held, free] = [longest, shortest].map((times) => median(timesOf(times, kind)));
          const texts = `combined for 10 s ${held.toFixed(1)} ms, not held ${free.toFixed(1)} ms`;
          progress(`round ${round} of ${ROUNDS[effort]}, ${kind}: ${texts} (medians)`);
        }
        // The worst of the ways to die: one that is slow would not be seen in the median of all.
        const ratioOf = (kind: CrashKind): number => median(timesOf(longest, kind)) / median(timesOf(shortest, kind));
        ratios.push(Math.max(...CRASH_KINDS.map(ratioOf)));
      }
      const [longest, shortest] = [all.longest, all.shortest].map((times) => timesOf(times));
      return [
        { name: 'combining-crash', unit: '×', ...spread(ratios), runs: ratios.length, vs: {} },
        { name: 'combined-10s-p50', unit: 'ms', ...spread(longest), runs: longest.length, vs: {} },
        { name: 'combined-0s-p50', unit: 'ms', ...spread(shortest), runs: shortest.length, vs: {} },
      ];
    },
  };
}
