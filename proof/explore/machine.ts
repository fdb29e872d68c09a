// Runs one thread of a state to its next operation whose order matters: one step of an interleaving.
// Promises: a step is one atomic operation on a cell that others use too, and all that the thread does before its next such one:
// those are operations that no other thread's operations depend on, so their order among others' makes no difference. A thread
// may crash after each change that it makes, in the midst of a step as well.
// Relies on: Atomics are sequentially consistent; plain accesses are ordered by them, which is checked here.

import type { CellUsage } from './cell-usage.ts';
import { HappensBefore, RACE, Synchronization, UNTOUCHED } from './happens-before.ts';
import { type LocalState, Operation } from './local-state.ts';
import type { Invariant, Scene } from './scene.ts';
import { Standing, State } from './state.ts';
import { LATER, type Stage, ThreadGraph } from './thread-graph.ts';

/** What must not be. */
export interface Violation {
  readonly kind: 'failure' | 'race' | 'invariant' | 'deadlock' | 'outcome' | 'livelock' | 'too large';
  readonly message: string;
}

/** Values of tickets, see {@link Scene.tickets}. */
const TICKET = 0;
const CALLED = 1;

/** Operations that a thread does in one step, after which it is held to go round for ever. */
const STEP_OPERATIONS_MAX = 100_000;

/** No operation of the thread has been done: it sleeps. */
const ASLEEP = Symbol('asleep');

/** A thread that is to run in a state. */
interface Due {
  readonly state: State;
  readonly thread: number;
}

export class Machine {
  /** Set when a step did what must not be; the state it was in is {@link violator}. */
  violation: Violation | undefined;
  violator: State | undefined;
  private readonly scene: Scene;
  private readonly usage: CellUsage;
  private readonly stage: Stage;
  private readonly happensBefore: HappensBefore;
  private graphs = new Map<number, ThreadGraph>();
  private orderedSlots: readonly number[] = [];
  private readonly watched = new Map<number, Invariant[]>();
  private readonly invariantCells = new Map<Invariant, number[]>();
  /** True while a thread runs before the others begin. */
  private alone = false;
  /** Copies of the state in work, in which the thread in work has crashed. */
  private crashed: Due[] = [];
  /** Hashes of those that were made in the step in work: crashes that lead to one and the same state are one. */
  private crashes = new Set<string>();

  constructor(scene: Scene, usage: CellUsage, stage: Stage) {
    this.scene = scene;
    this.usage = usage;
    this.stage = stage;
    this.happensBefore = new HappensBefore(scene.threads.length);
    for (const invariant of scene.invariants) {
      for (const cell of invariant.cells) this.watched.set(cell, [...(this.watched.get(cell) ?? []), invariant]);
    }
  }

  /** Lets threads be run anew. */
  forgetGraphs(): void {
    this.graphs = new Map();
    this.usage.forgetGraphs();
  }

  /** Begins an exploration with what is known by now. */
  begin(): void {
    if (this.usage.graphsAreWrong) this.forgetGraphs();
    this.usage.begin();
    this.orderedSlots = this.usage.orderedSlots();
    this.invariantCells.clear();
    this.violation = undefined;
    this.violator = undefined;
  }

  /** Runs of threads so far. */
  get runs(): number {
    return [...this.graphs.values()].reduce((sum, { runs }) => sum + runs, 0);
  }

  graphOf(thread: number, incarnation: number): ThreadGraph {
    const key = thread * 64 + incarnation;
    let graph = this.graphs.get(key);
    if (graph === undefined) {
      graph = new ThreadGraph(this.scene.threads[thread], incarnation, this.usage, this.stage);
      this.graphs.set(key, graph);
    }
    return graph;
  }

  /** The states in which every thread is before its first operation whose order matters. */
  async firstStates(traced = false): Promise<State[]> {
    const { threads, crashes, recoveryCrashes } = this.scene;
    const starts = threads.map((_, thread) => this.graphOf(thread, 0).start);
    const state = State.first(starts, crashes, recoveryCrashes);
    if (traced) state.trace = [];
    let states = [state];
    const { first = [] } = this.scene;
    for (const thread of first) {
      this.alone = true;
      states = await this.successors(states[0], thread, true);
      this.alone = false;
      if (this.isInterrupted) return states;
      if (states.length !== 1 || states[0].standing[thread] !== Standing.ended) {
        throw new Error(`'${threads[thread].name}' does not come to its end alone`);
      }
    }
    for (let thread = 0; thread < threads.length; thread++) {
      if (first.includes(thread)) continue;
      const next: State[] = [];
      for (const each of states) {
        const isFresh = each.at[thread].operation === Operation.start;
        if (!isFresh) next.push(each);
        else next.push(...(await this.successors(each, thread, true)));
        if (this.isInterrupted) return next;
      }
      states = next;
    }
    return states;
  }

