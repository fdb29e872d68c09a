// testOperator(): drives one operator of a flow without threads.
// Promises: the operator runs in the actor of a job, over real rings, state and commits. Beside it a second actor runs the
// same tuples undisturbed; what the two commit must be equal, or the test is told what differs.
// Relies on: docs/testing.md for what this cannot show.

import { buildGraph, type FlowDefinition, isFlow } from '../actors/dataflow.ts';
import type { OperatorNode } from '../actors/graph.ts';
import { internStrings } from '../actors/params.ts';
import { errors, type MillraceError } from '../errors.ts';
import type { Schema } from '../mailbox/schema.ts';
import { rowLayout } from '../state/row-layout.ts';
import { keyGroupFinder } from '../state/state-reader.ts';
import type { DeadLetter } from '../supervisor/job-api.ts';
import { arrangedRow, arrangedRows, type Difference, outcomeDifference, stateDifference } from './comparison.ts';
import { processEnd, processTuples, readTuples } from './disturbances.ts';
import { operatorPlan } from './operator-plan.ts';
import { type Outcome, Site } from './site.ts';
import { type CheckedTestOptions, checkTestOptions, type TestOptions } from './test-options.ts';
import { WorldTap } from './world-taps.ts';

type Fields = Record<string, unknown>;

/** Committed keyed state of the operator. */
export interface TestedState<Row = Fields> {
  /**
   * The row of a key, its tables as arrays of rows in the order of their keys; undefined if the key has none.
   * @throws MillraceError BAD_KEY, or UNKNOWN_NAME if the operator has no state
   */
  get(...key: unknown[]): Row | undefined;
  /** All rows, in the order of their keys. */
  entries(): { readonly key: Fields; readonly value: Row }[];
}

/** An operator under test. All that it gives was committed. */
export class OperatorTest<Input = Fields, Output = Fields, Row = Fields> {
  /** The operator's name. */
  readonly operator: string;
  readonly state: TestedState<Row>;
  private readonly options: CheckedTestOptions;
  private readonly tested: Site;
  /** The same operator, left in peace; undefined if nothing is disturbed. */
  private readonly undisturbed: Site | undefined;
  private nowMs = 0;
  /** Tuples that wait for their commit, and until when. */
  private waiting = 0;
  private commitAtMs = Number.POSITIVE_INFINITY;
  private ended = false;
  private closed = false;
  private failure: Error | undefined;
  private readonly outcome: Outcome = { emitted: [], written: [], letters: [] };
  /** What the undisturbed actor of a source has read ahead. */
  private readonly ahead: Outcome = { emitted: [], written: [], letters: [] };

  /** Use {@link testOperator}. */
  constructor(flow: FlowDefinition<never>, operator: string, options: TestOptions) {
    const checked = checkTestOptions(options);
    const params = structuredClone(options.params);
    let fingerprint: string | undefined;
    const build = (tap: WorldTap) => {
      const graph = buildGraph(flow, internStrings(structuredClone(params)) as never);
      fingerprint ??= graph.fingerprint;
      if (graph.fingerprint !== fingerprint) throw errors.flowDiffers(flow.name);
      return operatorPlan(graph, operator, checked.alone, tap);
    };
    const now = (): number => this.nowMs;
    this.operator = operator;
    this.options = checked;
    const { openSink, rollback, restore } = checked;
    const setup = { build, limits: checked, now };
    const tap = new WorldTap(openSink);
    const snapshots = restore ? (rollback ? 'when told' : 'at once') : 'never';
    this.tested = new Site({ ...setup, tap, snapshots });
    if (rollback || restore) {
      this.undisturbed = new Site({ ...setup, tap: new WorldTap(false, tap), snapshots: 'never' });
    }
    this.state = this.makeState();
  }

  private get head(): OperatorNode {
    return this.tested.stage.operators[0];
  }

  private makeState(): TestedState<Row> {
    const { tested, head, operator } = this;
    const keys = (head.key ?? []).map((name) =>
      (tested.stage.input as Schema).fields.find((field) => field.name === name),
    );
    if (head.state === undefined) {
      const missing = (): never => {
        throw errors.unknownName('operator with state', operator, []);
      };
      return { get: missing, entries: missing };
    }
    const layout = rowLayout(operator, keys as Schema['fields'], head.state, head.tables ?? {});
    const groupOf = keyGroupFinder(operator, layout.keys);
    return {
      get: (...key) => {
        const row = tested.row(key, groupOf(key));
        return row && (arrangedRow(head, row) as Row);
      },
      entries: () => arrangedRows(head, tested.rows()) as { key: Fields; value: Row }[],
    };
  }

