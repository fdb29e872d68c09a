// Visits all interleavings of a case: all its states, breadth first, so that the first violation found has a shortest trace.
// Promises: when it says that a case holds, every state that any interleaving and any allowed crash leads to was visited, up to
// operations whose order makes no difference, and to 64-bit hashes of states.
// Relies on: threads come to an end; state by state, the machine (machine.ts) for what a step is.

import { CellUsage } from './cell-usage.ts';
import { Machine, type Violation } from './machine.ts';
import type { ExplorerCase, Scene } from './scene.ts';
import { Standing, type State, StateTable } from './state.ts';
import { type BrokenCode, Stage } from './thread-graph.ts';
import { type TraceEntry, type TraceLine, type TraceNames, traceLines } from './trace.ts';
import { countWays } from './ways.ts';

export interface ExploreOptions {
  /** A case with more states than this fails. */
  readonly statesMax?: number;
  /** False to tell local states apart by how they were reached, and not by what a thread holds: slower, and needs no trust in that. */
  readonly joinsTurns?: boolean;
  /** What is broken while the threads run. */
  readonly broken?: BrokenCode;
}

export interface Exploration {
  readonly name: string;
  readonly threads: number;
  readonly states: number;
  readonly steps: number;
  /** Ways from the first state to a last one. */
  readonly interleavings: number;
  /** How often threads were run. */
  readonly runs: number;
  /** Different contents of memory in the end. */
  readonly outcomes: number;
  readonly tookMs: number;
  readonly violation: Violation | undefined;
  readonly trace: readonly TraceLine[];
}

const STATES_MAX = 3_000_000;
/** Ways at random by which the explorer learns who uses what, before it explores. */
const SCOUTS = 40;
const ROOT = -1;

/** A list of numbers that grows. */
class Numbers {
  values = new Int32Array(1 << 12);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }
}

/** What an exploration has found so far. */
class Found {
  readonly table = new StateTable();
  /** For each state, the one from which it was reached first, and by which thread. */
  readonly parents = new Numbers();
  readonly threads = new Numbers();
  /** All steps. */
  readonly from = new Numbers();
  readonly to = new Numbers();
  readonly outcomes = new Set<string>();
}

class Explorer {
  private readonly scene: Scene;
  private readonly usage: CellUsage;
  private readonly stage: Stage;
  private readonly machine: Machine;
  private readonly statesMax: number;
  private readonly broken: BrokenCode | undefined;
  private found = new Found();
  private violation: Violation | undefined;
  /** The state before the step that did what must not be, and that step's thread; no thread if the state itself is wrong. */
  private violatedAt: { readonly number: number; readonly thread: number | undefined } = {
    number: ROOT,
    thread: undefined,
  };
  /** A circle of states, if that is the violation. */
  private circle: readonly number[] = [];
  private random = 1;

  constructor(scene: Scene, { statesMax = STATES_MAX, joinsTurns = true, broken }: ExploreOptions) {
    this.scene = scene;
    this.usage = new CellUsage(scene.cells.freeze());
    this.stage = new Stage(scene.cells, scene.constants, joinsTurns, broken);
    this.machine = new Machine(scene, this.usage, this.stage);
    this.statesMax = statesMax;
    this.broken = broken;
  }

  async explore(name: string): Promise<Exploration> {
    const mend = this.stage.break();
    try {
      return await this.exploreAll(name);
    } finally {
      mend();
    }
  }

  private async exploreAll(name: string): Promise<Exploration> {
    const startedMs = performance.now();
    do {
      await this.scout();
      this.machine.begin();
      this.found = new Found();
      await this.search();
    } while (this.usage.hasLearned);
    const { found } = this;
    if (this.broken?.rewrite !== undefined && !this.stage.globals.hasRewritten) {
      throw new Error('the text that a mutant changes is in no generated code');
    }
    let ways = { count: Number.NaN, circle: [] as readonly number[] };
    if (this.violation === undefined) {
      ways = countWays(found.table.count, found.from.values, found.to.values, found.from.length);
      if (ways.circle.length > 0) {
        this.circle = ways.circle;
        const message = `threads go round in a circle of ${ways.circle.length} steps, and nothing changes`;
        this.violate({ kind: 'livelock', message }, ways.circle[0], undefined);
      }
    }
    const tookMs = performance.now() - startedMs;
    return {
      name,
      threads: this.scene.threads.length,
      states: found.table.count,
      steps: found.from.length,
      interleavings: ways.count,
      runs: this.machine.runs,
      outcomes: found.outcomes.size,
      tookMs,
      violation: this.violation,
      trace: this.violation === undefined ? [] : await this.traceOfViolation(),
    };
  }

  private below(end: number): number {
    this.random = (Math.imul(this.random, 1103515245) + 12345) >>> 0;
    return Math.floor((this.random / 2 ** 32) * end);
  }

  /** Goes some ways at random: most of what there is to learn is learned before states are kept. */
  private async scout(): Promise<void> {
    const { machine, usage } = this;
    usage.isScouting = true;
    machine.forgetGraphs();
    for (let way = 0; way < SCOUTS; way++) {
      machine.begin();
      let states = await machine.firstStates();
      while (machine.violation === undefined && states.length > 0) {
        const state = states[this.below(states.length)];
        const ready = readyThreads(state);
        if (ready.length === 0) break;
        states = await machine.successors(state.copy(), ready[this.below(ready.length)]);
      }
    }
    usage.isScouting = false;
    machine.forgetGraphs();
  }

