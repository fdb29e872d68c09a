// Discovers a thread's local states by running it: from its start, with the results that it had, to the first operation that is new.
// Promises: runs the shipped code itself; a run has no effect on the explorer's memory but through `meet`; a thread that does
// other things with the same results is an error.
// Relies on: a thread is a function of what it reads. After it was stopped it must not hang on to anything: whatever it tries in a
// catch or finally block is refused as well.

import { digestOf } from './digest.ts';
import { type AccessedMemory, InstrumentedGlobals, type ModifyKind } from './instrumented-globals.ts';
import { LocalState, Operation } from './local-state.ts';
import type { SharedCells } from './shared-cells.ts';

/** What a thread gets from the explorer. */
export interface ThreadContext {
  /** How often it has crashed before. */
  readonly incarnation: number;
  /**
   * Says that all that the thread holds is in these objects. Where they are as they were at another such point, it does the same
   * from here on.
   */
  turn(...roots: unknown[]): void;
}

/** A thread of a case. */
export interface ThreadProgram {
  readonly name: string;
  /** True if promises of its own keep it going: what is stopped then needs the event loop to come to rest. */
  readonly isDetached?: boolean;
  run(context: ThreadContext): void | Promise<void>;
}

/** Thrown at a thread that is to stop. */
export const STOPPED = Symbol('the explorer stops this thread here');

/** Returned by `meet`, for an operation that is not to be done now. */
export const LATER = Symbol('later');

/** Decides about an operation that is met for the first time: its result, or LATER. */
export type Meet = (state: LocalState) => number | typeof LATER;

/** Accesses of one run after which a thread is held to be in an endless loop. */
const ACCESSES_MAX = 300_000;

