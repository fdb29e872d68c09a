// Whether all rows that a job has given are those of the model.

import assert from 'node:assert/strict';
import type { WindowParams } from './flows/windows.ts';
import { judged, LastRows, modelRow, shownRow, windowName, windowsOf } from './window-model.ts';

/** Of several writers the order of items is chance. */
const BY_ORDER = ['earliest', 'latest', 'some'];

type Tuple = Readonly<Record<string, unknown>>;

/** Fails unless the last rows are those of all items that were on time, and the others are late. */
export function assertWindows(params: WindowParams, rows: readonly Tuple[], late: readonly Tuple[]): void {
  const { items, window, boundMs = 0, allowedMs = 0, emit, how, parallelism } = params;
  if (items === undefined) throw new TypeError('the items are generated');
  const expected = judged(items, boundMs, allowedMs);
  assert.deepEqual(
    late.map(({ n }) => n as number).sort((one, other) => one - other),
    expected.late.map(({ n }) => n),
    'late items',
  );
  // Combined rows come by the slice that a batch meets first, and that of one partition is its order.
  const leftOut = ['middle', ...(items.partitions === 1 && parallelism === 1 ? [] : BY_ORDER)];
  const isProcess = how === 'process';
  const last = new LastRows<{ key: string; start: number; end: number; text: unknown }>();
  const numbers = (ns: string): string => ns.split(',').sort().join();
  for (const row of rows) {
    const { key, windowStart = row.start, windowEnd = row.end } = row as Record<string, unknown>;
    const text = isProcess ? numbers(String(row.ns)) : shownRow(row, window, leftOut);
    const shown = { key: key as string, start: windowStart as number, end: windowEnd as number, text };
    last.take(shown, window.kind === 'session');
  }
  const windows = windowsOf(expected.onTime, window);
  if (allowedMs === 0 && (emit === undefined || emit === 'close'))
    assert.equal(rows.length, windows.length, 'each window comes once');
  assert.deepEqual(
    new Map(last.all.map((row) => [windowName(row), row.text] as const).sort(byName)),
    new Map(
      windows
        .map((each) => {
          const text = isProcess ? numbers(each.items.map(({ n }) => n).join()) : modelRow(each, window, leftOut);
          return [windowName(each), text] as const;
        })
        .sort(byName),
    ),
  );
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;
