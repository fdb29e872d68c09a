// Two actors with one operator: the one under test, which is disturbed, and one that is left in peace.
// Promises: both get the same tuples; what they commit is equal, or an error says what differs. What was committed is kept
// either way.

import { errors, type MillraceError } from '../errors.ts';
import type { OperatorNode } from '../flow/graph.ts';
import type { StateEntry } from '../state/rows/state-reader.ts';
import {
  arrangedRows,
  type Difference,
  listsOf,
  nothing,
  type Outcome,
  outcomeDifference,
  stateDifference,
} from './comparison.ts';
import { processEnd, processTimers, processTuples, readTuples } from './disturbances.ts';
import type { OperatorPlan } from './operator-plan.ts';
import { Site } from './site.ts';
import type { CheckedTestOptions } from './test-options.ts';
import type { FedTime } from './tested-input.ts';
import { WorldTap } from './world-taps.ts';

/** Steps without a tuple that the undisturbed actor of a source may take: to find its position, to fail. */
const FOLLOWING_STEPS_MAX = 1000;

export class PairedRun {
  /** The actor under test. */
  readonly tested: Site;
  /** What it has committed. */
  readonly outcome: Outcome;
  private readonly options: CheckedTestOptions;
  /** Undefined if nothing is disturbed. */
  private readonly undisturbed: Site | undefined;
  /** What the undisturbed actor of a source has read ahead. */
  private readonly ahead: Outcome;
  /** Tuples that the source under test has given. */
  private taken = 0;
  private ended = false;

  /** @throws MillraceError what building the flow and opening its sink can throw */
  constructor(build: (tap: WorldTap) => OperatorPlan, options: CheckedTestOptions, now: () => number) {
    const { openSink, rollback, restore, partition } = options;
    const setup = { build, limits: options, now };
    const tap = new WorldTap(openSink, partition);
    this.tested = new Site({ ...setup, tap, snapshots: restore ? (rollback ? 'when told' : 'at once') : 'never' });
    // What is outside may answer otherwise the second time.
    const isAwaited = this.tested.stage.operators[0].asking !== undefined;
    this.options = isAwaited ? { ...options, rollback: false, restore: false } : options;
    this.outcome = nothing(this.tested.stage);
    this.ahead = nothing(this.tested.stage);
    if (this.options.rollback || this.options.restore) {
      this.undisturbed = new Site({ ...setup, tap: new WorldTap(false, partition, tap), snapshots: 'never' });
    }
  }

  /** The operator, with the closures of the last build. */
  get head(): OperatorNode {
    return this.tested.stage.operators[0];
  }

  /** All rows of the actor under test, in the order of their keys. */
  rows(): StateEntry[] {
    return arrangedRows(this.head, this.tested.rows());
  }

  /** Puts tuples into an input of both. */
  push(tuples: readonly unknown[], input: number, at: FedTime): void {
    this.tested.push(tuples, input, at);
    this.undisturbed?.push(tuples, input, at);
  }

  /** Says how far the event time of an input has come. */
  pushTime(input: number, watermark: number): void {
    this.tested.pushTime(input, watermark);
    this.undisturbed?.pushTime(input, watermark);
  }

  /** Ends one of several inputs. */
  pushEnd(input: number): void {
    this.tested.pushEnd(input);
    this.undisturbed?.pushEnd(input);
  }

  /** Processes the `waiting` tuples of the input. */
  process(waiting: number): void {
    this.holdTimers(true);
    processTuples(this.tested, waiting, this.options);
    this.undisturbed?.settle();
    this.holdTimers(false);
    this.compare();
  }

  /** Tuples of one moment come before its timers: where one fires between them depends on how they are cut into batches. */
  private holdTimers(areHeld: boolean): void {
    this.tested.holdsTimers = areHeld;
    if (this.undisturbed !== undefined) this.undisturbed.holdsTimers = areHeld;
  }

  /** When the operator's next timer is due; Infinity if there is none. */
  get timersDueAtMs(): number {
    return this.tested.timersDueAtMs;
  }

  /** Fires the timers that are due: by the clock, or because of what the inputs have said of time. */
  fire(): void {
    processTimers(this.tested, this.options);
    this.undisturbed?.settle();
    this.compare();
  }

  /** Processes the end of the inputs. */
  end(): void {
    this.ended = true;
    processEnd(this.tested, this.options);
    this.undisturbed?.settle();
    this.compare();
  }

  /** Awaits all that the operator has asked, and what comes of it. */
  async settled(): Promise<void> {
    const { tested } = this;
    while (tested.isAsking && tested.failure === undefined) {
      await tested.wait();
      tested.settle();
    }
    this.compare();
  }

  /** Makes the actors anew, the one under test with fresh closures. */
  resume(): void {
    this.tested.resume({ freshClosures: true });
    this.undisturbed?.resume({});
  }

