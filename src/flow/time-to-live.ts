// State that goes when its key is not heard of: a timer of the key removes the row.
// Promises: a row expires `ttlMs` after the latest time of its key's tuples and timers: of event time if the stream has it, else of the
// clock. A tuple that comes then, or later, finds none, whether the timer has come by or not; but a row for which a timer of the app's is
// still to fire does not expire before that: the timer finds what it was set for, and keeps the row alive.
// Relies on: timers are part of the row (state/timers), so expiry is part of a transaction, survives crashes and moves with the row.

import { generate } from '../mailbox/codegen.ts';
import { constantsOf } from '../mailbox/columns/codec.ts';
import { refuseDeferredFunction } from '../mailbox/deferred.ts';
import { Schema, type Shape, t } from '../mailbox/schema.ts';
import { EXPIRY_FIELD } from '../state/rows/row-layout.ts';
import type { Tables, TimerContext } from './keyed-options.ts';
import type { OwnContext } from './timed/own-context.ts';

/** The name of its timer, where the operator has timers of its own. */
const TIMER = '$ttl';

type State = Record<string, unknown>;
// biome-ignore lint/complexity/noBannedTypes: closures of every shape; the typed API in stream.ts guards their use
export type Closure = Function;

/** The parts of a keyed operator that expiry is put around. */
interface Keyed {
  readonly state: Shape;
  readonly tables: Tables;
  readonly closures: readonly Closure[];
  readonly onTimer: Closure | undefined;
}

/** The same parts of an operator whose rows expire. */
export function expiring(operator: string, ttlMs: number, { state, tables, closures, onTimer }: Keyed) {
  const name = onTimer === undefined ? '' : TIMER;
  for (const closure of [...closures, onTimer]) refuseDeferredFunction(operator, closure);
  const reset = resetCode(operator, state, tables);
  // 0 in a row stands for none.
  const touch = (row: State, { timers }: TimerContext, nowMs: number): void => {
    const before = row[EXPIRY_FIELD] as number;
    const due = Math.ceil(nowMs + ttlMs) + 1;
    if (before !== 0 && due <= before) return;
    row[EXPIRY_FIELD] = due;
    timers.at(due, name);
  };
  /** True if a timer of the app's is still to fire. */
  const isAwaited = ({ timers, timersOfKey }: OwnContext): boolean =>
    onTimer !== undefined && timersOfKey() > (timers.due(name) === undefined ? 0 : 1);
  return {
    state: { ...state, [EXPIRY_FIELD]: t.f64() },
    // What is no function is refused as it is.
    closures: closures.map((closure) =>
      typeof closure !== 'function'
        ? closure
        : (tuple: unknown, row: State, emit: unknown, context: OwnContext) => {
            const now = context.timers.now();
            const due = row[EXPIRY_FIELD] as number;
            if (due !== 0 && now >= due - 1 && !isAwaited(context)) {
              reset(row);
              context.expired();
              row[EXPIRY_FIELD] = 0;
            }
            touch(row, context, now);
            return closure(tuple, row, emit, context);
          },
    ),
    onTimer: (key: unknown, row: State, emit: unknown, context: OwnContext) => {
      const { timer } = context;
      if (timer.name === name) {
        // At the end all time has passed: rows are there for `end`. What is awaited sets a new time when it comes, or is taken back.
        const isOver = context.untilMs < Number.POSITIVE_INFINITY && timer.atMs >= (row[EXPIRY_FIELD] as number);
        if (isOver && !isAwaited(context)) {
          context.remove();
          context.expired();
        }
        return undefined;
      }
      touch(row, context, timer.atMs);
      return onTimer?.(key, row, emit, context);
    },
  };
}

/** A function that makes a row one that has just begun. */
function resetCode(operator: string, state: Shape, tables: Tables): (row: State) => void {
  const fields = Object.keys(state).length === 0 ? [] : Schema.of(state, `state of operator '${operator}'`).fields;
  const code = [
    ...fields.map(({ name, codec }, i) => `row.${name} = ${codec.zero(i)};`),
    ...Object.keys(tables).map((name) => `row.${name}.clear();`),
  ];
  return generate(`${operator}/expire`, constantsOf(fields, operator), `return (row) => { ${code.join(' ')} };`);
}
