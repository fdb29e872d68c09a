// The different values of windows that do not overlap, for an aggregate that keeps them in a table: one table of the key has those of
// all of its windows.
// Relies on: the key of the table is the start of the window, and `value`; rows of a window say in the aggregate's own field how many values the window has.

import type { Shape } from '../../mailbox/schema.ts';
import type { StateTable } from '../../state/rows/state-table.ts';
import { SLICE } from './content.ts';

/** Rows of a table whose key is the window and a value, as the generated code has them. */
interface Table extends Pick<StateTable<Shape, Shape>, 'size'>, Iterable<Readonly<Record<string, unknown>>> {
  upsert(start: unknown, value: unknown): unknown;
  delete(start: unknown, value: unknown): boolean;
}

export class WindowValues {
  private readonly name: string;
  private values: Table | undefined;
  private window: Record<string, unknown> = {};

  /** @param name of the aggregate */
  constructor(name: string) {
    this.name = name;
  }

  /** Those of one window, until the next call. */
  of(values: Table, window: Record<string, unknown>): this {
    this.values = values;
    this.window = window;
    return this;
  }

  upsert(value: unknown): void {
    const { values, window, name } = this;
    if (values === undefined) return;
    const before = values.size;
    values.upsert(window[SLICE], value);
    if (values.size > before) window[name] = this.size + 1;
  }

  get size(): number {
    return this.window[this.name] as number;
  }

  /** Removes the values of a window. */
  remove(values: Table, start: number): void {
    const gone: unknown[] = [];
    for (const row of values) if (row[SLICE] === start) gone.push(row.value);
    for (const value of gone) values.delete(start, value);
  }
}