  get isInterrupted(): boolean {
    return this.violation !== undefined || this.hasLearned;
  }

  /** True if this exploration lacks states. */
  private get hasLearned(): boolean {
    return this.usage.hasLearned && !this.usage.isScouting;
  }

  /** The states after one step of a thread of `state`, which is used up: without a crash, and with one after each change. */
  successors(state: State, thread: number, isFirst = false): State[] | Promise<State[]> {
    this.crashed = [];
    this.crashes.clear();
    if (isFirst) this.crash(state, thread);
    return this.finish([], [...this.crashed, { state, thread }]);
  }

  /** Runs what is still open. Waits only if a thread itself must say what comes next. */
  private finish(found: State[], open: Due[]): State[] | Promise<State[]> {
    for (;;) {
      const due = open.pop();
      if (due === undefined) return found;
      this.crashed = [];
      const running = this.run(due.state, due.thread);
      if (running !== undefined) return running.then(() => this.finish(found, this.settle(due, found, open)));
      this.settle(due, found, open);
    }
  }

  /** After a run: takes up those who crashed in it, and those whom it woke. */
  private settle({ state }: Due, found: State[], open: Due[]): Due[] {
    if (this.isInterrupted) {
      open.length = 0;
      return open;
    }
    for (const crashed of this.crashed) open.push(crashed);
    const woken = state.standing.indexOf(Standing.woken);
    if (woken < 0) found.push(state);
    else open.push({ state, thread: woken });
    return open;
  }

  /** Does the thread's next operation, and all that follows up to one whose order matters. */
  private run(state: State, thread: number, from = state.at[thread], begun = false): undefined | Promise<void> {
    let at = from;
    let isDue = !begun;
    for (let left = STEP_OPERATIONS_MAX; at.operation !== Operation.end; left--) {
      if (left === 0) {
        this.violate(
          state,
          thread,
          at,
          'livelock',
          'the thread goes round and round, alone, and does not come to an end',
        );
        return undefined;
      }
      if (at.operation === Operation.fail) {
        this.violate(state, thread, at, 'failure', at.text);
        return undefined;
      }
      let result = 0;
      if (state.standing[thread] === Standing.woken) {
        state.standing[thread] = Standing.ready;
        this.tell(state, thread, at, 1, 0, 'woken');
        result = 1;
      } else if (at.operation !== Operation.start && at.operation !== Operation.turn) {
        if (!isDue && this.isConcurrent(state, at, thread)) break;
        state.at[thread] = at;
        const done = this.perform(state, thread, at);
        if (done === ASLEEP || this.isInterrupted) return undefined;
        result = done;
      }
      isDue = false;
      const next = at.after(result);
      if (next === undefined) return this.discover(state, thread, at, result);
      at = next;
    }
    state.at[thread] = at;
    if (at.operation === Operation.end) {
      state.standing[thread] = Standing.ended;
      this.tell(state, thread, at, 0, 0);
    }
    return undefined;
  }

  /** Lets the thread itself say what comes next, and does all that need not wait. */
  private async discover(state: State, thread: number, from: LocalState, label: number): Promise<void> {
    const at = await this.graphOf(thread, state.incarnations[thread]).extend(from, label, (at) => {
      if (this.isConcurrent(state, at, thread)) return LATER;
      state.at[thread] = at;
      const result = this.perform(state, thread, at);
      return result === ASLEEP || this.isInterrupted ? LATER : result;
    });
    if (!this.isInterrupted) await this.run(state, thread, at, true);
  }

  /** True if the order of an operation and of those of other threads matters. A plain access has no order of its own. */
  private isConcurrent(state: State, { operation, cell }: LocalState, thread: number): boolean {
    if (this.alone) return false;
    if (operation === Operation.wait) return true;
    if (operation >= Operation.read) return false;
    const rivals = this.usage.rivalsOf(operation, cell, thread, this.turnedThreads(state));
    return (rivals & livingThreads(state)) !== 0;
  }

  /** Threads, by bits, that have come to a turning point and cannot crash, and begin anew, any more. */
  private turnedThreads({ at, crashesLeft }: State): number {
    let turned = 0;
    for (let thread = 0; thread < at.length; thread++) {
      if (at[thread].hasTurned && (crashesLeft === 0 || !this.scene.mayCrash[thread])) turned |= 1 << thread;
    }
    return turned;
  }

