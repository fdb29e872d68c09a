// Windows of which aggregates are kept.
// Promises: what is kept of a window is merged of its panes as parts of an aggregate are, so cutting does not show.

import { constantsOf } from '../../mailbox/columns/codec.ts';
import { Schema, type SchemaField, t } from '../../mailbox/schema.ts';
import { type TableDefinition, table } from '../../state/rows/row-layout.ts';
import type { AggregateCode, Slots } from '../aggregates/aggregate.ts';
import { partsOf } from '../aggregates/aggregation.ts';
import { type KeptAggregate, partName, singleCode } from '../aggregates/combiner.ts';
import { SLICE, type WindowContent } from './content.ts';
import { PLACE, SpreadValues, STRETCH } from './spread-values.ts';
import { WindowValues } from './window-values.ts';

/** Different values by slice or stretch, for an aggregate that keeps a table. */
const valuesTable = ({ table: own }: AggregateCode, isDisjoint: boolean): TableDefinition[] => {
  if (own === undefined) return [];
  return isDisjoint
    ? [table({ [SLICE]: t.f64(), ...own.key }, own.row)]
    : [table({ [STRETCH]: t.f64(), ...own.key }, { [PLACE]: t.f64(), ...own.row })];
};

/** A call that selects of a table of values those of a place, or of a window. */
type Select = (values: string) => string;

/**
 * @param stretch how far from each other tuples are of the same windows, if windows share tuples or may become one; undefined if each
 * tuple is in one window, which its slice is
 * @param hasBounds true if results say when their windows start and end
 */
export function aggregateContent(
  operator: string,
  keys: readonly SchemaField[],
  kept: readonly KeptAggregate[],
  stretch: number | undefined,
  hasBounds: boolean,
): WindowContent {
  const isDisjoint = stretch === undefined;
  /** @param select of a table of values, those of a place or a window: where they are kept by stretches */
  const slots =
    (pane: string, select?: Select) =>
    (a: number): Slots =>
    (part = '') => {
      const { name, code } = kept[a];
      if (code.table === undefined) return `${pane}.${partName(name, part)}`;
      return isDisjoint || select === undefined
        ? `values${a}.of(state.${name}, ${pane})`
        : `values${a}.${select(`state.${name}`)}`;
    };
  const one = singleCode(kept, (field) => (field === undefined ? 'tuple' : `tuple.${field}`));
  const arrived =
    (a: number): Slots =>
    (part = '') =>
      `tuple.${partName(kept[a].name, part)}`;
  const mergeCode = (pane: string, other: (a: number) => Slots, select?: Select): string =>
    kept
      // What is kept by stretches is not moved when panes are joined.
      .map(({ code }, a) =>
        code.table === undefined || isDisjoint || select !== undefined
          ? code.merge(slots(pane, select)(a), other(a))
          : '',
      )
      .join('\n');
  const atPlace =
    (place: string): Select =>
    (values) =>
      `at(${values}, ${place})`;
  const tabled = kept.flatMap(({ name, code }, a) => (code.table === undefined ? [] : [{ name, code, a }]));
  // Of an aggregate that keeps a table, how many rows it has there.
  const sizes = isDisjoint ? tabled.map(({ name }) => [name, t.u32()] as const) : [];
  const pane = { ...partsOf(kept, true), ...Object.fromEntries(sizes) };
  const { fields } = Schema.of(pane, `operator '${operator}'`);
  return {
    isJoined: tabled.length === 0,
    pane,
    state: {},
    tables: Object.fromEntries(
      tabled.flatMap(({ name, code }) => valuesTable(code, isDisjoint).map((each) => [name, each])),
    ),
    add: (into, place) => `${one.code}\n${mergeCode(into, one.travelling, atPlace(place))}`,
    merge: (into, place) => mergeCode(into, arrived, atPlace(place)),
    join: (into, other) => mergeCode(into, slots(other)),
    clear: (of) => fields.map(({ name, codec }, i) => `${of}.${name} = ${codec.zero(i)};`).join(' '),
    empty: `{ ${fields.map(({ name, codec }, i) => `${name}: ${codec.zero(i)}`).join(', ')} }`,
    give: (of, start, end) => {
      const results = [
        ...keys.map(({ name }) => `${name}: key.${name}`),
        ...(hasBounds ? [`windowStart: ${start}`, `windowEnd: ${end}`] : []),
        ...kept.map(
          ({ name, code }, a) =>
            `${name}: ${code.value(slots(of, (values) => `within(${values}, ${start}, ${end})`)(a))}`,
        ),
      ];
      return `emit({ ${results.join(', ')} });`;
    },
    release: (start, end) =>
      tabled.map(({ name, a }) => `values${a}.remove(state.${name}, ${start}, ${end});`).join(' '),
    constants: {
      ...constantsOf(fields, operator),
      ...Object.assign({}, ...kept.map(({ code }) => code.constants)),
      ...Object.fromEntries(
        tabled.map(({ name, a }) => [
          `values${a}`,
          stretch === undefined ? new WindowValues(name) : new SpreadValues(stretch),
        ]),
      ),
    },
  };
}