  /** Goes on with what waits in the input. */
  settle(): void {
    this.tested.settle();
    this.undisturbed?.settle();
    this.compare();
  }

  private compare(): void {
    const { tested, undisturbed, head } = this;
    const found = this.keep();
    if (undisturbed !== undefined && !this.sinkFailed) {
      // Tuples may be made of the rows of a table, and at the end of those of the state, which have no order.
      const isOrdered = !this.ended && Object.keys(head.tables ?? {}).length === 0;
      this.requireEqual(outcomeDifference(found, undisturbed.take(), isOrdered));
      this.requireEqual(failureDifference(tested.failure, undisturbed.failure));
      if (head.state !== undefined) {
        this.requireEqual(stateDifference(this.rows(), arrangedRows(head, undisturbed.rows())));
      }
    }
    if (tested.failure !== undefined) throw tested.failure;
  }

  /** Reads `count` tuples of the source, or those that are left. Resolves to their number. */
  async read(count: number): Promise<number> {
    const { tested, options } = this;
    const isGenerator = this.head.source?.kind === 'generate';
    const { taken, isDone } = await readTuples(tested, count, isGenerator, options);
    this.taken += taken;
    const found = this.keep();
    if (this.undisturbed !== undefined && !this.sinkFailed) {
      await this.follow(this.undisturbed, found, isDone, isGenerator);
      const isWhole = isDone || tested.failure !== undefined;
      this.requireEqual(outcomeDifference(found, isWhole ? this.ahead : firstOf(this.ahead, found), true));
      if (isWhole) this.requireEqual(failureDifference(tested.failure, this.undisturbed.failure));
      const lists = listsOf(found);
      for (const [i, list] of listsOf(this.ahead).entries()) list.splice(0, lists[i].length);
    }
    if (tested.failure !== undefined) throw tested.failure;
    return taken;
  }

  /** Lets the undisturbed actor read as far. It reads in batches, so it comes further. */
  private async follow(undisturbed: Site, found: Outcome, isDone: boolean, isGenerator: boolean): Promise<void> {
    const { ahead, tested } = this;
    const { tap } = undisturbed;
    const lists = listsOf(found);
    const isBehind = (): boolean =>
      isDone || tested.failure !== undefined || listsOf(ahead).some((list, i) => list.length < lists[i].length);
    await undisturbed.openSource();
    // Each step reads a tuple at least, or is the end.
    for (let steps = this.taken + FOLLOWING_STEPS_MAX; steps > 0 && isBehind(); steps--) {
      const before = tap.readTuples;
      const status = undisturbed.step();
      if (undisturbed.isOpen && (isGenerator || tap.readTuples > before)) undisturbed.commit();
      append(ahead, undisturbed.take());
      if (status === 'done' || undisturbed.failure !== undefined) break;
      if (status === 'idle') await undisturbed.wait();
    }
  }

  /** Takes what the actor under test has committed. */
  private keep(): Outcome {
    const found = this.tested.take();
    append(this.outcome, found);
    return found;
  }

  /** True if the sink itself failed, which is open for the actor under test only. */
  private get sinkFailed(): boolean {
    return this.tested.failure?.code === 'SINK_FAILED';
  }

  private requireEqual(difference: Difference | undefined): void {
    if (difference === undefined) return;
    const { rollback, restore } = this.options;
    const { text, ...details } = difference;
    const disturbances = [...(rollback ? (['rollback'] as const) : []), ...(restore ? (['restore'] as const) : [])];
    throw errors.notRepeatable(this.head.name, text, disturbances, details);
  }

  /** Lets go of both: closes source and sink. */
  release(): void {
    this.tested.release();
    this.undisturbed?.release();
  }
}

function failureDifference(
  disturbed: MillraceError | undefined,
  undisturbed: MillraceError | undefined,
): Difference | undefined {
  if (disturbed?.message === undisturbed?.message) return undefined;
  const told = (error: MillraceError | undefined): string =>
    error === undefined ? 'went on' : `failed with ${error.code} (${error.message})`;
  const text = `${told(disturbed)}, while it ${told(undisturbed)} undisturbed`;
  return { what: 'failure', disturbed, undisturbed, text };
}

function append(to: Outcome, from: Outcome): void {
  const lists = listsOf(to);
  for (const [i, list] of listsOf(from).entries()) for (const each of list) lists[i].push(each);
}

/** As much of each list as the other one has. */
const firstOf = (outcome: Outcome, { emitted, written, letters }: Outcome): Outcome => ({
  emitted: outcome.emitted.map((list, port) => list.slice(0, emitted[port].length)),
  written: outcome.written.slice(0, written.length),
  letters: outcome.letters.slice(0, letters.length),
});