  /**
   * Hands the operator tuples, which are one batch: it is rolled back and run again, and the tuples are then committed one by
   * one, with a snapshot after each. With `lingerMs` they wait for the clock first.
   * @param tuples a tuple, or an iterable of tuples
   * @throws MillraceError BAD_VALUE or UNKNOWN_FIELD for a tuple that does not fit the schema of the operator's input: then none
   * is taken; NOT_REPEATABLE if the operator depends on more than its tuples and its state; OPERATOR_FAILED and others if it
   * fails and its `onError` is not `deadLetter`
   */
  feed(tuples: Input | Iterable<Input>): void {
    const { tested, undisturbed, options } = this;
    this.requireOpen();
    if (this.head.kind === 'source') throw errors.testedSource(this.operator);
    if (this.ended) throw errors.inputClosed(tested.inputName);
    const list = isIterable(tuples) ? [...tuples] : [tuples];
    tested.push(list);
    undisturbed?.push(list);
    this.waiting += list.length;
    this.commitAtMs = Math.min(this.commitAtMs, this.nowMs + options.lingerMs);
    this.process();
  }

  /** Whatever cannot go on stays so. */
  private orFail<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  /** Ends the input: `end` of a keyed operator runs for every key. What lingers is committed before. */
  end(): void {
    const { tested, undisturbed } = this;
    this.requireOpen();
    if (this.head.kind === 'source') throw errors.testedSource(this.operator);
    if (this.ended) return;
    this.commitAtMs = this.nowMs;
    this.process();
    this.ended = true;
    this.orFail(() => {
      tested.pushEnd();
      undisturbed?.pushEnd();
      processEnd(tested, this.options);
      undisturbed?.settle();
      this.settle(false);
    });
  }

  /**
   * Moves the clock of the test. Whatever is due by then happens: the commit of tuples that linger. A source with
   * `ratePerSecond` has the tuples that are due for {@link read}.
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw errors.badOption('ms', ms, 'milliseconds from 0 on');
    this.requireOpen();
    this.nowMs += ms;
    this.process();
  }

  private process(): void {
    if (this.waiting === 0 || this.nowMs < this.commitAtMs) return;
    const { waiting } = this;
    this.waiting = 0;
    this.commitAtMs = Number.POSITIVE_INFINITY;
    this.orFail(() => {
      processTuples(this.tested, waiting, this.options);
      this.undisturbed?.settle();
      this.settle(this.isOrdered);
    });
  }

  /** False if tuples may be made of the rows of a table, which have no order. */
  private get isOrdered(): boolean {
    return !this.ended && Object.keys(this.head.tables ?? {}).length === 0;
  }

