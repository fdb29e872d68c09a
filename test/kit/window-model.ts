// What windows come to, by loops over all items that there are.
// A row is a text: of the key, its bounds and its results. Results that go by the order of tuples go by that of slices, and within one by
// that in which they came.

import { type GeneratedItems, type Item, itemOf, type WindowGiven } from './flows/windows.ts';

/** A window of a key with items, in the order in which they came. */
export interface ModelWindow {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly items: readonly Item[];
}

const byKey = (items: readonly Item[]): Map<string, Item[]> => {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const those = found.get(item.key);
    if (those === undefined) found.set(item.key, [item]);
    else those.push(item);
  }
  return found;
};

/** The windows that have any of the items. Of sessions, as they are if nothing more comes. */
export function windowsOf(items: readonly Item[], window: WindowGiven): ModelWindow[] {
  if (window.kind === 'count') throw new Error('of counts there is countedWindows()');
  return Array.from(byKey(items), ([key, own]) =>
    (window.kind === 'session' ? sessionsOf(own, window.gapMs) : slotsOf(own, window)).map((each) => ({
      key,
      ...each,
    })),
  ).flat();
}

type Sliced = Extract<WindowGiven, { kind: 'tumbling' | 'sliding' }>;

function slotsOf(items: readonly Item[], window: Sliced): { start: number; end: number; items: Item[] }[] {
  const { sizeMs, offsetMs } = window;
  const everyMs = window.kind === 'tumbling' ? sizeMs : window.everyMs;
  const found = new Map<number, Item[]>();
  for (const item of items) {
    // From a start that is too late, back to the first that is too early.
    let start = (Math.trunc((item.at - offsetMs) / everyMs) + 2) * everyMs + offsetMs;
    for (; start + sizeMs > item.at; start -= everyMs) {
      if (start > item.at) continue;
      const own = found.get(start + 0);
      if (own === undefined) found.set(start + 0, [item]);
      else own.push(item);
    }
  }
  return Array.from(found, ([start, own]) => ({ start, end: start + sizeMs, items: own }));
}

function sessionsOf(items: readonly Item[], gapMs: number): Omit<ModelWindow, 'key'>[] {
  const sessions: { start: number; end: number; items: Item[] }[] = [];
  for (const item of [...items].sort((one, other) => one.at - other.at)) {
    const last = sessions.at(-1);
    if (last !== undefined && item.at < last.end) {
      last.items.push(item);
      last.end = item.at + gapMs;
    } else sessions.push({ start: item.at, end: item.at + gapMs, items: [item] });
  }
  for (const session of sessions) session.items.sort((one, other) => one.n - other.n);
  return sessions;
}

/** Windows of so many items of each key, and after all items the rest. */
export function countedWindows(
  items: readonly Item[],
  { size, every, rest }: Extract<WindowGiven, { kind: 'count' }>,
  isOver: boolean,
): ModelWindow[] {
  return Array.from(byKey(items), ([key, own]) => {
    const windows: ModelWindow[] = [];
    let start = 0;
    for (; start + size <= own.length; start += every)
      windows.push({ key, start, end: start + size, items: own.slice(start, start + size) });
    if (isOver && rest && start < own.length) windows.push({ key, start, end: own.length, items: own.slice(start) });
    return windows;
  }).flat();
}

const compare = (one: number, other: number): number => {
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return one - other || Number(Object.is(other, -0)) - Number(Object.is(one, -0));
};

const show = (value: unknown): string =>
  Object.is(value, -0) ? '-0' : Array.isArray(value) ? `[${value.map(show).join()}]` : String(value);

/** What the aggregates give, but for those that go by the order of tuples, where this is not told. */
function results(items: readonly Item[], window: WindowGiven): Record<string, unknown> {
  const values = items.flatMap(({ value }) => (value === null ? [] : [value])).sort(compare);
  const total = values.reduce((sum, value) => sum + value, 0);
  const ns = items.map(({ n }) => n);
  const different = new Set(values).size;
  const ordered = window.kind === 'session' ? undefined : inOrder(items, window).map(({ n }) => n);
  return {
    n: items.length,
    total,
    average: values.length === 0 ? null : total / values.length,
    least: values[0] ?? null,
    greatest: values.at(-1) ?? null,
    most: [...ns].sort((one, other) => other - one).slice(0, 2),
    about: different,
    squares: values.reduce((sum, value) => sum + value ** 2, 0),
    ...(ordered && { earliest: ordered[0], latest: ordered.at(-1), some: ordered.slice(0, 3) }),
    different,
  };
}

const greatestCommon = (a: number, b: number): number => (b === 0 ? a : greatestCommon(b, a % b));

/** Items of a window as its slices have them. */
function inOrder(items: readonly Item[], window: WindowGiven): readonly Item[] {
  if (window.kind !== 'sliding') return items;
  const ms = greatestCommon(window.sizeMs, window.everyMs);
  const slice = ({ at }: Item): number => Math.floor((at - window.offsetMs) / ms);
  return [...items].sort((one, other) => slice(one) - slice(other));
}

/** A row of the model, by the names that the results are to be compared in. */
export const modelRow = (
  { items }: ModelWindow,
  window: WindowGiven,
  leftOut: readonly string[] = [],
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(results(items, window))
      .filter(([name]) => !leftOut.includes(name))
      .map(([name, value]) => [name, show(value)]),
  );

/** The same of a row that has come out. */
export function shownRow(
  row: Readonly<Record<string, unknown>>,
  window: WindowGiven,
  leftOut: readonly string[] = [],
): Record<string, string> {
  const names = Object.keys(results([], window)).filter((name) => !leftOut.includes(name));
  return Object.fromEntries(
    names.map((name) => {
      const value = row[name];
      const plain = name === 'most' ? (value as { n: number }[]).map(({ n }) => n) : value;
      return [name, show(plain)];
    }),
  );
}

/** Items that are passed on, and those that are late: by the order of each partition. */
export function judged(
  items: GeneratedItems,
  boundMs: number,
  allowedMs: number,
): { readonly onTime: Item[]; readonly late: Item[] } {
  const seen = new Array<number>(items.partitions).fill(Number.NEGATIVE_INFINITY);
  const onTime: Item[] = [];
  const late: Item[] = [];
  for (let i = 0; i < items.count; i++) {
    const item = itemOf(i, items);
    const partition = i % items.partitions;
    if (item.at < seen[partition] - boundMs - allowedMs) late.push(item);
    else onTime.push(item);
    if (item.at > seen[partition]) seen[partition] = item.at;
  }
  return { onTime, late };
}

/** The rows that count in the end: the last of a window; of sessions a later row replaces those that it overlaps. */
export class LastRows<Row extends { readonly key: string; readonly start: number; readonly end: number }> {
  readonly #rows = new Map<string, Row[]>();

  take(row: Row, isSession: boolean): void {
    const own = this.#rows.get(row.key) ?? [];
    const isGone = ({ start, end }: Row): boolean =>
      isSession ? start < row.end && end > row.start : start === row.start;
    this.#rows.set(row.key, [...own.filter((each) => !isGone(each)), row]);
  }

  get all(): Row[] {
    return [...this.#rows.values()].flat();
  }
}

export const windowName = ({ key, start, end }: { key: string; start: number; end: number }): string =>
  `${key} [${show(start)}, ${show(end)})`;
