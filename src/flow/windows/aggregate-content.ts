// Windows of which aggregates are kept.
// Promises: what is kept of a window is merged of its panes as parts of an aggregate are, so cutting does not show.

import { errors } from '../../errors.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import { Schema, type SchemaField, t } from '../../mailbox/schema.ts';
import { type TableDefinition, table } from '../../state/rows/row-layout.ts';
import type { AggregateCode, Slots } from '../aggregates/aggregate.ts';
import { partsOf } from '../aggregates/aggregation.ts';
import { type KeptAggregate, partName, singleCode } from '../aggregates/combiner.ts';
import { SLICE, type WindowContent } from './content.ts';
import { WindowValues } from './window-values.ts';

/** Different values by slice, for an aggregate that keeps a table. */
const valuesTable = ({ table: own }: AggregateCode): TableDefinition[] =>
  own === undefined ? [] : [table({ [SLICE]: t.f64(), ...own.key }, own.row)];

/**
 * @param isDisjoint true if each tuple is in one window, which its slice is
 * @param hasBounds true if results say when their windows start and end
 * @throws MillraceError BAD_AGGREGATE
 */
export function aggregateContent(
  operator: string,
  keys: readonly SchemaField[],
  kept: readonly KeptAggregate[],
  isDisjoint: boolean,
  hasBounds: boolean,
): WindowContent {
  for (const { name, code } of kept) {
    if (code.table === undefined || isDisjoint) continue;
    const problem =
      'is kept value by value, which these windows would have to keep several times: use approxDistinct, or tumbling windows';
    throw errors.badAggregate(operator, name, 'distinct', problem);
  }
  const slots =
    (pane: string) =>
    (a: number): Slots =>
    (part = '') => {
      const { name, code } = kept[a];
      return code.table === undefined ? `${pane}.${partName(name, part)}` : `values${a}.of(state.${name}, ${pane})`;
    };
  const one = singleCode(kept, (field) => (field === undefined ? 'tuple' : `tuple.${field}`));
  const arrived =
    (a: number): Slots =>
    (part = '') =>
      `tuple.${partName(kept[a].name, part)}`;
  const mergeCode = (pane: string, other: (a: number) => Slots): string =>
    kept.map(({ code }, a) => code.merge(slots(pane)(a), other(a))).join('\n');
  const tabled = kept.flatMap(({ name, code }, a) => (code.table === undefined ? [] : [{ name, code, a }]));
  // Of an aggregate that keeps a table, how many rows it has there.
  const pane = { ...partsOf(kept, true), ...Object.fromEntries(tabled.map(({ name }) => [name, t.u32()])) };
  const { fields } = Schema.of(pane, `operator '${operator}'`);
  return {
    isJoined: tabled.length === 0,
    pane,
    state: {},
    tables: Object.fromEntries(tabled.flatMap(({ name, code }) => valuesTable(code).map((each) => [name, each]))),
    add: (into) => `${one.code}\n${mergeCode(into, one.travelling)}`,
    merge: (into) => mergeCode(into, arrived),
    join: (into, other) => mergeCode(into, slots(other)),
    clear: (of) => fields.map(({ name, codec }, i) => `${of}.${name} = ${codec.zero(i)};`).join(' '),
    empty: `{ ${fields.map(({ name, codec }, i) => `${name}: ${codec.zero(i)}`).join(', ')} }`,
    give: (of, start, end) => {
      const results = [
        ...keys.map(({ name }) => `${name}: key.${name}`),
        ...(hasBounds ? [`windowStart: ${start}`, `windowEnd: ${end}`] : []),
        ...kept.map(({ name, code }, a) => `${name}: ${code.value(slots(of)(a))}`),
      ];
      return `emit({ ${results.join(', ')} });`;
    },
    release: (start) => tabled.map(({ name, a }) => `values${a}.remove(state.${name}, ${start});`).join(' '),
    constants: {
      ...constantsOf(fields, operator),
      ...Object.assign({}, ...kept.map(({ code }) => code.constants)),
      ...Object.fromEntries(tabled.map(({ name, a }) => [`values${a}`, new WindowValues(name)])),
    },
  };
}
