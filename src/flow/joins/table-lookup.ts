// Each tuple of a stream with the row of a small table, which every replica has whole.
// Promises: the table is keyed state, once for each of as many shares of the stream as there may be replicas: so it is recovered, and goes
// with its share to a replica that is new. One replica deals the rows out, so all shares have them in one order. If tuples wait, none
// meets a table that is not complete.
// Relies on: an input without event time does not hold time back, so the table's time is that of the operator where the stream has none;
// the table's stream says no time before its end. Then what has waited comes, by a timer for each: what fails at one fails at no other.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { KEY_GROUPS, keyGroupOf, mix32 } from '../../mailbox/hash.ts';
import { Schema, type Shape, shapeOf, t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { hashes, hashValue } from '../aggregates/hash-value.ts';
import type { OperatorNode } from '../graph.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { flatMap } from '../kinds/flat-map.ts';
import { join as joinKind } from '../kinds/join.ts';
import { map } from '../kinds/map.ts';
import { type CheckedOperator, checkOperator } from '../operator-options.ts';
import { keptFields, type Tuple } from '../timed/kept-fields.ts';
import type { EmitTuple, OwnContext } from '../timed/own-context.ts';
import type { Side } from './sides.ts';

/** The field that says which share a tuple, or a copy of a row, belongs to. */
const SHARE = '$share';

/** Due as soon as time has begun. */
const BEGUN_MS = 1;

/** One stream, and a table beside it. */
export interface TableLookup {
  readonly name: string;
  readonly builder: GraphBuilder;
  /** Its key is what it is looked up by. */
  readonly facts: Side;
  readonly rows: Side;
  readonly output: Shape;
  readonly join: (fact: Tuple, row: Tuple | undefined) => unknown;
  readonly checked: CheckedOperator;
  /** True if tuples wait until the table is complete. */
  readonly waits: boolean;
  readonly isRemoval: ((row: Tuple) => boolean) | undefined;
}

interface Rows<Row> {
  get(...key: unknown[]): Row | undefined;
  upsert(...key: unknown[]): Row;
  delete(...key: unknown[]): boolean;
}

interface Share {
  $next: number;
  $isComplete: boolean;
  readonly $rows: Rows<Tuple>;
  readonly $waiting: Rows<Tuple & { $at: number }>;
}

/** Numbers whose key groups are as far from each other as can be: each replica has as many of the shares as any other. */
function sharesOf(count: number): number[] {
  const wanted = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * KEY_GROUPS) / count));
  return wanted.map((group) => {
    let share = 0;
    while (keyGroupOf(mix32(share)) !== group) share++;
    return share;
  });
}

const withShare = ({ schema }: Side, name: string): Schema =>
  Schema.of({ ...shapeOf(schema.fields), [SHARE]: t.u32() }, `operator '${name}'`);

/** Makes a tuple with a share besides. */
const shareWriter = (name: string, { schema }: Side): ((tuple: Tuple, share: number) => Tuple) =>
  generate(
    `${name}/share`,
    {},
    `return (tuple, share) => ({ ${schema.names.map((field) => `${field}: tuple.${field}`).join(', ')}, ${SHARE}: share });`,
  );

/**
 * Adds the operators of a look-up in a table.
 * @throws MillraceError BAD_FLOW if the table has event time and tuples wait for its end; BAD_SCHEMA
 */
