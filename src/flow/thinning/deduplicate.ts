// Leaves out tuples whose key has come a short time before, in event time.
// Promises: a tuple passes unless one of its key has passed whose time is less than `withinMs` from its own, before it or behind it: the
// first to come is the one that stays. What is kept of a key goes when the watermark says that it can leave out no more.
// Relies on: nearly always one tuple of a key counts at a time: the others, which come out of order, are in a table.

import { type Shape, t } from '../../mailbox/schema.ts';
import { type TableDefinition, table } from '../../state/rows/row-layout.ts';
import { dueBefore } from '../timed/due.ts';
import type { Tuple } from '../timed/kept-fields.ts';
import { type EmitTuple, type OwnContext, wakeBy } from '../timed/own-context.ts';
import type { ThinningClosures } from './thinning.ts';

interface More extends Iterable<{ readonly $at: number }> {
  readonly size: number;
  upsert(atMs: number): unknown;
  delete(atMs: number): boolean;
}

interface Kept {
  $hasPassed: boolean;
  /** The time of the one that counts. */
  $at: number;
  readonly $more: More;
}

const STATE: Shape = { $hasPassed: t.bool(), $at: t.f64() };
const TABLES: Readonly<Record<string, TableDefinition>> = { $more: table({ $at: t.f64() }, {}) };

export function deduplicateClosures(withinMs: number, allowedLatenessMs: number): ThinningClosures {
  const goneMs = (atMs: number): number => dueBefore(atMs + withinMs, allowedLatenessMs);

  const isNear = ({ $hasPassed, $at, $more }: Kept, atMs: number): boolean => {
    if (!$hasPassed) return false;
    if (Math.abs($at - atMs) < withinMs) return true;
    if ($more.size > 0) for (const more of $more) if (Math.abs(more.$at - atMs) < withinMs) return true;
    return false;
  };

  return {
    state: STATE,
    tables: TABLES,
    take(tuple: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void {
      const atMs = context.time;
      if (isNear(state, atMs)) return;
      emit(tuple);
      if (state.$hasPassed) state.$more.upsert(atMs);
      else {
        state.$hasPassed = true;
        state.$at = atMs;
      }
      wakeBy(context, goneMs(atMs));
    },
    onTimer(_key: Tuple, state: Kept, _emit: EmitTuple, { untilMs, timers, remove }: OwnContext): void {
      const { $more } = state;
      const times = [state.$at, ...Array.from($more, ({ $at }) => $at)];
      const left = times.filter((atMs) => goneMs(atMs) > untilMs).sort((a, b) => a - b);
      if (left.length === 0) {
        remove();
        return;
      }
      const [first, ...others] = left;
      state.$at = first;
      for (const atMs of times) if (!others.includes(atMs)) $more.delete(atMs);
      for (const atMs of others) $more.upsert(atMs);
      timers.at(goneMs(first));
    },
  };
}