  /**
   * Threads of which one is to be next, whatever the others do meanwhile: no thread outside of the set ever does what must be ordered with
   * the next operation of one in it (a persistent set).
   */
  threadsToTry(state: State, ready: readonly number[]): readonly number[] {
    // Of two threads, each is before an operation that the other's have to be ordered with.
    if (ready.length < 2 || state.at.length < 3) return ready;
    const living = livingThreads(state);
    const turned = this.turnedThreads(state);
    let best = ready;
    for (const first of ready) {
      let set = 1 << first;
      for (let before = 0; before !== set; ) {
        before = set;
        for (let thread = 0; thread < state.at.length; thread++) {
          if ((set & (1 << thread)) === 0 || state.standing[thread] === Standing.ended) continue;
          const { operation, cell } = state.at[thread];
          // Asleep, a thread waits for whoever changes the cell; a start that is still to come has no cell.
          set |= this.usage.rivalsOf(operation, cell, thread, turned) & living;
        }
      }
      const threads = ready.filter((thread) => (set & (1 << thread)) !== 0);
      if (threads.length < best.length) best = threads;
    }
    return best;
  }

  valueOf(state: State, cell: number): number {
    const slot = this.usage.slotOf(cell);
    const first = this.usage.firstValueOf(cell);
    return slot < 0 ? first : first ^ state.difference(slot);
  }

  private setValue(state: State, cell: number, value: number): void {
    state.setDifference(this.usage.slotOf(cell), value ^ this.usage.firstValueOf(cell));
  }

  private perform(state: State, thread: number, at: LocalState): number | typeof ASLEEP {
    const { operation, cell, operand } = at;
    this.usage.note(operation, cell, thread, at.hasTurned);
    if (this.hasLearned) return 0;
    const before = this.valueOf(state, cell);
    switch (operation) {
      case Operation.load:
        if (this.scene.tickets.has(cell)) return this.drawTicket(state, thread, at, before);
        this.synchronize(state, thread, cell, Synchronization.load);
        this.tell(state, thread, at, before, before);
        return before;
      case Operation.read:
        this.checkOrder(state, thread, at, false);
        this.tell(state, thread, at, before, before);
        return before;
      case Operation.wait:
        return this.wait(state, thread, at, before);
      case Operation.notify: {
        const woken = this.notify(state, at);
        this.tell(state, thread, at, woken, before);
        if (woken > 0) this.crash(state, thread);
        return woken;
      }
      case Operation.write:
      case Operation.writePart: {
        this.checkOrder(state, thread, at, true);
        const value = (before & ~at.second) | operand;
        this.tell(state, thread, at, 0, before);
        this.change(state, thread, at, before, value);
        return 0;
      }
      default: {
        this.synchronize(
          state,
          thread,
          cell,
          operation === Operation.store ? Synchronization.store : Synchronization.modify,
        );
        const result = operation === Operation.store ? 0 : before;
        this.tell(state, thread, at, result, before);
        this.change(state, thread, at, before, this.scene.tickets.has(cell) ? CALLED : modified(at, before));
        return result;
      }
    }
  }

  /**
   * Of a cell that is only added to, and compared with what its one waiter has loaded last, all that matters is whether it has
   * changed since: it is 0 when the waiter has loaded it, and 1 after an addition.
   */
  private drawTicket(state: State, thread: number, at: LocalState, before: number): number {
    this.synchronize(state, thread, at.cell, Synchronization.load);
    this.tell(state, thread, at, TICKET, before);
    this.setValue(state, at.cell, TICKET);
    return TICKET;
  }

  private change(state: State, thread: number, at: LocalState, before: number, value: number): void {
    if (value === before) return;
    this.setValue(state, at.cell, value);
    const invariants = this.watched.get(at.cell);
    if (invariants !== undefined) for (const each of invariants) this.checkInvariant(state, thread, at, each);
    if (at.operation !== Operation.writePart) this.crash(state, thread);
  }

  private checkInvariant(state: State, thread: number, at: LocalState, invariant: Invariant): void {
    let cells = this.invariantCells.get(invariant);
    if (cells === undefined) {
      const regions = invariant.buffers.map((buffer) => ({
        from: this.scene.cells.baseOf(buffer),
        cells: buffer.byteLength >>> 2,
      }));
      cells = this.usage.written.filter((cell) =>
        regions.some(({ from, cells }) => cell >= from && cell < from + cells),
      );
      this.invariantCells.set(invariant, cells);
    }
    const holding = cells;
    const problem = this.stage.judge(() =>
      this.scene.cells.holding(holding, (cell) => this.valueOf(state, cell), invariant.problem),
    );
    if (problem !== undefined) this.violate(state, thread, at, 'invariant', problem);
  }

