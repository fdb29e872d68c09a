// testOperator(): drives one operator of a flow without threads.
// Promises: the operator runs in the actor of a job, over real rings, state and commits; what comes out of the test was
// committed. Once it has failed it stays so.
// Relies on: docs/testing.md for what this cannot show.

import { errors } from '../errors.ts';
import { buildGraph, type FlowDefinition, isFlow } from '../flow/dataflow.ts';
import { LATEST_MS } from '../flow/event-time.ts';
import { internStrings } from '../flow/params.ts';
import { rowLayout } from '../state/rows/row-layout.ts';
import { keyGroupFinder } from '../state/rows/state-reader.ts';
import type { DeadLetter } from '../supervisor/job/job-api.ts';
import { refuseSurplus } from '../surplus.ts';
import { arrangedRow } from './comparison.ts';
import { operatorPlan } from './operator-plan.ts';
import { PairedRun } from './paired-run.ts';
import { checkTestOptions, type TestOptions } from './test-options.ts';
import { type FedTime, type FeedOptions, fedTime, placeOf, type TestedInput } from './tested-input.ts';
import type { WorldTap } from './world-taps.ts';

type Fields = Record<string, unknown>;

/** Committed keyed state of the operator. */
export interface TestedState<Row = Fields> {
  /**
   * The row of a key, its tables as arrays of rows in the order of their keys; undefined if the key has none.
   * @throws MillraceError BAD_KEY, or UNKNOWN_NAME if the operator has no state
   */
  get(...key: unknown[]): Row | undefined;
  /** All rows, in the order of their keys. */
  entries(): {
    /** The fields of the key, by name. */
    readonly key: Fields;
    /** The row. */
    readonly value: Row;
  }[];
}

/** An operator under test. All that it gives was committed. */
export class OperatorTest<Input = Fields, Output = Fields, Row = Fields> {
  /** The operator's name. */
  readonly operator: string;
  /** Its committed keyed state. */
  readonly state: TestedState<Row>;
  private readonly run: PairedRun;
  private readonly lingerMs: number;
  private nowMs = 0;
  /** Tuples that wait for their commit, and until when. */
  private waiting = 0;
  private commitAtMs = Number.POSITIVE_INFINITY;
  /** By input. */
  private readonly ended: boolean[];
  private closed = false;
  private failure: { readonly error: unknown } | undefined;