/** Cells that nobody writes: what is read there is known, and no operation. */
export interface ConstantCells {
  isConstant(cell: number): boolean;
  /** The value, noting that the thread relies on it. */
  constantAt(cell: number): number;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The function of src/ in which a thread is, innermost first. */
export type Whereabouts = Map<LocalState, string>;

const FRAME =
  /at (?:async )?(?:new )?(?:Object\.)?([\w$.#<>]+)(?: \[as \w+\])? \(.*\/src\/(?:mailbox|state|actors|supervisor)\//;
const GENERATED = /at (?:Object\.)?([\w$.#<>]+) \(.*millrace\//;
const FRAMES_SHOWN = 2;

/** The innermost functions of the library on the stack. */
function libraryFrames(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const lines = (new Error().stack ?? '').split('\n');
  Error.stackTraceLimit = limit;
  const names = lines.flatMap((line) => {
    const found = FRAME.exec(line) ?? GENERATED.exec(line);
    return found === null ? [] : [found[1].replace(/^_+/, '')];
  });
  return names.slice(0, FRAMES_SHOWN).join(' < ');
}

const isAccess = ({ operation }: LocalState): boolean => operation !== Operation.start && operation < Operation.turn;

class Run implements AccessedMemory {
  /** The local state where it has stopped. */
  stoppedAt: LocalState | undefined;
  readonly stopped: Promise<void>;
  private readonly path: readonly LocalState[];
  private readonly labels: readonly number[];
  private readonly meet: Meet;
  private readonly graph: ThreadGraph;
  private readonly whereabouts: Whereabouts | undefined;
  private tellStopped: () => void = () => {};
  private at = 0;
  private last: LocalState;
  private label: number;
  private accesses = 0;

  constructor(graph: ThreadGraph, from: LocalState, label: number, meet: Meet, whereabouts?: Whereabouts) {
    const path: LocalState[] = [];
    for (let state: LocalState | undefined = from; state !== undefined; state = state.parent) path.push(state);
    this.path = path.reverse();
    this.labels = [...path.slice(1).map((state) => state.label), label];
    this.graph = graph;
    this.meet = meet;
    this.whereabouts = whereabouts;
    this.last = from;
    this.label = label;
    this.at = 1;
    this.stopped = new Promise((resolve) => {
      this.tellStopped = resolve;
    });
  }

  stop(at: LocalState): never {
    this.stoppedAt = at;
    this.tellStopped();
    throw STOPPED;
  }

  touch(): void {
    if (this.stoppedAt !== undefined) throw STOPPED;
    if (++this.accesses > ACCESSES_MAX) this.stop(this.append(Operation.fail, 0, 0, 0, 'does not come to an end'));
  }

  private append(operation: Operation, cell: number, operand: number, second: number, text = ''): LocalState {
    const state = new LocalState(operation, cell, operand, second, this.last, this.label, text);
    this.last.link(this.label, state);
    return state;
  }

  private access(operation: Operation, cell: number, operand = 0, second = 0): number {
    this.touch();
    if ((operation === Operation.load || operation === Operation.read) && this.graph.constants.isConstant(cell)) {
      return this.graph.constants.constantAt(cell);
    }
    const { path, labels } = this;
    if (this.at < path.length) {
      const known = path[this.at];
      if (
        known.operation !== operation ||
        known.cell !== cell ||
        known.operand !== operand ||
        known.second !== second
      ) {
        throw new Error(`thread '${this.graph.program.name}' is not a function of what it reads`);
      }
      if (this.whereabouts !== undefined) {
        this.whereabouts.set(known, libraryFrames());
        if (this.at === path.length - 1) this.stop(known);
      }
      return labels[this.at++];
    }
    const state = this.append(operation, cell, operand, second);
    const result = this.meet(state);
    if (result === LATER) this.stop(state);
    this.last = state;
    this.label = result;
    return result;
  }

  turn(roots: readonly unknown[]): void {
    this.touch();
    if (this.at < this.path.length) {
      if (this.path[this.at].operation !== Operation.turn) throw new Error('a turning point comes and goes');
      this.at++;
      return;
    }
    const { graph } = this;
    const digest = graph.digest(roots);
    const known = graph.turns.get(digest);
    if (known !== undefined) {
      this.last.link(this.label, known);
      this.stop(known);
    }
    const state = this.append(Operation.turn, 0, 0, 0);
    if (digest !== undefined) graph.turns.set(digest, state);
    this.last = state;
    this.label = 0;
  }

  /** The thread has returned, or failed. */
  finish(error: unknown): LocalState {
    if (this.stoppedAt !== undefined) return this.stoppedAt;
    if (this.at < this.path.length) throw error ?? new Error(`thread '${this.graph.program.name}' ends too early`);
    if (error === undefined) return this.append(Operation.end, 0, 0, 0);
    const text = error instanceof Error ? error.message : String(error);
    return this.append(Operation.fail, 0, 0, 0, text);
  }

  load(cell: number): number {
    return this.access(Operation.load, cell);
  }

  store(cell: number, value: number): void {
    this.access(Operation.store, cell, value);
  }

  modify(kind: ModifyKind, cell: number, operand: number, expected: number): number {
    return this.access(Operation[kind], cell, operand, expected);
  }

  wait(cell: number, value: number): boolean {
    return this.access(Operation.wait, cell, value) === 1;
  }

  notify(cell: number, count: number): number {
    return this.access(Operation.notify, cell, Number.isFinite(count) ? count : -1);
  }

  read(cell: number): number {
    return this.access(Operation.read, cell);
  }

  write(cell: number, bits: number, mask: number, partial: boolean): void {
    this.access(partial ? Operation.writePart : Operation.write, cell, bits, mask);
  }
}

/** Refuses accesses of threads that do not run. */
const NOBODY = {
  touch(): void {
    throw STOPPED;
  },
};

/** The local states of one thread, in one incarnation. */
export class ThreadGraph {
  readonly program: ThreadProgram;
  readonly constants: ConstantCells;
  readonly start = new LocalState(Operation.start, 0, 0, 0, undefined, 0);
  /** Turning points by what the thread holds there. */
  readonly turns = new Map<string | undefined, LocalState>();
  /** How often the thread was run. */
  runs = 0;
  private readonly incarnation: number;
  private readonly stage: Stage;

  constructor(program: ThreadProgram, incarnation: number, constants: ConstantCells, stage: Stage) {
    this.program = program;
    this.incarnation = incarnation;
    this.constants = constants;
    this.stage = stage;
  }

  digest(roots: readonly unknown[]): string | undefined {
    return this.stage.joinsTurns ? digestOf(roots, this.stage.globals, this.stage.constantObjects) : undefined;
  }

  /**
   * Goes on from `from`, whose operation has the given result.
   * @returns the first local state that `meet` puts off, or that is known
   */
  async extend(from: LocalState, label: number, meet: Meet): Promise<LocalState> {
    this.runs++;
    return await this.perform(new Run(this, from, label, meet));
  }

  /** Where in the library the thread is, for each local state on the way to `to`. */
  async locate(to: LocalState): Promise<Whereabouts> {
    const whereabouts: Whereabouts = new Map();
    let last: LocalState | undefined = to;
    while (last !== undefined && !isAccess(last)) last = last.parent;
    if (last !== undefined) await this.perform(new Run(this, last, 0, () => LATER, whereabouts));
    return whereabouts;
  }

  private async perform(run: Run): Promise<LocalState> {
    const { program, incarnation, stage } = this;
    // Ticks and promises take turns in the same way only if each run begins in a turn of the event loop of its own.
    if (program.isDetached === true) await nextTurn();
    stage.memory = run;
    stage.globals.reset();
    const uninstall = stage.globals.install();
    try {
      const context: ThreadContext = { incarnation, turn: (...roots) => run.turn(roots) };
      const ended = (async () => program.run(context))().then(
        () => undefined,
        (error: unknown) => error ?? new Error('undefined was thrown'),
      );
      const error = await (program.isDetached === true ? Promise.race([ended, run.stopped]) : ended);
      if (program.isDetached === true) await nextTurn();
      return run.finish(error);
    } finally {
      uninstall();
      stage.memory = NOBODY as AccessedMemory;
    }
  }
}

/** Something broken in the code that ships. */
export interface BrokenCode {
  /** Puts it in place; returns what undoes that. */
  apply(): () => void;
  /** Changes the text of generated code. */
  readonly rewrite?: (text: string) => string;
}

/** Where threads run, one at a time. */
export class Stage {
  readonly globals: InstrumentedGlobals;
  readonly joinsTurns: boolean;
  /** Objects that never change, see {@link digestOf}. */
  readonly constantObjects: ReadonlyMap<object, number>;
  memory: AccessedMemory = NOBODY as AccessedMemory;
  private readonly broken: BrokenCode | undefined;
  private mend: (() => void) | undefined;

  constructor(
    cells: SharedCells,
    constantObjects: ReadonlyMap<object, number>,
    joinsTurns: boolean,
    broken: BrokenCode | undefined,
  ) {
    this.constantObjects = constantObjects;
    this.joinsTurns = joinsTurns;
    this.broken = broken;
    const relay: AccessedMemory = {
      load: (cell) => this.memory.load(cell),
      store: (cell, value) => this.memory.store(cell, value),
      modify: (kind, cell, operand, expected) => this.memory.modify(kind, cell, operand, expected),
      wait: (cell, value) => this.memory.wait(cell, value),
      notify: (cell, count) => this.memory.notify(cell, count),
      read: (cell) => this.memory.read(cell),
      write: (cell, bits, mask, partial) => this.memory.write(cell, bits, mask, partial),
      touch: () => this.memory.touch(),
    };
    this.globals = new InstrumentedGlobals(cells, relay, broken?.rewrite);
  }

  /** Puts broken code in place, if there is any; returns what mends it. */
  break(): () => void {
    this.mend = this.broken?.apply();
    return () => {
      this.mend?.();
      this.mend = undefined;
    };
  }

  /** Lets `look` judge with the real globals and the code that ships. */
  judge<Result>(look: () => Result): Result {
    const wasBroken = this.mend !== undefined;
    this.mend?.();
    try {
      return this.globals.aside(look);
    } finally {
      if (wasBroken) this.break();
    }
  }
}
