// The timers of the keys of one replica: each stands in its key's row, and a heap beside the rows says which is next.
// Promises: a timer is set, moved, cancelled and fired in the transaction of the batch, so it is rolled back, taken up after a crash
// and handed over with its row. A million that are pending cost no look through the rows; one that is put off again and again has one
// entry in the heap.
// Relies on: being told how each batch ends, and of other owners. For every timer of the groups that it knows there is an entry in the
// heap at its time or before: what an entry says beyond that is found out in the row.

import { errors } from '../../errors.ts';
import { keyGroupOf } from '../../mailbox/hash.ts';
import { type Arena, GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import type { Table } from '../memory/table.ts';
import type { KeyedState } from '../rows/keyed-state.ts';
import type { RowView } from '../rows/row-class.ts';
import {
  CLOCK_FIELD,
  CLOCKS_TABLE,
  ROOT_LIVE,
  ROW_TAG,
  type RowField,
  TIMER_FIELD,
  TIMERS_TABLE,
} from '../rows/row-layout.ts';
import { type KeyedAccess, keyedAccess, keyValuesReader } from '../rows/state-table.ts';
import { TimerHeap } from './timer-heap.ts';
import { LATEST_MS, type Timer, type Timers } from './timers.ts';

/** The timer without a name, in the heap: the others go by the tags of their rows, which are never 0. */
const UNNAMED = 0;
/** Rows that are looked through at a time. */
const SCAN_ROWS = 4096;
/** Entries of timers that are no more, from which on the heap is cleaned if they are half of it. */
const STALE_MIN = 1024;

/** What timers go by. */
export interface TimerClock {
  /** True if it is the time of tuples, which stands still where none come. */
  readonly isEventTime: boolean;
  /** What closures are told: milliseconds since the epoch. */
  now(): number;
  /** Up to which time timers are due. */
  untilMs(): number;
}

/** Where the timers stand in a row. */
const OWN_TIMERS = { field: TIMER_FIELD, table: TIMERS_TABLE };
/** The same of those by the clock, where the others are in event time. */
export const CLOCK_TIMERS = { field: CLOCK_FIELD, table: CLOCKS_TABLE };

/** What a cell says of a timer: 0, as which rows begin, stands for none. Times before 1970 are less than 0. */
const stored = (atMs: number): number => (atMs < 0 ? atMs : atMs + 1);
const timeIn = (cell: number): number => (cell < 0 ? cell : cell - 1);

const cellOf = (fields: readonly RowField[], name: string): number =>
  (fields.find((field) => field.name === name) as RowField).cell;

export class KeyTimers implements Timer {
  /** The row in work, whose timers closures set. */
  view: RowView | undefined;
  /** What closures set them with. */
  readonly forClosures: Timers;
  /** The timer that was taken last: its name and time, its key's group, row and tag. */
  name = '';
  atMs = 0;
  group = 0;
  row = -1;
  tag = 0;
  /** Rows that have expired in the open batch. */
  expired = 0;
  readonly isInEventTime: boolean;
  private readonly clock: TimerClock;
  private readonly operator: string;
  private readonly state: KeyedState;
  private readonly owned: Uint8Array;
  private readonly heap = new TimerHeap();
  /** What was taken out of the heap since the last commit: three numbers each. */
  private readonly taken: number[] = [];
  /** Key groups whose rows are to be looked through. */
  private readonly unknown: number[] = [];
  private readonly known = new Uint8Array(256);
  /** Entries of timers that are no more, about. */
  private stale = 0;
  /** Of the row: the timer without a name, and the root of the table of the others. Of a row of that table: the time. */
  private readonly cell: number;
  private readonly root: number;
  private readonly namedCell: number;
  private readonly named: Table;
  private readonly access: KeyedAccess;
  private readonly keyValues: (arena: Arena, row: number) => unknown[];
  private readonly nameValues: (arena: Arena, row: number) => unknown[];
  private isFound = false;
  private foundArena: Arena | undefined;
  private foundNamed = -1;

  /**
   * @param owned 1 for each key group of the replica
   */
  constructor(operator: string, state: KeyedState, owned: Uint8Array, clock: TimerClock, place = OWN_TIMERS) {
    const { layout, tables } = state.table;
    const { cell, table } = tables.find(({ name }) => name === place.table) as (typeof tables)[number];
    this.clock = clock;
    this.isInEventTime = clock.isEventTime;
    this.operator = operator;
    this.state = state;
    this.owned = owned;
    this.cell = cellOf(layout.fields, place.field);
    this.root = cell;
    this.named = table;
    this.namedCell = cellOf(table.layout.fields, 'at');
    this.access = keyedAccess(operator, table);
    this.keyValues = keyValuesReader(operator, layout);
    this.nameValues = keyValuesReader(operator, table.layout);
    this.forClosures = {
      at: (ms, name) => this.set('at', ms, ms, name),
      after: (ms, name) => this.set('after', ms, ms >= 0 ? clock.now() + ms : Number.NaN, name),
      cancel: (name) => this.cancel(name),
      due: (name) => this.due(name),
      now: () => clock.now(),
    };
    this.ownersChanged();
  }

  /** Up to which time timers are due. */
  get untilMs(): number {
    return this.clock.untilMs();
  }

  /** When the next one is due, or earlier; Infinity if there is none. */
  get nextAtMs(): number {
    return this.heap.nextAtMs;
  }

  /** When there is something to do; now, if rows are to be looked through first. */
  get dueAtMs(): number {
    return this.isBehind ? Number.NEGATIVE_INFINITY : this.heap.nextAtMs;
  }

  /** True if {@link catchUp} has something to do. */
  get isBehind(): boolean {
    return this.unknown.length > 0 || (this.stale > STALE_MIN && this.stale > this.heap.size >> 1);
  }

  /** About how many are pending: as many, or more. */
  get pending(): number {
    return this.heap.size;
  }

  /** The key of the timer that was taken last. */
  get key(): unknown[] {
    return this.foundArena === undefined ? [] : this.keyValues(this.foundArena, this.row);
  }

  /** How many timers the key in work has. */
  get ofKey(): number {
    const { arena, row } = this.rowInWork();
    return arena.i32[row + this.root + ROOT_LIVE] + (arena.f64[(row + this.cell) >> 1] === 0 ? 0 : 1);
  }

  private rowInWork(): RowView {
    const { view } = this;
    if (view === undefined || view.row < 0) throw errors.staleState(this.operator);
    return view;
  }

  private set(method: string, given: number, ms: number, name = ''): void {
    if (!(ms >= -LATEST_MS && ms <= LATEST_MS)) throw errors.badTimer(this.operator, method, given);
    const { arena, row } = this.rowInWork();
    const owner = arena.i32[row + ROW_TAG];
    // Adding 0 leaves no -0.
    const atMs = this.isInEventTime ? Math.ceil(ms) + 0 : Math.max(0, Math.ceil(ms));
    let timer = UNNAMED;
    let cell = row + this.cell;
    if (name !== '') {
      const found = this.access.upsert(arena, row + this.root, this.state.transaction.stamp, name);
      timer = arena.i32[found + ROW_TAG];
      cell = found + this.namedCell;
    }
    const before = arena.f64[cell >> 1];
    arena.f64[cell >> 1] = stored(atMs);
    if (before !== 0 && timeIn(before) <= atMs) return;
    if (before !== 0) this.stale++;
    this.heap.add(atMs, owner, timer);
  }

  private cancel(name = ''): boolean {
    const { arena, row } = this.rowInWork();
    if (name === '') {
      const at = (row + this.cell) >> 1;
      if (arena.f64[at] === 0) return false;
      arena.f64[at] = 0;
    } else {
      const found = this.access.find(arena, row + this.root, name);
      if (found < 0) return false;
      this.named.remove(arena, row + this.root, found, this.state.transaction.stamp);
    }
    this.stale++;
    return true;
  }

  private due(name = ''): number | undefined {
    const { arena, row } = this.rowInWork();
    const found = name === '' ? row : this.access.find(arena, row + this.root, name);
    if (found < 0) return undefined;
    const cell = arena.f64[(found + (name === '' ? this.cell : this.namedCell)) >> 1];
    return cell === 0 ? undefined : timeIn(cell);
  }

  /**
   * Takes the next timer that is due out of its row, within the open transaction. What it was is in the fields of this object.
   * @returns false if none is due
   */
  take(nowMs: number): boolean {
    const { heap, taken } = this;
    this.isFound = false;
    // At the end of time every timer is due, and there may be none.
    while (heap.size > 0 && heap.nextAtMs <= nowMs) {
      heap.take();
      const { atMs, owner, timer } = heap;
      // Each that is put off is added again, and so is each at a rollback: those that are alike would be twice as many each time.
      this.stale = Math.max(0, this.stale - heap.takeSame());
      taken.push(atMs, owner, timer);
      const { size } = heap;
      if (this.owned[keyGroupOf(owner)] === 1) this.eachPending(owner, timer, this.match);
      if (this.isFound) {
        this.takeFound(owner, timer);
        return true;
      }
      if (heap.size === size && this.stale > 0) this.stale--;
    }
    return false;
  }

  /** Looks at a timer that an entry in the heap may be of. */
  private readonly match = (dueMs: number, arena: Arena, row: number, named: number): void => {
    const { atMs, owner, timer } = this.heap;
    // It was put off; or it is another one, of a key with the same hash.
    if (dueMs > atMs || this.isFound) {
      this.heap.add(dueMs, owner, timer);
      return;
    }
    this.isFound = true;
    this.atMs = dueMs;
    this.row = row;
    this.foundArena = arena;
    this.foundNamed = named;
  };

  private takeFound(owner: number, timer: number): void {
    const { state, foundArena, row, foundNamed } = this;
    const { transaction, table } = state;
    const arena = foundArena as Arena;
    const group = keyGroupOf(owner);
    const stamp = transaction.stamps[group] || transaction.openGroup(group);
    transaction.stamp = stamp;
    table.touch(arena, row, stamp);
    this.group = group;
    this.tag = owner;
    if (timer === UNNAMED) {
      this.name = '';
      arena.f64[(row + this.cell) >> 1] = 0;
    } else {
      this.name = this.nameValues(arena, foundNamed)[0] as string;
      this.named.remove(arena, row + this.root, foundNamed, stamp);
    }
  }

  /** A key's row is about to be removed, with its timers. */
  removing({ arena, row }: RowView): void {
    this.stale += arena.i32[row + this.root + ROOT_LIVE];
    if (arena.f64[(row + this.cell) >> 1] !== 0) this.stale++;
  }

  /** All timers that an entry may be of: nearly always one, or none. */
  private eachPending(
    owner: number,
    timer: number,
    visit: (dueMs: number, arena: Arena, row: number, named: number) => void,
  ): void {
    const { table, transaction } = this.state;
    const group = keyGroupOf(owner);
    const arena = transaction.arenaOf(group);
    const root = groupHeader(group) + GROUP_ROOT;
    for (let row = table.tagged(arena, root, owner); row >= 0; row = table.tagged(arena, root, owner, row)) {
      if (timer === UNNAMED) {
        const unnamed = arena.f64[(row + this.cell) >> 1];
        if (unnamed !== 0) visit(timeIn(unnamed), arena, row, -1);
        continue;
      }
      const { named, root: cell } = this;
      let found = named.tagged(arena, row + cell, timer);
      for (; found >= 0; found = named.tagged(arena, row + cell, timer, found)) {
        visit(timeIn(arena.f64[(found + this.namedCell) >> 1]), arena, row, found);
      }
    }
  }

  /** Gets to know rows of which nothing is known, some at a time; cleans the heap. No transaction is open. */
  catchUp(): void {
    const { transaction } = this.state;
    for (const arena of transaction.arenas) arena.refresh();
    for (let rows = 0; this.unknown.length > 0 && rows < SCAN_ROWS; ) rows += this.scan(this.unknown.pop() as number);
    if (this.unknown.length === 0 && this.isBehind) this.clean();
  }

  /** Takes up the timers of a key group; returns how many rows it has. */
  private scan(group: number): number {
    const { heap, named, state } = this;
    const { table, transaction } = state;
    const arena = transaction.arenaOf(group);
    const root = groupHeader(group) + GROUP_ROOT;
    let rows = 0;
    let row = table.next(arena, root, 0);
    for (; row >= 0; row = table.next(arena, root, table.slotOf(arena, root, row) + 1)) {
      rows++;
      const owner = arena.i32[row + ROW_TAG];
      const unnamed = arena.f64[(row + this.cell) >> 1];
      if (unnamed !== 0) heap.add(timeIn(unnamed), owner, UNNAMED);
      const names = row + this.root;
      if (arena.i32[names + ROOT_LIVE] === 0) continue;
      let found = named.next(arena, names, 0);
      for (; found >= 0; found = named.next(arena, names, named.slotOf(arena, names, found) + 1)) {
        heap.add(timeIn(arena.f64[(found + this.namedCell) >> 1]), owner, arena.i32[found + ROW_TAG]);
      }
    }
    return rows;
  }

  /** Leaves one entry for each timer. */
  private clean(): void {
    const { heap } = this;
    const sorted = new TimerHeap();
    const keep = (dueMs: number): void => sorted.add(dueMs, heap.owner, heap.timer);
    while (heap.size > 0) {
      heap.take();
      if (this.owned[keyGroupOf(heap.owner)] === 1) this.eachPending(heap.owner, heap.timer, keep);
    }
    let last = { atMs: Number.NaN, owner: 0, timer: 0 };
    while (sorted.size > 0) {
      sorted.take();
      const { atMs, owner, timer } = sorted;
      if (atMs === last.atMs && owner === last.owner && timer === last.timer) continue;
      heap.add(atMs, owner, timer);
      last = { atMs, owner, timer };
    }
    this.stale = 0;
  }

  committed(): void {
    this.taken.length = 0;
    this.expired = 0;
  }

  /** What was taken is due again. What was set is found to be no more when its time has come. */
  rolledBack(): void {
    const { heap, taken } = this;
    for (let i = 0; i < taken.length; i += 3) heap.add(taken[i], taken[i + 1], taken[i + 2]);
    // For some of these there is another entry, at the time to which they had been put off.
    this.stale += taken.length / 3;
    taken.length = 0;
    this.expired = 0;
  }

  /** The replica owns other key groups than before. */
  ownersChanged(): void {
    const { owned, known, unknown } = this;
    for (let group = 0; group < owned.length; group++) {
      if (owned[group] === 1 && known[group] === 0) unknown.push(group);
      else if (owned[group] === 0 && known[group] === 1 && unknown.includes(group)) {
        unknown.splice(unknown.indexOf(group), 1);
      }
      known[group] = owned[group];
    }
  }
}

/** In place of timers, where there is no closure for them. */
export function noTimers(operator: string): Timers {
  const refuse = (): never => {
    throw errors.noOnTimer(operator);
  };
  return { at: refuse, after: refuse, cancel: refuse, due: refuse, now: refuse };
}
