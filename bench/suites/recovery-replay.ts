// The same crash recovered in three ways: ours, and SEEP's two baselines, which build the state anew from what it was made
// of. `upstream-backup` reads again all that the ring has held back since the start; `source-replay` cancels the job, and
// another one, whose threads have waited for that with everything loaded, reads the source again.
// Timed is the span from the crash to the first result of a tuple beyond it, as the app gets it, in all three.

import type { By, Effort } from '../effort.ts';
import { CrashWords } from '../flows/crash-words.ts';
import { TUPLE_BYTES } from '../flows/recovery.ts';
import type { Experiment } from '../harness.ts';
import { Drill, type DrillOptions } from './recovery-drill.ts';
import { rateExperiment, type Scenario, upstreamBackup } from './recovery-rates.ts';

/** Input rates, and what their results are called. */
export const RATES: readonly { readonly ratePerSecond: number; readonly result: string }[] = [
  { ratePerSecond: 100_000, result: 'rate-100k' },
  { ratePerSecond: 300_000, result: 'rate-300k' },
  { ratePerSecond: 1_000_000, result: 'rate-1m' },
];
const RATES_BY: By<typeof RATES> = { quick: [RATES[0], RATES[2]], usual: [RATES[0], RATES[2]], full: RATES };
const ROUNDS: By<number> = { quick: 1, usual: 2, full: 5 };
/** What is to be replayed grows with it. */
const RUN_S: By<number> = { quick: 0.2, usual: 2, full: 2 };
const KEYS = 10_000;
/** A backup is taken when half of a ring is held back: here there is room for several times the span until the crash. */
const RING_SHARE = 16;
/** The crash waits for a spare, which on a busy machine takes longer than a quick run. */
const HELD_BACK_S_MIN = 1;
/** @param check called when the actor has caught up */
async function crashMs(scenario: Scenario, options: DrillOptions, check = () => {}): Promise<number> {
  const drill = await Drill.start({ keys: KEYS, ratePerSecond: scenario.ratePerSecond }, options);
  await drill.reach(scenario.tuples);
  const { caughtUpMs } = await drill.crash('terminate');
  check();
  await drill.end();
  return caughtUpMs;
}

function withUpstreamBackup(scenario: Scenario): Promise<number> {
  const heldBack = Math.max(scenario.tuples, scenario.ratePerSecond * HELD_BACK_S_MIN);
  const { options, check } = upstreamBackup(scenario, heldBack * TUPLE_BYTES * RING_SHARE);
  return crashMs(scenario, options, check);
}

async function sourceReplay(scenario: Scenario): Promise<number> {
  const words = new CrashWords();
  words.closeGate();
  const starting = Drill.start({ keys: KEYS, ratePerSecond: undefined }, { spares: 0 }, words);
  // A failure to start is met where it is awaited.
  starting.catch(() => {});
  const drill = await Drill.start({ keys: KEYS, ratePerSecond: scenario.ratePerSecond });
  await drill.reach(scenario.tuples);
  await drill.until('the second job at its gate', () => words.isWaitedAt);
  await drill.crashForGood('terminate', (mark) => {
    words.reportFrom(mark);
    words.openGate();
  });
  const replay = await starting;
  const tookMs = (await replay.reportedAtMs()) - drill.words.crashedAtMs;
  await replay.end();
  return tookMs;
}

export function replay(effort: Effort): Experiment[] {
  return RATES_BY[effort].map(({ ratePerSecond, result }) => {
    const tuples = ratePerSecond * RUN_S[effort];
    const scenario: Scenario = { result, ratePerSecond, tuples };
    return rateExperiment(scenario, ROUNDS[effort], {
      millrace: () => crashMs(scenario, {}),
      upstreamBackup: () => withUpstreamBackup(scenario),
      sourceReplay: () => sourceReplay(scenario),
    });
  });
}