  /**
   * Reads tuples of the operator, which is a source: `count`, or all that are left; of one with `ratePerSecond` only those that
   * are due by the test's clock. Waits while the source has none.
   * @returns how many tuples were read
   * @throws MillraceError as {@link feed}; INPUT_FILE and others that the source may meet
   */
  async read(count = Number.POSITIVE_INFINITY): Promise<number> {
    const { tested, options } = this;
    this.requireOpen();
    const { source } = this.head;
    if (source === undefined) throw errors.testedNoSource(this.operator);
    if (!(count >= 0)) throw errors.badOption('count', count, 'a number from 0 on');
    const isGenerator = source.kind === 'generate';
    try {
      const taken = await readTuples(tested, Math.min(count, this.dueTuples()), isGenerator, options);
      await this.followSource(taken);
      return taken;
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  /** Tuples of a source that it may give by now. */
  private dueTuples(): number {
    const { tap, committed } = this.tested;
    if (tap.ratePerSecond === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor((this.nowMs * tap.ratePerSecond) / 1000) + 1 - committed.source;
  }

  /** Lets the undisturbed actor read as far, and compares. It reads in batches, so it is ahead. */
  private async followSource(taken: number): Promise<void> {
    const { tested, undisturbed, ahead } = this;
    const found = tested.take();
    if (undisturbed !== undefined && !this.sinkFailed) {
      await undisturbed.openSource();
      // Each step reads a tuple at least, or is the end.
      for (let steps = taken + FOLLOWING_STEPS_MAX; steps > 0 && isShorter(ahead, found, tested.failure); steps--) {
        const status = undisturbed.step();
        if (undisturbed.isOpen) undisturbed.commit();
        append(ahead, undisturbed.take());
        if (status === 'done' || undisturbed.failure !== undefined) break;
        if (status === 'idle') await undisturbed.wait();
      }
      const expected = tested.failure === undefined ? firstOf(ahead, found) : ahead;
      this.requireEqual(outcomeDifference(found, expected, true));
      this.requireEqual(tested.failure && this.failureDifference(undisturbed.failure));
      for (const name of OUTCOMES) ahead[name].splice(0, found[name].length);
    }
    append(this.outcome, found);
    this.requireSuccess();
  }

  /** Compares what both actors have done with the same input. */
  private settle(isOrdered: boolean): void {
    const { tested, undisturbed, head } = this;
    const found = tested.take();
    if (undisturbed !== undefined && !this.sinkFailed) {
      const difference =
        outcomeDifference(found, undisturbed.take(), isOrdered) ?? this.failureDifference(undisturbed.failure);
      this.requireEqual(difference);
      if (head.state !== undefined) {
        this.requireEqual(stateDifference(this.state.entries() as never, arrangedRows(head, undisturbed.rows())));
      }
    }
    append(this.outcome, found);
    this.requireSuccess();
  }

  /** True if the sink itself failed, which is open for the tested actor only. */
  private get sinkFailed(): boolean {
    return this.tested.failure?.code === 'SINK_FAILED';
  }

  private failureDifference(undisturbed: MillraceError | undefined): Difference | undefined {
    const disturbed = this.tested.failure;
    if (disturbed?.message === undisturbed?.message) return undefined;
    const told = (error: MillraceError | undefined): string =>
      error === undefined ? 'went on' : `failed with ${error.code} (${error.message})`;
    const text = `${told(disturbed)}, while it ${told(undisturbed)} undisturbed`;
    return { what: 'failure', disturbed, undisturbed, text };
  }

  private requireEqual(difference: Difference | undefined): void {
    if (difference === undefined) return;
    const { rollback, restore } = this.options;
    const { text, ...details } = difference;
    const disturbances = [...(rollback ? (['rollback'] as const) : []), ...(restore ? (['restore'] as const) : [])];
    throw errors.notRepeatable(this.operator, text, disturbances, details);
  }

  private requireSuccess(): void {
    if (this.tested.failure !== undefined) throw this.tested.failure;
  }

  private requireOpen(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.closed) throw errors.inputClosed(this.tested.inputName);
  }

  /**
   * Makes the actor anew with fresh closures, as after a crash of its worker, and goes on: also after a failure under
   * `onError: 'escalate'` or `'stop'`, whose tuple is then tried again.
   */
  restart(): void {
    if (this.closed) throw errors.inputClosed(this.tested.inputName);
    const { tested, undisturbed } = this;
    this.failure = undefined;
    this.orFail(() => {
      tested.resume({ freshClosures: true });
      undisturbed?.resume({});
      // What waits in a source is read by read(); what lingers goes on lingering.
      if (this.head.kind === 'source' || this.waiting > 0) return;
      tested.settle();
      undisturbed?.settle();
      this.settle(this.isOrdered);
    });
  }

  /** The tuples that it has emitted since the last call. */
  emitted(): Output[] {
    return this.outcome.emitted.splice(0) as Output[];
  }

  /** The tuples that it has written to its sink since the last call. */
  written(): Output[] {
    return this.outcome.written.splice(0) as Output[];
  }

  /** The tuples that it has failed at since the last call. */
  deadLetters(): DeadLetter[] {
    return this.outcome.letters.splice(0);
  }

  /** Closes source and sink. What lingers is not committed. */
  close(): void {
    this.closed = true;
    this.tested.release();
    this.undisturbed?.release();
  }
}

/** Steps without a tuple that the undisturbed actor of a source may take: to find its position, to fail. */
const FOLLOWING_STEPS_MAX = 1000;

const OUTCOMES = ['emitted', 'written', 'letters'] as const;

function append(to: Outcome, from: Outcome): void {
  for (const name of OUTCOMES) for (const each of from[name]) (to[name] as unknown[]).push(each);
}

/** As much of each list as the other one has. */
const firstOf = (outcome: Outcome, { emitted, written, letters }: Outcome): Outcome => ({
  emitted: outcome.emitted.slice(0, emitted.length),
  written: outcome.written.slice(0, written.length),
  letters: outcome.letters.slice(0, letters.length),
});

const isShorter = (outcome: Outcome, other: Outcome, failure: MillraceError | undefined): boolean =>
  failure !== undefined || OUTCOMES.some((name) => outcome[name].length < other[name].length);

const isIterable = <Item>(value: Item | Iterable<Item>): value is Iterable<Item> =>
  typeof (value as Partial<Iterable<Item>> | null | undefined)?.[Symbol.iterator] === 'function';

/**
 * Tests one operator of a flow, in this thread and at once: `feed()` it tuples, then look at what it has `emitted()`, at its
 * `state` and its `deadLetters()`. Each batch is rolled back and run again, and after each tuple the operator goes on from a
 * snapshot, so one that keeps anything outside of its state is found. A source is `read()` instead. See docs/testing.md.
 * @param flow what `dataflow()` has made
 * @param operator the name of an operator; those that a job fuses behind it run with it, unless `alone`
 * @throws MillraceError UNKNOWN_NAME, BAD_OPTION; what the flow's build throws; what its sink throws when it is opened
 */
export function testOperator<Params>(
  flow: FlowDefinition<Params>,
  operator: string,
  options?: TestOptions<Params>,
): OperatorTest;
/** The same, with the types of what it takes and emits, and of its state's rows. */
export function testOperator<Input, Output, Row = Fields>(
  flow: FlowDefinition<never>,
  operator: string,
  options?: TestOptions,
): OperatorTest<Input, Output, Row>;
export function testOperator(flow: FlowDefinition<never>, operator: string, options: TestOptions = {}): OperatorTest {
  if (!isFlow(flow)) throw errors.badOption('flow', flow, 'what dataflow() has made');
  return new OperatorTest(flow, operator, options);
}
