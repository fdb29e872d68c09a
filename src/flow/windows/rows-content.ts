// Windows of which all tuples are kept, for a closure that gets them together.
// Promises: the closure gets the tuples of a window in the order in which they came to the operator, as objects of its own.

import { refuseResult } from '../../mailbox/deferred.ts';
import { type Schema, type SchemaField, shapeOf, t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import type { WindowContent } from './content.ts';

type Row = Readonly<Record<string, unknown>>;
type Close = (window: unknown, rows: readonly unknown[], emit: unknown) => unknown;

interface RowTable extends Iterable<Row> {
  delete(n: unknown): boolean;
}

/** Where a tuple stands: its number among those of its key, and its event time. */
const NUMBER = '$n';
const TIME = '$at';

/**
 * @param by what the bounds of windows are: times, or numbers of tuples
 * @param close gets each window
 */
export function rowsContent(
  operator: string,
  keys: readonly SchemaField[],
  schema: Schema,
  by: 'time' | 'number',
  close: Close,
): WindowContent {
  const names = schema.fields.map(({ name }) => name);
  const at = by === 'time' ? TIME : NUMBER;
  const isWithin = (row: Row, start: number, end: number): boolean =>
    (row[at] as number) >= start && (row[at] as number) < end;
  const rowsOf = (rows: RowTable, start: number, end: number): unknown[] => {
    const found: { n: number; tuple: unknown }[] = [];
    for (const row of rows) {
      if (!isWithin(row, start, end)) continue;
      found.push({ n: row[NUMBER] as number, tuple: Object.fromEntries(names.map((name) => [name, row[name]])) });
    }
    return found.sort((one, other) => one.n - other.n).map(({ tuple }) => tuple);
  };
  const release = (rows: RowTable, start: number, end: number): void => {
    const gone: unknown[] = [];
    for (const row of rows) if (isWithin(row, start, end)) gone.push(row[NUMBER]);
    for (const n of gone) rows.delete(n);
  };
  const closeWindow: Close = (window, rows, emit) => {
    const result = close(window, rows, emit);
    if (result !== undefined) refuseResult(operator, result);
  };
  const declared = shapeOf(schema.fields);
  return {
    isJoined: false,
    pane: {},
    state: { $count: t.f64() },
    tables: { $rows: table({ [NUMBER]: t.f64() }, { [TIME]: t.f64(), ...declared }) },
    add: () =>
      `{ const row = state.$rows.upsert(state.$count++); row.${TIME} = context.time; ${names.map((name) => `row.${name} = tuple.${name};`).join(' ')} }`,
    merge: undefined,
    join: () => '',
    clear: () => '',
    empty: '{}',
    give: (_, start, end) =>
      `closeWindow({ ${[...keys.map(({ name }) => `${name}: key.${name}`), `start: ${start}`, `end: ${end}`].join(', ')} }, rowsOf(state.$rows, ${start}, ${end}), emit);`,
    release: (start, end) => `release(state.$rows, ${start}, ${end});`,
    constants: { closeWindow, rowsOf, release },
  };
}
