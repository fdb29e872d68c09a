// The different values of windows that share tuples, or may become one: each is kept once for a short stretch of time or of tuples, no
// longer than what is always of the same windows, and counted when a window is given.
// Relies on: the key of the table is the stretch, and `value`; its rows say where one tuple of the stretch with this value stands.

import type { Shape } from '../../mailbox/schema.ts';
import type { StateTable } from '../../state/rows/state-table.ts';

/** The field of a row that says where it stands. */
export const PLACE = '$place';
/** The key field of the stretch. */
export const STRETCH = '$stretch';

type Row = Readonly<Record<string, unknown>>;

/** Rows of a table whose key is the stretch and a value, as the generated code has them. */
interface Table extends Pick<StateTable<Shape, Shape>, 'size'>, Iterable<Row> {
  upsert(stretch: number, value: unknown): Record<string, unknown>;
  delete(stretch: unknown, value: unknown): boolean;
}

export class SpreadValues {
  private readonly length: number;
  private values: Table | undefined;
  private from = 0;
  private until = 0;

  /** @param length of a stretch */
  constructor(length: number) {
    this.length = length;
  }

  /** Those of where a tuple stands, until the next call. */
  at(values: Table, place: number): this {
    return this.within(values, place, place);
  }

  /** Those of a window, until the next call. */
  within(values: Table, start: number, end: number): this {
    this.values = values;
    this.from = start;
    this.until = end;
    return this;
  }

  upsert(value: unknown): void {
    const { values, from, length } = this;
    if (values !== undefined) values.upsert(Math.floor(from / length), value)[PLACE] = from;
  }

  get size(): number {
    const found = new Set<unknown>();
    for (const { value } of this.rows()) found.add(value instanceof Date ? value.getTime() : value);
    return found.size;
  }

  /** Removes the values of tuples that stand from one place to another. */
  remove(values: Table, start: number, end: number): void {
    const gone = Array.from(this.within(values, start, end).rows(), (row) => [row[STRETCH], row.value] as const);
    for (const [stretch, value] of gone) values.delete(stretch, value);
  }

  private *rows(): Iterable<Row> {
    const { from, until } = this;
    for (const row of this.values ?? []) {
      const place = row[PLACE] as number;
      if (place >= from && place < until) yield row;
    }
  }
}