  /**
   * Use {@link testOperator}.
   * @internal
   */
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
    this.operator = operator;
    this.lingerMs = checked.lingerMs;
    this.run = new PairedRun(build, checked, () => this.nowMs);
    this.ended = this.run.tested.inputNames.map(() => false);
    this.state = testedState(operator, this.run) as TestedState<Row>;
  }

  /**
   * Hands the operator tuples, which are one batch: it is rolled back and run again, and the tuples are then committed one by
   * one, with a snapshot after each. With `lingerMs` they wait for the clock first.
   * @param tuples a tuple, or an iterable of tuples
   * @param options their event time, if the stream has event time
   * @throws MillraceError BAD_VALUE or UNKNOWN_FIELD for a tuple that does not fit the schema of the operator's input: then none
   * is taken; NOT_REPEATABLE if the operator depends on more than its tuples and its state; OPERATOR_FAILED and others if it
   * fails and its `failure` is not `deadLetter`; BAD_OPTION for an event time that the operator's source would not have passed on; UNKNOWN_NAME if
   * the operator has several inputs, see {@link input}
   */
  feed(tuples: Input | Iterable<Input>, options: FeedOptions<Input> = {}): void {
    this.feedInto(this.onlyInput('feed'), tuples, fedTime(options));
  }

  private feedInto(input: number, tuples: unknown, at: FedTime): void {
    this.requireInput(input);
    const list = isIterable(tuples) ? [...tuples] : [tuples];
    this.run.push(list, input, at);
    this.waiting += list.length;
    this.commitAtMs = Math.min(this.commitAtMs, this.nowMs + this.lingerMs);
    this.process();
  }

  /**
   * One of several inputs.
   * @param name of the operator whose stream it is, or what the operator calls it: 'left' and 'right' after `connect()`
   * @throws MillraceError UNKNOWN_NAME
   */
  input<Each = Fields>(name: string): TestedInput<Each> {
    const input = placeOf(name, this.run.tested.inputNames);
    return {
      feed: (tuples, options = {}) => this.feedInto(input, tuples, fedTime(options)),
      advanceWatermark: (ms) => this.advanceTime([input], ms),
      end: () => this.endInput(input),
    };
  }

  private onlyInput(method: string): number {
    const { inputNames } = this.run.tested;
    if (inputNames.length > 1) throw errors.severalInputs(this.operator, method, inputNames.flat());
    return 0;
  }

  /**
   * Says that no tuple that is still to come has an earlier event time, unless it is late: in every input that has event time. Timers in
   * event time and windows that are due by then fire, after what lingers is committed.
   * @param ms milliseconds since the epoch; time never goes back
   * @throws MillraceError NO_EVENT_TIME
   */
  advanceWatermark(ms: number): void {
    const { inputNames, stage } = this.run.tested;
    const timed = inputNames.flatMap((_, input) =>
      stage.operators[0].inputs[input].time === undefined ? [] : [input],
    );
    if (timed.length === 0) throw errors.noEventTime(this.operator, 'advanceWatermark()');
    this.advanceTime(timed, ms);
  }

  private advanceTime(inputs: readonly number[], ms: number): void {
    if (!(ms >= -LATEST_MS && ms <= LATEST_MS)) throw errors.badOption('ms', ms, 'milliseconds since the epoch');
    for (const input of inputs) this.requireInput(input);
    this.commitNow();
    for (const input of inputs) this.run.pushTime(input, ms);
    this.orFail(() => this.run.fire());
  }

  /** What lingers is committed. */
  private commitNow(): void {
    this.commitAtMs = this.nowMs;
    this.process();
  }

  /** Ends the input, or all of them: `end` of a keyed operator runs for every key. What lingers is committed before. */
  end(): void {
    if (this.hasEnded) return;
    this.requireOpen();
    if (this.run.head.source !== undefined) throw errors.testedSource(this.operator);
    for (const input of this.ended.keys()) this.endInput(input);
  }

  private endInput(input: number): void {
    if (this.ended[input]) return;
    this.requireInput(input);
    this.commitNow();
    this.ended[input] = true;
    this.run.pushEnd(input);
    this.orFail(() => (this.hasEnded ? this.run.end() : this.run.fire()));
  }

  private get hasEnded(): boolean {
    return this.ended.length > 0 && !this.ended.includes(false);
  }

  /**
   * Moves the clock of the test, which begins at 0. Whatever is due by then happens, one after the other at its time: the commit of
   * tuples that linger, and timers. A source with `ratePerSecond` has the tuples that are due for {@link read}.
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw errors.badOption('ms', ms, 'milliseconds from 0 on');
    this.requireOpen();
    const until = this.nowMs + ms;
    for (let next = this.nextMs; next <= until; next = this.nextMs) {
      this.nowMs = Math.max(this.nowMs, next);
      // A timer does not wait for what lingers: it ends that.
      if (this.run.timersDueAtMs <= this.nowMs) this.commitAtMs = Math.min(this.commitAtMs, this.nowMs);
      this.process();
    }
    this.nowMs = until;
  }

  /** When the next thing happens on the clock of the test. */
  private get nextMs(): number {
    const { waiting, commitAtMs, hasEnded, run } = this;
    const timersAtMs = hasEnded ? Number.POSITIVE_INFINITY : run.timersDueAtMs;
    return waiting === 0 ? timersAtMs : Math.min(commitAtMs, timersAtMs);
  }

  private process(): void {
    const { waiting, run } = this;
    if (waiting > 0 && this.nowMs >= this.commitAtMs) {
      this.waiting = 0;
      this.commitAtMs = Number.POSITIVE_INFINITY;
      this.orFail(() => run.process(waiting));
    }
    if (this.waiting === 0 && run.timersDueAtMs <= this.nowMs) this.orFail(() => run.fire());
  }

  /**
   * Reads tuples of the operator, which is a source: `count`, or all that are left; of one with `ratePerSecond` only those that
   * are due by the test's clock. Waits while the source has none.
   * @returns how many tuples were read
   * @throws MillraceError as {@link feed}; INPUT_FILE and others that the source may meet
   */
  async read(count = Number.POSITIVE_INFINITY): Promise<number> {
    this.requireOpen();
    if (this.run.head.source === undefined) throw errors.testedNoSource(this.operator);
    if (!(count >= 0)) throw errors.badOption('count', count, 'a number from 0 on');
    try {
      return await this.run.read(Math.min(count, this.dueTuples()));
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /** Tuples of a source that it may give by now. */
  private dueTuples(): number {
    const { tap, committed } = this.run.tested;
    if (tap.ratePerSecond === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor((this.nowMs * tap.ratePerSecond) / 1000) + 1 - Number(committed.progress.source.position ?? 0);
  }

  /**
   * Resolves when all results are there that the operator awaits, if it is a `mapAsync` or `flatMapAsync`. Its tuples are not run again,
   * nor from snapshots, and `timeoutMs` and `backoffMs` are times of the system's clock.
   * @throws MillraceError as {@link feed}
   */
  async settled(): Promise<void> {
    this.requireOpen();
    try {
      await this.run.settled();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /**
   * Makes the actor anew with fresh closures, as after a crash of its worker, and goes on: also after a failure under
   * `failure: 'escalate'` or `'stop'`, whose tuple is then tried again.
   */
  restart(): void {
    this.failure = undefined;
    this.requireOpen();
    this.orFail(() => {
      this.run.resume();
      // What waits in a source is read by read(); what lingers goes on lingering.
      if (this.run.head.source === undefined && this.waiting === 0) this.run.settle();
    });
  }

  /**
   * The tuples that it has emitted since the last call.
   * @param output the name of one of its outputs, if it has several; `operator.output` if operators that run together have outputs of
   * one name. Also one that nobody reads in the flow can be read here.
   * @throws MillraceError UNKNOWN_NAME
   */
  emitted(output?: string): Output[] {
    return (this.run.outcome.emitted[this.portOf(output)]?.splice(0) as Output[] | undefined) ?? [];
  }

  private portOf(name: string | undefined): number {
    const { operators, outputs } = this.run.tested.stage;
    if (name === undefined && outputs.length < 2) return 0;
    const full = outputs.map((each) => `${operators[each.operator].name}.${each.name}`);
    const known = outputs.map((each, i) =>
      outputs.filter((other) => other.name === each.name).length > 1 ? full[i] : each.name,
    );
    // Without a name it is the last one that is called as its operator is: that of one with a single output.
    const port =
      name === undefined
        ? outputs.findLastIndex((each) => each.name === operators[each.operator].name)
        : Math.max(known.indexOf(name), full.indexOf(name));
    if (port < 0) throw errors.unknownName('output of the operator', name ?? '', known);
    return port;
  }

  /** The tuples that it has written to its sink since the last call. */
  written(): Output[] {
    return this.run.outcome.written.splice(0) as Output[];
  }

  /** The tuples that it has failed at since the last call. */
  deadLetters(): DeadLetter[] {
    return this.run.outcome.letters.splice(0);
  }

  /** Closes source and sink. What lingers is not committed. */
  close(): void {
    this.closed = true;
    this.run.release();
  }

  private orFail(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  private requireOpen(): void {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.closed) throw errors.inputClosed(this.run.tested.inputName(0));
  }

  private requireInput(input: number): void {
    this.requireOpen();
    if (this.run.head.source !== undefined) throw errors.testedSource(this.operator);
    if (this.ended[input]) throw errors.inputClosed(this.run.tested.inputName(input));
  }
}

function testedState(operator: string, run: PairedRun): TestedState {
  const { head, tested } = run;
  if (head.state === undefined) {
    const missing = (): never => {
      throw errors.unknownName('operator with state', operator, []);
    };
    return { get: missing, entries: missing };
  }
  const [{ schema, key = [] }] = tested.stage.inputs;
  const keys = key.map((index) => schema.fields[index]);
  const groupOf = keyGroupFinder(operator, rowLayout(operator, keys, head.state, head.tables ?? {}).keys);
  return {
    get(...key) {
      const row = tested.row(key, groupOf(key));
      return row && arrangedRow(head, row);
    },
    entries: () => run.rows(),
  };
}

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
export function testOperator(
  flow: FlowDefinition<never>,
  operator: string,
  options: TestOptions = {},
  ...surplus: readonly never[]
): OperatorTest {
  refuseSurplus('testOperator(flow, operator, options)', 3, surplus);
  if (!isFlow(flow)) throw errors.badOption('flow', flow, 'what dataflow() has made');
  return new OperatorTest(flow, operator, options);
}
