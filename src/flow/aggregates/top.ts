// The tuples of a key with the greatest, or least, values of a field.
// Promises: rows with equal values are ordered by their further fields, in the order in which these are named: what is kept does not
// depend on what came first.

import { t } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { choice, integer, value } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { type Aggregate, type AggregatePlace, type Ordered, refuseField, UNORDERED, valueType } from './aggregate.ts';
import { compare } from './order.ts';

const ROWS_MAX = 10_000;

const isNames = (given: unknown): given is readonly string[] =>
  Array.isArray(given) && given.every((name) => typeof name === 'string');

export const TOP_OPTIONS = {
  /** Whether the greatest values are kept, or the least: 'greatest' or 'least'. Default: `greatest`. See docs/aggregates.md. */
  keep: choice(['greatest', 'least'] as const, {
    help: 'whether the greatest values are kept, or the least',
    default: 'greatest',
    page: 'aggregates.md',
  }),
  /** Further fields of the tuples that are kept: an array of field names. Default: `[]`. See docs/aggregates.md. */
  with: value('an array of field names', isNames, {
    help: 'further fields of the tuples that are kept',
    default: [],
    defaultText: '`[]`',
    page: 'aggregates.md',
  }),
};

/** Options of `topN`. */
export interface TopOptions<Name extends string = string> extends Given<Omit<typeof TOP_OPTIONS, 'with'>> {
  /** Further fields of the tuples that are kept: an array of field names. Default: `[]`. */
  with?: readonly Name[];
}

/** The result is an array of rows of the aggregate's fields. */
export interface RowsResult {
  readonly rows: true;
}

type Row = Readonly<Record<string, unknown>>;
type Order = (a: Row, b: Row) => number;

/** Rows in order, at most so many of them. */
class Top {
  private readonly names: readonly string[];
  private readonly order: Order;
  private readonly limit: number;

  constructor(names: readonly string[], order: Order, limit: number) {
    this.names = names;
    this.order = order;
    this.limit = limit;
  }

  private put(rows: Row[], row: Row): void {
    const { order, limit } = this;
    if (rows.length === limit && order(row, rows[limit - 1]) >= 0) return;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(row, rows[middle]) < 0) high = middle;
      else low = middle + 1;
    }
    rows.splice(low, 0, row);
    if (rows.length > limit) rows.pop();
  }

  /** Takes in a tuple; null stands for no rows. */
  add(rows: Row[] | null, tuple: Row): Row[] {
    const kept = rows ?? [];
    const { limit, order, names } = this;
    if (kept.length < limit || order(tuple, kept[limit - 1]) < 0) {
      this.put(kept, Object.fromEntries(names.map((name) => [name, tuple[name]])));
    }
    return kept;
  }

  merge(rows: Row[] | null, others: readonly Row[] | null): Row[] {
    const kept = rows ?? [];
    for (const row of others ?? []) this.put(kept, row);
    return kept;
  }
}

function requireOrder(place: AggregatePlace): void {
  for (const field of place.fields) {
    const { type } = valueType(field);
    if (UNORDERED.has(type)) refuseField(place, 'topN', field, 'fields whose values have an order');
  }
}

/**
 * The `n` tuples of a key with the greatest values of a field, the greatest first, as an array of objects with that field, and those
 * of `with`. Tuples in which the field is null are passed over.
 * @param n an integer from 1 to 10,000
 * @throws MillraceError BAD_OPTION
 */
export function topN<const Name extends string, const With extends string = never>(
  field: Name,
  n: number,
  options: TopOptions<With> = {},
  ...surplus: readonly never[]
): Aggregate<Name | With, Ordered, RowsResult> {
  refuseSurplus('topN(field, n, options)', 3, surplus);
  const { n: limit } = checkOptions('topN()', { n: ROWS }, { n });
  const { keep, with: others } = checkOptions('topN()', TOP_OPTIONS, options);
  const names = [...new Set([field as string, ...others])];
  const sign = keep === 'greatest' ? -1 : 1;
  const order: Order = (a, b) => {
    for (const name of names) {
      const result = compare(a[name], b[name]);
      if (result !== 0) return sign * result;
    }
    return 0;
  };
  return {
    kind: 'topN',
    fields: names as (Name | With)[],
    plan(place) {
      requireOrder(place);
      const top = `top${place.id}`;
      return {
        kept: { '': t.json() },
        result: t.json(),
        add: (slots, given) => `if (${given(field)} !== null) ${slots()} = ${top}.add(${slots()}, ${given()});`,
        merge: (state, other) => `${state()} = ${top}.merge(${state()}, ${other()});`,
        value: (state) => `(${state()} ?? [])`,
        constants: { [top]: new Top(names, order, limit) },
      };
    },
  };
}

const ROWS = integer({ help: 'rows that are kept', from: 1, to: ROWS_MAX, isRequired: true });