export function addTableLookup(lookup: TableLookup): OperatorNode {
  const { name, builder, facts, rows, output, checked, waits } = lookup;
  if (waits && rows.time !== undefined)
    throw errors.badFlow(
      builder.name,
      `the table of operator '${name}' has event time, and would be looked at before it is complete: give it none, or { wait: false }`,
    );
  const shares = sharesOf(checked.replicas.max);
  const copiesName = `${name}-copies`;
  const spreadName = `${name}-spread`;
  const rowWith = shareWriter(copiesName, rows);
  const copies = builder.operator(
    copiesName,
    flatMap,
    [
      rows.input((row: Tuple, emit: EmitTuple) => {
        for (const share of shares) emit(rowWith(row, share));
      }),
    ],
    [
      {
        name: copiesName,
        schema: withShare(rows, copiesName),
        time: waits ? { allowedLatenessMs: 0 } : undefined,
      },
    ],
    // In an actor of its own there is one of it: run in those of a source it would be as many.
    checkOperator(copiesName, { fuse: false }),
    { partOf: name },
  );
  const factWith = shareWriter(spreadName, facts);
  const fields = facts.schema.fields.filter(({ codec }) => codec.key !== undefined).map((field) => field.name);
  const shareOf = (tuple: Tuple): number => {
    let hash = 0;
    for (const field of fields) {
      hashValue(tuple[field]);
      hash = mix32(Math.imul(hash, 0x9e3779b1) ^ hashes[0]);
    }
    return shares[(hash >>> 0) % shares.length];
  };
  const spread = builder.operator(
    spreadName,
    map,
    [facts.input((tuple: Tuple) => factWith(tuple, shareOf(tuple)))],
    [{ name: spreadName, schema: withShare(facts, spreadName) }],
    checkOperator(spreadName, {}),
    { partOf: name },
  );
  const { state, tables, left, right, onTimer } = shareClosures(lookup);
  const inputs = [spread, copies].map((node, i) => ({
    name: i === 0 ? 'left' : 'right',
    from: [{ operator: node.id, output: 0 }],
    schema: node.outputs[0].schema,
    key: [SHARE],
    isUnordered: false,
    time: node.outputs[0].time,
    closure: i === 0 ? left : right,
  }));
  const outputs = [{ name, schema: Schema.of(output, `operator '${name}'`), time: facts.time }];
  return builder.operator(name, joinKind, inputs, outputs, checked, { state, tables, onTimer, isInEventTime: waits });
}

function shareClosures({ name, facts, rows, join, waits, isRemoval }: TableLookup) {
  const rowFields = keptFields(name, rows.schema, rows.key, facts.key);
  // A fact is kept whole: its share is no field of its own.
  const factFields = keptFields(name, facts.schema, []);
  const { hasNullKey } = keptFields(name, facts.schema, facts.key);
  const keyed = ({ schema, key }: Side): Shape =>
    Object.fromEntries(key.map((field) => [field, schema.fields[schema.indexOf(field)].declared]));
  const keyOf = (tuple: Tuple, key: readonly string[]): unknown[] => key.map((field) => tuple[field]);

  const meet = (fact: Tuple, state: Share, emit: EmitTuple): void => {
    const row = hasNullKey(fact) ? undefined : state.$rows.get(...keyOf(fact, facts.key));
    const joined = join(fact, row && rowFields.tupleOfOther(row, fact));
    if (joined !== undefined) emit(joined);
  };

  return {
    state: { $next: t.u32(), $isComplete: t.bool() },
    tables: {
      $rows: table(keyed(rows), Object.keys(rowFields.row).length === 0 ? { $isThere: t.bool() } : rowFields.row),
      $waiting: table({ $nth: t.u32() }, { $at: t.f64(), ...factFields.row }),
    },
    left(fact: Tuple, state: Share, emit: EmitTuple, { time, timers }: OwnContext): void {
      if (!waits || state.$isComplete) {
        meet(factFields.tupleOf(fact, fact), state, emit);
        return;
      }
      const nth = state.$next;
      state.$next = (nth + 1) >>> 0;
      const waiting = state.$waiting.upsert(nth);
      waiting.$at = time;
      factFields.store(waiting, fact);
      timers.at(BEGUN_MS, String(nth));
    },
    right(row: Tuple, state: Share): void {
      if (rowFields.hasNullKey(row)) return;
      const key = keyOf(row, rows.key);
      if (isRemoval?.(row) === true) state.$rows.delete(...key);
      else rowFields.store(state.$rows.upsert(...key), row);
    },
    onTimer: waits
      ? (_key: Tuple, state: Share, emit: EmitTuple, context: OwnContext): void => {
          const nth = Number(context.timer.name);
          const waiting = state.$waiting.get(nth);
          if (!state.$isComplete) state.$isComplete = true;
          if (waiting === undefined) return;
          const fact = factFields.tupleOf(waiting, waiting);
          context.setTime(waiting.$at);
          state.$waiting.delete(nth);
          meet(fact, state, emit);
        }
      : undefined,
  };
}
