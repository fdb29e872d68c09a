// What a keyed, stateful operator is made of: its schemas, and its options.

import type { Ignored } from '../mailbox/deferred.ts';
import type { Shape, TupleOf } from '../mailbox/schema.ts';
import { value } from '../options/kinds.ts';
import type { TableDefinition } from '../state/rows/row-layout.ts';
import type { StateTable } from '../state/rows/state-table.ts';
import type { Timer, Timers } from '../state/timers/timers.ts';
import type { EmitOf, NamedOutputs, NoOutputs, OutputShapes } from './named-outputs.ts';
import type { OperatorOptions } from './operator-options.ts';

export type Tables = Readonly<Record<string, TableDefinition>>;

/** What a process closure gets as its state: a property per field, and a StateTable per table. */
export type StateOf<State extends Shape, SubTables extends Tables> = TupleOf<State> & {
  readonly [Name in keyof SubTables]: SubTables[Name] extends TableDefinition<infer Key, infer Row>
    ? StateTable<Key, Row>
    : never;
};

/** What a closure emits its tuples with; of no use to one whose operator has no output. */
export type Emit<Output extends Shape> = (tuple: keyof Output extends never ? never : TupleOf<Output>) => void;

/** The fourth parameter of a process closure. */
export interface ProcessContext {
  /** Removes the key's row, with its tables, when the closure returns: the key begins anew with its next tuple. */
  remove(): void;
  /** The event time of what is in work, in milliseconds since the epoch; meaningless if the stream has none. */
  readonly time: number;
  /** The key's timers: for an operator with `onTimer`. See docs/timers.md. */
  readonly timers: Timers;
}

/** The fourth parameter of `onTimer`. */
export interface TimerContext extends ProcessContext {
  /** The timer that has come. It is no longer set. */
  readonly timer: Timer;
}

/** What is no schema is found where it is read, with the field's name. */
const isShape = (_given: unknown): _given is Shape => true;
const isOutput = (_given: unknown): _given is Shape | NamedOutputs<OutputShapes> => true;
const isTables = (_given: unknown): _given is Tables => true;

export const PROCESS_SCHEMAS = {
  state: value('an object of fields', isShape, {
    help: 'fields of the one row that each key has; they start as 0, `false`, empty or null',
    page: 'state.md',
  }),
  tables: value('an object of tables', isTables, {
    help: 'tables of rows under each key, made by `table(key, row)`',
    page: 'state.md',
  }),
  output: value('an object of fields, or what outputs() gives', isOutput, {
    help: 'the tuples that it emits; without it the operator is a sink',
    page: 'schemas.md',
  }),
};

/** The schemas of a keyed, stateful operator. */
export interface ProcessSchemas<
  State extends Shape,
  SubTables extends Tables,
  Output extends Shape,
  Outputs extends OutputShapes = NoOutputs,
> {
  /** Fields of the one row that each key has. They start as 0, '', false, empty bytes or null. */
  state?: State;
  /** Tables of rows under each key. See `table()`. */
  tables?: SubTables;
  /** The tuples it emits, or several outputs of `outputs()`. Without it the operator is a sink. */
  output?: Output | NamedOutputs<Outputs>;
}

/** Options of a keyed, stateful operator. */
export interface ProcessOptions<
  Input extends Shape,
  Key extends keyof Input,
  State extends Shape,
  SubTables extends Tables,
  Output extends Shape,
  Outputs extends OutputShapes = NoOutputs,
> extends OperatorOptions {
  /** Called once for each key when the input has ended, to emit final results. */
  end?: (key: TupleOf<Pick<Input, Key>>, state: StateOf<State, SubTables>, emit: EmitOf<Output, Outputs>) => Ignored;
  /**
   * Whether timers go by the event time of the stream, or by the clock; by the clock what the operator emits has no event time: 'event'
   * or 'processing'. Default: `event` if the stream has event time, else `processing`. See docs/timers.md.
   */
  timers?: 'event' | 'processing';
  /**
   * Removes the row of a key that is not heard of for so long, by the time that timers go by: milliseconds above 0. Default: rows stay.
   * See docs/state.md#time-to-live.
   */
  ttlMs?: number;
  /** Called when a timer of a key is due: one that a closure has set by `context.timers`. See docs/timers.md. */
  onTimer?: (
    key: TupleOf<Pick<Input, Key>>,
    state: StateOf<State, SubTables>,
    emit: EmitOf<Output, Outputs>,
    context: TimerContext,
  ) => Ignored;
}