  private async search(): Promise<void> {
    const { machine, found } = this;
    this.violation = undefined;
    this.circle = [];
    let frontier: { readonly state: State; readonly number: number }[] = [];
    const reach = (states: readonly State[], parent: number, thread: number, next: typeof frontier): void => {
      for (const state of states) {
        const before = found.table.count;
        const number = found.table.numberOf(state);
        if (parent !== ROOT) {
          found.from.push(parent);
          found.to.push(number);
        }
        if (number < before) continue;
        found.parents.push(parent);
        found.threads.push(thread);
        next.push({ state, number });
      }
    };
    const first = await machine.firstStates();
    if (machine.violation !== undefined) this.violate(machine.violation, ROOT, undefined);
    else reach(first, ROOT, 0, frontier);
    while (frontier.length > 0 && !this.isOver) {
      const next: typeof frontier = [];
      for (const { state, number } of frontier) {
        const ready = readyThreads(state);
        if (ready.length === 0) this.checkEnd(state, number);
        const tried = machine.threadsToTry(state, ready);
        for (let i = 0; i < tried.length && !this.isOver; i++) {
          const isLast = i === tried.length - 1;
          const successors = machine.successors(isLast ? state : state.copy(), tried[i]);
          const states = successors instanceof Promise ? await successors : successors;
          if (this.usage.hasLearned) return;
          if (machine.violation !== undefined) this.violate(machine.violation, number, tried[i]);
          else reach(states, number, tried[i], next);
        }
        if (this.isOver) return;
        if (found.table.count > this.statesMax) {
          this.violate(
            { kind: 'too large', message: `there are more than ${this.statesMax} states` },
            number,
            undefined,
          );
        }
      }
      frontier = next;
    }
  }

  private get isOver(): boolean {
    return this.violation !== undefined || this.usage.hasLearned;
  }

  private violate(violation: Violation, number: number, thread: number | undefined): void {
    this.violation = violation;
    this.violatedAt = { number, thread };
  }

  private checkEnd(state: State, number: number): void {
    const waiting = state.standing.flatMap((standing, thread) => (standing === Standing.ended ? [] : [thread]));
    if (waiting.length > 0) {
      const names = waiting.map((thread) => this.scene.threads[thread].name).join(', ');
      this.violate({ kind: 'deadlock', message: `nobody will ever wake ${names}` }, number, undefined);
      return;
    }
    if (this.found.outcomes.has(state.memoryKey)) return;
    this.found.outcomes.add(state.memoryKey);
    const { scene, usage, machine } = this;
    const valueAt = (cell: number): number => machine.valueOf(state, cell);
    const problem = this.stage.judge(() => scene.cells.holding(usage.written, valueAt, () => scene.problemAtEnd()));
    if (problem !== undefined) this.violate({ kind: 'outcome', message: problem }, number, undefined);
  }

  /** Goes the way to the violation again, and notes down each operation. */
  private async traceOfViolation(): Promise<TraceLine[]> {
    const { found, machine } = this;
    const violation = this.violation as Violation;
    const numbers: number[] = [];
    for (let number = this.violatedAt.number; number !== ROOT; number = found.parents.values[number])
      numbers.push(number);
    const circle = this.circle.slice(1).concat(this.circle.slice(0, 1));
    const way = [...numbers.reverse(), ...circle];
    machine.violation = undefined;
    machine.violator = undefined;
    let states = await machine.firstStates(true);
    let state: State | undefined;
    for (const [i, number] of way.entries()) {
      if (i > 0) {
        const before = state as State;
        states = [];
        // A circle's steps are not those by which its states were reached first.
        const threads = i < numbers.length ? [found.threads.values[number]] : readyThreads(before);
        for (const thread of threads) states.push(...(await machine.successors(before.copy(), thread)));
      }
      state = states.find((each) => found.table.numberOf(each) === number);
      if (state === undefined) throw new Error('a way that was gone is not found again');
    }
    const { thread } = this.violatedAt;
    if (machine.violation === undefined && thread !== undefined) await machine.successors(state as State, thread);
    const end = (machine.violator ?? state) as State;
    const trace = end.trace as TraceEntry[];
    return traceLines(trace, await this.namesFor(trace)).concat(endOf(violation));
  }

  private async namesFor(trace: readonly TraceEntry[]): Promise<TraceNames> {
    const { scene, usage, machine } = this;
    // The last operation of each thread and incarnation: the way there passes all others.
    const last = new Map<string, TraceEntry>();
    for (const entry of trace) last.set(`${entry.thread} ${entry.incarnation}`, entry);
    const places = new Map<number, string>();
    for (const { thread, incarnation, at } of last.values()) {
      const found = await machine.graphOf(thread, incarnation).locate(at);
      for (const [state, where] of found) places.set(state.id, where);
    }
    // Turns join ways: what is not on the way that was gone first is located by itself.
    for (const { thread, incarnation, at, event } of trace) {
      if (event !== 'operation' || places.has(at.id) || at.parent === undefined) continue;
      const found = await machine.graphOf(thread, incarnation).locate(at);
      for (const [state, where] of found) places.set(state.id, where);
    }
    return {
      threadName: (thread) => scene.threads[thread].name,
      cellName: (cell) => scene.cells.nameOf(cell),
      regionName: (cell) => scene.cells.regionNameOf(cell),
      isShared: (cell) => usage.isShared(cell),
      whereabouts: ({ at }) => places.get(at.id) ?? '',
    };
  }
}

const endOf = ({ kind, message }: Violation): TraceLine => ({ thread: '', where: '', what: `⇒ ${kind}: ${message}` });

const readyThreads = (state: State): number[] =>
  state.standing.flatMap((standing, thread) => (standing === Standing.ready ? [thread] : []));

/** Explores a case to its end, or to the first violation. */
export async function explore(each: ExplorerCase, options: ExploreOptions = {}): Promise<Exploration> {
  return await new Explorer(each.scene(), options).explore(each.name);
}
