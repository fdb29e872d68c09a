// A state of a case: values of shared memory, who knows of which access, and where each thread is.
// Promises: equal states have equal hashes, also if one of them knows of fewer cells. Hashes have 64 bits: that two different states of a
// million share one has a probability below 1e-7.

import type { LocalState } from './local-state.ts';
import type { TraceEntry } from './trace.ts';

/** Of a thread. */
export const Standing = { ready: 0, asleep: 1, woken: 2, ended: 3 } as const;
export type Standing = (typeof Standing)[keyof typeof Standing];

function mix(first: number, second: number, seed: number): number {
  let h = Math.imul(first ^ seed, 0x9e3779b1) ^ Math.imul(second + seed, 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  h = Math.imul(h, 0x297a2d39);
  return h ^ (h >>> 15);
}

const SEEDS = [0x243f6a88, 0x13198a2e] as const;
const KNOWLEDGE = 1 << 20;
const THREADS = 1 << 21;

export class State {
  /** Values of written cells by their slot, as differences to the first ones. Plain arrays: they are copied much faster. */
  private readonly values: number[];
  /** What is known of the plain accesses to a cell, by slot. */
  private readonly knowledge: number[];
  readonly at: LocalState[];
  readonly standing: Standing[];
  readonly incarnations: number[];
  /** Crashes that may still come: at any step, and of a thread that recovers. */
  crashesLeft: number;
  recoveryCrashesLeft: number;
  /** What led here, if that is recorded. */
  trace: TraceEntry[] | undefined;
  private low: number;
  private high: number;

  private constructor(from: State | undefined, at: LocalState[]) {
    this.values = from === undefined ? [] : from.values.slice();
    this.knowledge = from === undefined ? [] : from.knowledge.slice();
    this.at = at;
    this.standing = from === undefined ? at.map(() => Standing.ready) : from.standing.slice();
    this.incarnations = from === undefined ? at.map(() => 0) : from.incarnations.slice();
    this.crashesLeft = from === undefined ? 0 : from.crashesLeft;
    this.recoveryCrashesLeft = from === undefined ? 0 : from.recoveryCrashesLeft;
    this.trace = from?.trace?.slice();
    this.low = from === undefined ? 0 : from.low;
    this.high = from === undefined ? 0 : from.high;
  }

  /** The state in which each thread is at its start, and no cell has changed. */
  static first(at: LocalState[], crashes: number, recoveryCrashes: number): State {
    const state = new State(undefined, at);
    state.crashesLeft = crashes;
    state.recoveryCrashesLeft = recoveryCrashes;
    return state;
  }

  copy(): State {
    return new State(this, this.at.slice());
  }

  /** The value of a slot, as the exclusive or with its first one. */
  difference(slot: number): number {
    return slot < this.values.length ? this.values[slot] : 0;
  }

  setDifference(slot: number, value: number): void {
    const { values } = this;
    while (values.length <= slot) values.push(0);
    this.rehash(slot, values[slot], value);
    values[slot] = value;
  }

  known(slot: number): number {
    return slot < this.knowledge.length ? this.knowledge[slot] : 0;
  }

  setKnown(slot: number, number: number): void {
    const { knowledge } = this;
    while (knowledge.length <= slot) knowledge.push(0);
    this.rehash(slot + KNOWLEDGE, knowledge[slot], number);
    knowledge[slot] = number;
  }

  private rehash(place: number, before: number, after: number): void {
    if (before === after) return;
    if (before !== 0) {
      this.low ^= mix(place, before, SEEDS[0]);
      this.high ^= mix(place, before, SEEDS[1]);
    }
    if (after !== 0) {
      this.low ^= mix(place, after, SEEDS[0]);
      this.high ^= mix(place, after, SEEDS[1]);
    }
  }

  private hash(memory: number, seed: number): number {
    let hash = memory;
    for (let thread = 0; thread < this.at.length; thread++) {
      hash ^= mix(THREADS + thread, this.at[thread].id * 4 + this.standing[thread], seed);
    }
    return hash ^ mix(THREADS - 1, this.crashesLeft * 64 + this.recoveryCrashesLeft, seed);
  }

  get lowHash(): number {
    return this.hash(this.low, SEEDS[0]);
  }

  get highHash(): number {
    return this.hash(this.high, SEEDS[1]);
  }

  /** A key of the values alone. */
  get memoryKey(): string {
    return `${this.low} ${this.high}`;
  }
}

/** The states that were reached, numbered from 0. */
export class StateTable {
  count = 0;
  private slots = 1 << 12;
  private lows = new Int32Array(this.slots);
  private highs = new Int32Array(this.slots);
  private numbers = new Int32Array(this.slots).fill(-1);

  /** The number of a state; a new one is `count - 1` from then on. */
  numberOf(state: State): number {
    const low = state.lowHash;
    const high = state.highHash;
    if (this.count * 2 >= this.slots) this.grow();
    const at = this.find(low, high);
    if (this.numbers[at] < 0) {
      this.lows[at] = low;
      this.highs[at] = high;
      this.numbers[at] = this.count++;
    }
    return this.numbers[at];
  }

  private find(low: number, high: number): number {
    const mask = this.slots - 1;
    let at = low & mask;
    while (this.numbers[at] >= 0 && (this.lows[at] !== low || this.highs[at] !== high)) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const { lows, highs, numbers } = this;
    this.slots *= 2;
    this.lows = new Int32Array(this.slots);
    this.highs = new Int32Array(this.slots);
    this.numbers = new Int32Array(this.slots).fill(-1);
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] < 0) continue;
      const at = this.find(lows[i], highs[i]);
      this.lows[at] = lows[i];
      this.highs[at] = highs[i];
      this.numbers[at] = numbers[i];
    }
  }
}
