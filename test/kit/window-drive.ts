// Drives an operator of windows by random acts, and looks after each whether what has come out is what the model says by then.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { testOperator } from '../../src/testing.ts';
import { type Item, type WindowParams, windowed } from './flows/windows.ts';
import { LastRows, type ModelWindow, modelRow, shownRow, windowName, windowsOf } from './window-model.ts';

const START_MS = -120;

const item = fc.record({
  key: fc.constantFrom('a', 'a', 'a', 'b'),
  after: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
    { weight: 2, arbitrary: fc.constantFrom(0, 0.5, 9.5, 20, 120) },
    { weight: 1, arbitrary: fc.constant(1e6) },
  ),
  value: fc.oneof(
    fc.integer({ min: -9, max: 9 }),
    fc.constantFrom(null, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  ),
});

/** Items, each so much later than the earliest that may come; a step of the watermark, or of the clock; or a restart. */
export const windowActs = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.array(item, { minLength: 1, maxLength: 4 }) },
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 5, 20, 37, 2000) },
    { weight: 2, arbitrary: fc.record({ clockMs: fc.constantFrom(1, 9, 10, 35) }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { maxLength: 16 },
);

/** Whether each batch is rolled back and each state taken up from a snapshot: it takes its time. */
export const seldom = fc.integer({ min: 0, max: 3 }).map((drawn) => drawn === 0);

export type WindowActs = typeof windowActs extends fc.Arbitrary<infer Acts> ? Acts : never;

/** A row as it came out. */
interface Row {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly text: Record<string, string>;
}

/** What is compared: of a closure the numbers of its items. */
function shapes({ window, how, emit }: WindowParams) {
  // An approximation.
  const leftOut = ['middle'];
  return {
    isSession: window.kind === 'session',
    isProcess: how === 'process',
    givesChanges: emit === 'changes',
    earlyMs: typeof emit === 'object' ? emit.everyMs : undefined,
    expected: (each: ModelWindow): Record<string, string> =>
      how === 'process' ? { ns: each.items.map(({ n }) => n).join() } : modelRow(each, window, leftOut),
    found: (row: Record<string, unknown>): Row => {
      const { key, start, end, windowStart, windowEnd } = row as Record<'start' | 'end', number> &
        Record<'windowStart' | 'windowEnd', number> & { key: string };
      return how === 'process'
        ? { key, start, end, text: { ns: String(row.ns) } }
        : { key, start: windowStart, end: windowEnd, text: shownRow(row, window, leftOut) };
    },
  };
}

const overlap = (one: { start: number; end: number }, other: { start: number; end: number }): boolean =>
  one.start < other.end && one.end > other.start;

/** What comes by the clock of windows that are open: of each key so long after a change all that have changed since the last time. */
class EarlyModel {
  private readonly everyMs: number;
  /** Of each key: when it is due, and the items that have come since the last time. */
  private readonly keys = new Map<string, { dueMs: number; changed: Set<Item> }>();
  private nowMs = 0;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  take(item: Item): void {
    const own = this.keys.get(item.key);
    if (own === undefined) this.keys.set(item.key, { dueMs: this.nowMs + this.everyMs, changed: new Set([item]) });
    else own.changed.add(item);
  }

  /** A key whose windows have all gone has no timer any more. */
  forget(isKept: (key: string) => boolean): void {
    for (const key of this.keys.keys()) if (!isKept(key)) this.keys.delete(key);
  }

  /** The windows that are given while the clock goes on. */
  advance(ms: number, open: readonly ModelWindow[]): ModelWindow[] {
    this.nowMs += ms;
    const given: ModelWindow[] = [];
    for (const [key, { dueMs, changed }] of [...this.keys].sort(([, one], [, other]) => one.dueMs - other.dueMs)) {
      if (dueMs > this.nowMs) continue;
      this.keys.delete(key);
      given.push(...open.filter((each) => each.key === key && each.items.some((item) => changed.has(item))));
    }
    return given;
  }
}

/** Fails if a row comes too early, twice, not at all, or with other results than the model has. */
export function driveWindows(params: WindowParams, acts: WindowActs, isDisturbed: boolean): void {
  const { window, allowedMs = 0 } = params;
  const operator = testOperator<Item, Record<string, unknown>>(windowed, 'results', {
    params,
    rollback: isDisturbed,
    restore: isDisturbed,
  });
  const shape = shapes(params);
  const items: Item[] = [];
  const last = new LastRows<Row>();
  /** What a window of this name was last given with: how many items all windows had by then. */
  const given = new Map<string, string>();
  const early = shape.earlyMs === undefined ? undefined : new EarlyModel(shape.earlyMs);
  let watermark = START_MS;
  operator.advanceWatermark(watermark);

  const look = (): void => {
    for (const raw of operator.emitted()) {
      const row = shape.found(raw);
      assert.ok(shape.givesChanges || row.end <= watermark, `${windowName(row)} comes at ${watermark}`);
      const text = JSON.stringify(row.text);
      if (allowedMs === 0 && !shape.givesChanges)
        assert.ok(!given.has(windowName(row)), `${windowName(row)} comes again`);
      given.set(windowName(row), text);
      last.take(row, shape.isSession);
    }
    const windows = windowsOf(items, window);
    const due = shape.givesChanges ? windows : windows.filter(({ end }) => end <= watermark);
    // A session that goes on stands for what it was when it was given.
    const open = windows.filter(({ end }) => end > watermark);
    const isStale = (row: Row): boolean =>
      shape.isSession && open.some((each) => each.key === row.key && overlap(each, row));
    const found = last.all.filter((row) => shape.givesChanges || !isStale(row));
    assert.deepEqual(
      new Map(found.map((row) => [windowName(row), row.text] as const).sort(byName)),
      new Map(due.map((each) => [windowName(each), shape.expected(each)] as const).sort(byName)),
      `at ${watermark}`,
    );
  };

  const lookAtEarly = (ms: number): void => {
    const open = windowsOf(items, window).filter(({ end }) => end > watermark);
    const expected = early?.advance(ms, open) ?? [];
    assert.deepEqual(
      operator
        .emitted()
        .map((raw) => shape.found(raw))
        .map((row) => [windowName(row), row.text] as const)
        .sort(byName),
      expected.map((each) => [windowName(each), shape.expected(each)] as const).sort(byName),
    );
  };

  for (const act of acts) {
    if (act === 'restart') operator.restart();
    else if (typeof act === 'object' && 'clockMs' in act) {
      operator.advance(act.clockMs);
      lookAtEarly(act.clockMs);
    } else if (typeof act === 'number') {
      watermark += act;
      operator.advanceWatermark(watermark);
    } else {
      const fed = act.map(({ key, after, value }, i) => ({
        key,
        value,
        at: watermark - allowedMs + after,
        n: items.length + i,
      }));
      items.push(...fed);
      operator.feed(fed, { at: ({ at }) => at });
      for (const each of fed) early?.take(each);
    }
    look();
    const kept = new Set(operator.state.entries().map(({ key }) => key.key));
    early?.forget((key) => kept.has(key));
  }
  operator.end();
  watermark = Number.POSITIVE_INFINITY;
  look();
  assert.deepEqual(operator.deadLetters(), []);
  assert.deepEqual(operator.state.entries(), [], 'nothing is kept');
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;
