// The values of a field as a list.
// Promises: parts of one writer are merged in their order; between writers there is none.

import { t } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { integer } from '../../options/kinds.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { Aggregate } from './aggregate.ts';

const LIMIT = integer({ help: 'values that are kept', from: 1, to: 65_536, isRequired: true });

/** The result is an array of the field's values. */
export interface ListResult {
  readonly list: true;
}

/**
 * The first `limit` values of a field, null included, in the order in which they come, as an array. Those of several writers have
 * no order.
 * @param limit an integer from 1 to 65,536; all values of a key together must fit half a ring (`ringBytes`)
 * @throws MillraceError BAD_OPTION
 */
export function collect<const Name extends string>(
  field: Name,
  limit: number,
  ...surplus: readonly never[]
): Aggregate<Name, unknown, ListResult> {
  refuseSurplus('collect(field, limit)', 2, surplus);
  const checked = checkOptions('collect()', { limit: LIMIT }, { limit });
  const add = (list: unknown[] | null, value: unknown): unknown[] => {
    if (list === null) return [value];
    if (list.length < checked.limit) list.push(value);
    return list;
  };
  const merge = (list: unknown[] | null, others: readonly unknown[] | null): unknown[] => [
    ...(list ?? []),
    ...(others ?? []).slice(0, checked.limit - (list?.length ?? 0)),
  ];
  return {
    kind: 'collect',
    fields: [field],
    plan: ({ id }) => ({
      kept: { '': t.json() },
      result: t.json(),
      add: (slots, given) => `${slots()} = listAdd${id}(${slots()}, ${given(field)});`,
      merge: (state, other) => `${state()} = listMerge${id}(${state()}, ${other()});`,
      value: (state) => `(${state()} ?? [])`,
      constants: { [`listAdd${id}`]: add, [`listMerge${id}`]: merge },
    }),
  };
}
