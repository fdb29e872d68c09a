// SEEP's experiment: windowed word count, whose counting worker is killed in the middle of a window, at three input rates; recovered in
// three ways, as in recovery-replay.ts. Timed is the span from the crash until words beyond it are counted and committed.
// Promises: at the end all windows together have each word once, or it is an error.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, RunOptions } from '../../src/index.ts';
import type { By, Effort } from '../effort.ts';
import { CrashWords, epochMs } from '../flows/crash-words.ts';
import { WORD_BYTES, windowedWords } from '../flows/windowed-words.ts';
import type { Experiment } from '../harness.ts';
import { rateExperiment, type Scenario, upstreamBackup } from './recovery-rates.ts';

export const WINDOWED_RATES: readonly { readonly ratePerSecond: number; readonly result: string }[] = [
  { ratePerSecond: 50_000, result: 'windows-rate-50k' },
  { ratePerSecond: 150_000, result: 'windows-rate-150k' },
  { ratePerSecond: 500_000, result: 'windows-rate-500k' },
];
const RATES_BY: By<typeof WINDOWED_RATES> = {
  quick: [WINDOWED_RATES[0]],
  usual: [WINDOWED_RATES[2]],
  full: WINDOWED_RATES,
};
const ROUNDS: By<number> = { quick: 1, usual: 2, full: 3 };
/** The crash comes after so long: what is to be replayed grows with the rate. */
const RUN_S: By<number> = { quick: 0.2, usual: 2, full: 2 };
const LIMIT_MS = 60_000;
/** So much more than it must hold back, since a backup is taken at a half of a ring. */
const RING_SHARE = 8;

interface Running {
  readonly job: Job;
  readonly words: CrashWords;
  /** Words that all windows have so far. */
  readonly counted: Promise<number>;
}

async function begin(
  { ratePerSecond }: Scenario,
  isRated: boolean,
  options: Partial<RunOptions> = {},
  words = new CrashWords(),
): Promise<Running> {
  const params = { ratePerSecond, isRated, words: words.buffer };
  const job = (await windowedWords.run({ workers: 2, ...options, params })) as unknown as Job;
  const read = async (): Promise<number> => {
    let sum = 0;
    for await (const batch of job.output('counts').batches())
      for (const row of batch as { words: number }[]) sum += row.words;
    return sum;
  };
  const counted = read();
  counted.catch(() => {});
  return { job, words, counted };
}

const tuplesAt = ({ job }: Running, operator: string, of: 'tuplesIn' | 'tuplesOut'): number =>
  job.reading().operators.find(({ name }) => name === operator)?.[of] ?? Number.NaN;

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const limitMs = performance.now() + LIMIT_MS; !isSo(); await sleep(1)) {
    if (performance.now() > limitMs) throw new Error(`recovery of windows: ${what} did not come within ${LIMIT_MS} ms`);
  }
}

/** Kills the worker that counts. @returns the time of the crash, and how many words were counted before it */
async function kill(running: Running): Promise<{ readonly atMs: number; readonly mark: number }> {
  const { job } = running;
  await until('a spare', () => job.workers().some(({ state }) => state === 'spare'));
  const counting = job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'count'));
  if (counting === undefined) throw new Error('recovery of windows: no worker counts');
  const crashed = new Promise<void>((resolve) => {
    job.on('crash', () => resolve());
  });
  const atMs = epochMs();
  await job.killWorker(counting.worker);
  await crashed;
  return { atMs, mark: tuplesAt(running, 'count', 'tuplesIn') };
}

async function end(running: Running): Promise<void> {
  const { job, counted } = running;
  await job.stop();
  const made = tuplesAt(running, 'words', 'tuplesOut');
  const sum = await counted;
  if (sum !== made) throw new Error(`recovery of windows: ${made} words, and the windows have ${sum}`);
}

async function crashMs(scenario: Scenario, options: Partial<RunOptions>, check = () => {}): Promise<number> {
  const running = await begin(scenario, true, options);
  await until('the words before the crash', () => tuplesAt(running, 'count', 'tuplesIn') >= scenario.tuples);
  const { atMs, mark } = await kill(running);
  await until('words beyond the crash', () => tuplesAt(running, 'count', 'tuplesIn') > mark);
  const tookMs = epochMs() - atMs;
  check();
  await end(running);
  return tookMs;
}

function withUpstreamBackup(scenario: Scenario): Promise<number> {
  const heldBack = Math.max(scenario.tuples, scenario.ratePerSecond) * WORD_BYTES;
  const { options, check } = upstreamBackup(scenario, heldBack * RING_SHARE);
  return crashMs(scenario, options, check);
}

async function sourceReplay(scenario: Scenario): Promise<number> {
  const words = new CrashWords();
  words.closeGate();
  const running = await begin(scenario, true);
  const replay = await begin(scenario, false, { spares: 0 }, words);
  await until('the second job at its gate', () => words.isWaitedAt);
  await until('the words before the crash', () => tuplesAt(running, 'count', 'tuplesIn') >= scenario.tuples);
  const { atMs, mark } = await kill(running);
  const cancelled = running.job.cancel();
  words.openGate();
  await until('words beyond the crash', () => tuplesAt(replay, 'count', 'tuplesIn') > mark);
  const tookMs = epochMs() - atMs;
  await cancelled;
  await end(replay);
  return tookMs;
}

export function windowedRecovery(effort: Effort): Experiment[] {
  return RATES_BY[effort].map(({ ratePerSecond, result }) => {
    const scenario = { result, ratePerSecond, tuples: ratePerSecond * RUN_S[effort] };
    return rateExperiment(scenario, ROUNDS[effort], {
      millrace: () => crashMs(scenario, {}),
      upstreamBackup: () => withUpstreamBackup(scenario),
      sourceReplay: () => sourceReplay(scenario),
    });
  });
}