  private wait(state: State, thread: number, at: LocalState, value: number): number | typeof ASLEEP {
    this.synchronize(state, thread, at.cell, Synchronization.load);
    this.tell(state, thread, at, 0, value);
    if (value !== at.operand) return 0;
    state.standing[thread] = Standing.asleep;
    this.tell(state, thread, at, 1, value, 'asleep');
    return ASLEEP;
  }

  private notify(state: State, { cell, operand }: LocalState): number {
    let woken = 0;
    for (let thread = 0; thread < state.at.length; thread++) {
      if (state.standing[thread] !== Standing.asleep || state.at[thread].cell !== cell) continue;
      if (operand >= 0 && woken >= operand) break;
      state.standing[thread] = Standing.woken;
      woken++;
    }
    return woken;
  }

  /** Adds a state in which the thread has just crashed, and is adopted. */
  private crash(state: State, thread: number): void {
    if (!this.scene.mayCrash[thread] || this.isInterrupted) return;
    const isAnyStep = state.crashesLeft > 0;
    if (!isAnyStep && !(state.recoveryCrashesLeft > 0 && isRecovering(state, thread))) return;
    const copy = state.copy();
    if (isAnyStep) copy.crashesLeft--;
    else copy.recoveryCrashesLeft--;
    copy.incarnations[thread]++;
    copy.at[thread] = this.graphOf(thread, copy.incarnations[thread]).start;
    copy.standing[thread] = Standing.ready;
    const key = `${copy.lowHash} ${copy.highHash}`;
    if (this.crashes.has(key)) return;
    this.crashes.add(key);
    copy.trace?.push({
      thread,
      incarnation: state.incarnations[thread],
      at: state.at[thread],
      result: 0,
      before: 0,
      event: 'crash',
    });
    this.crashed.push({ state: copy, thread });
  }

  private synchronize(state: State, thread: number, cell: number, kind: Synchronization): void {
    if (!this.usage.isShared(cell) || this.scene.notOrdering.has(cell)) return;
    const number = this.usage.synchronizingNumber(cell);
    for (const slot of this.orderedSlots) {
      const known = state.known(slot);
      if (known !== UNTOUCHED) state.setKnown(slot, this.happensBefore.synchronize(known, kind, thread, number));
    }
  }

  private checkOrder(state: State, thread: number, at: LocalState, isWrite: boolean): void {
    const { cell } = at;
    if (!this.usage.mustBeOrdered(cell)) return;
    const { cells } = this.scene;
    if (this.usage.isMixed(cell)) {
      this.violate(state, thread, at, 'race', `${cells.nameOf(cell)} is used both plainly and by Atomics`);
      return;
    }
    const slot = this.usage.slotOf(cell);
    const known = state.known(slot);
    const next = isWrite ? this.happensBefore.write(known, thread) : this.happensBefore.read(known, thread);
    if (next !== RACE) {
      state.setKnown(slot, next);
      return;
    }
    const writer = this.happensBefore.writerOf(known);
    const other = writer >= 0 && writer !== thread ? `the write of ${this.scene.threads[writer].name}` : 'a read';
    this.violate(state, thread, at, 'race', `nothing orders this access to ${cells.nameOf(cell)} after ${other}`);
  }

  private violate(state: State, thread: number, at: LocalState, kind: Violation['kind'], message: string): void {
    if (at.operation === Operation.fail || state.trace?.[state.trace.length - 1]?.at !== at)
      this.tell(state, thread, at, 0, 0);
    this.violation ??= { kind, message };
    this.violator ??= state;
  }

  private tell(
    state: State,
    thread: number,
    at: LocalState,
    result: number,
    before: number,
    event: 'operation' | 'asleep' | 'woken' = 'operation',
  ): void {
    state.trace?.push({ thread, incarnation: state.incarnations[thread], at, result, before, event });
  }
}

/** True of a thread that was adopted, and has not come to a turning point yet. */
const isRecovering = ({ incarnations, at }: State, thread: number): boolean =>
  incarnations[thread] > 0 && !at[thread].hasTurned;

function livingThreads({ standing }: State): number {
  let living = 0;
  for (let thread = 0; thread < standing.length; thread++)
    if (standing[thread] !== Standing.ended) living |= 1 << thread;
  return living;
}

function modified({ operation, operand, second }: LocalState, before: number): number {
  switch (operation) {
    case Operation.add:
      return (before + operand) | 0;
    case Operation.sub:
      return (before - operand) | 0;
    case Operation.and:
      return before & operand;
    case Operation.or:
      return before | operand;
    case Operation.xor:
      return before ^ operand;
    case Operation.compareExchange:
      return before === second ? operand : before;
    default:
      return operand;
  }
}
