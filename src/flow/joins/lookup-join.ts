// Each tuple of a stream with the latest row of a changelog for its key.
// Promises: by default the latest is what has come before the tuple. As of a time it is the last change whose time is not after the
// tuple's own, and the tuple waits until the watermark says that all of these have come; of two changes at one time it is the one
// that came last. Rows are kept until the watermark says that no tuple needs them, the latest one for as long as it is that.
// Relies on: a waiting tuple has a timer with a name of its own, so a closure that fails at one fails at that one only.

import { type Shape, t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { LATEST_MS } from '../event-time.ts';
import { dueUpTo } from '../timed/due.ts';
import { keptFields, type Tuple } from '../timed/kept-fields.ts';
import { type EmitTuple, type OwnContext, wakeBy } from '../timed/own-context.ts';
import type { JoinClosures } from './join-closures.ts';
import { latenessOf, type Side } from './sides.ts';

type JoinWithLatest = (fact: Tuple, latest: Tuple | undefined) => unknown;
type IsRemoval = ((change: Tuple) => boolean) | undefined;

/** Puts out what the closure has made, if it has made anything. */
function put(emit: EmitTuple, row: unknown): void {
  if (row !== undefined) emit(row);
}

/** The latest is what has come last. */
export function latestClosures(
  operator: string,
  facts: Side,
  changes: Side,
  join: JoinWithLatest,
  isRemoval: IsRemoval,
): Omit<JoinClosures, 'onTimer'> {
  const { row, store, tupleOfOther, hasNullKey } = keptFields(
    operator,
    changes.schema,
    changes.key,
    facts.key,
    'latest_',
  );
  const { hasNullKey: isFactWithout } = keptFields(operator, facts.schema, facts.key);
  const state: Shape = { $hasLatest: t.bool(), ...row };
  return {
    state,
    tables: {},
    left(fact: Tuple, kept: Tuple, emit: EmitTuple, { remove }: OwnContext): void {
      const latest = kept.$hasLatest === true && !isFactWithout(fact) ? tupleOfOther(kept, fact) : undefined;
      if (latest === undefined) remove();
      put(emit, join(fact, latest));
    },
    right(change: Tuple, kept: Tuple, _emit: EmitTuple, { remove }: OwnContext): void {
      if (hasNullKey(change) || isRemoval?.(change) === true) remove();
      else {
        kept.$hasLatest = true;
        store(kept, change);
      }
    },
  };
}

interface Version extends Tuple {
  readonly $at: number;
  $isRemoval: boolean;
}

interface Waiting extends Tuple {
  readonly $nth: number;
  $at: number;
}

interface Rows<Row> extends Iterable<Row> {
  readonly size: number;
  get(key: number): Row | undefined;
  upsert(key: number): Row;
  delete(key: number): boolean;
}

interface KeptAsOf {
  $next: number;
  readonly $versions: Rows<Version>;
  readonly $facts: Rows<Waiting>;
}

/** The latest is what was valid at the tuple's time. */
export function asOfClosures(
  operator: string,
  facts: Side,
  changes: Side,
  join: JoinWithLatest,
  isRemoval: IsRemoval,
): JoinClosures {
  const lateness = latenessOf(operator, "a lookup join with 'asOf'", facts, changes);
  const factFields = keptFields(operator, facts.schema, facts.key);
  const changeFields = keptFields(operator, changes.schema, changes.key, facts.key);
  const factDueMs = (atMs: number): number => dueUpTo(atMs, lateness.right);

  const versionAt = (versions: Rows<Version>, atMs: number): Version | undefined => {
    let found: Version | undefined;
    for (const version of versions)
      if (version.$at <= atMs && (found === undefined || version.$at > found.$at)) found = version;
    return found;
  };

  /** Forgets the versions that no tuple can need, now that the watermark has come so far. */
  const forget = ({ $versions, $facts }: KeptAsOf, { untilMs, timers, remove }: OwnContext): void => {
    let waiting = Number.POSITIVE_INFINITY;
    for (const { $at } of $facts) waiting = Math.min(waiting, $at);
    const earliest = Math.min(untilMs - lateness.left, waiting);
    const valid = versionAt($versions, earliest);
    const gone: number[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const { $at } of $versions) {
      if (valid !== undefined && $at < valid.$at) gone.push($at);
      else if ($at > earliest) next = Math.min(next, $at);
    }
    if (valid?.$isRemoval === true) gone.push(valid.$at);
    for (const at of gone) $versions.delete(at);
    if ($versions.size + $facts.size === 0) remove();
    else if (next < Number.POSITIVE_INFINITY && untilMs < LATEST_MS) {
      const factMs = waiting < Number.POSITIVE_INFINITY ? factDueMs(waiting) : untilMs;
      timers.at(Math.max(untilMs + 1, factMs, dueUpTo(next, lateness.left)));
    }
  };

  return {
    state: { $next: t.u32() },
    tables: {
      $versions: table({ $at: t.f64() }, { $isRemoval: t.bool(), ...changeFields.row }),
      $facts: table({ $nth: t.u32() }, { $at: t.f64(), ...factFields.row }),
    },
    left(fact: Tuple, state: KeptAsOf, emit: EmitTuple, context: OwnContext): void {
      if (factFields.hasNullKey(fact)) {
        put(emit, join(fact, undefined));
        context.remove();
        return;
      }
      const nth = state.$next;
      state.$next = (nth + 1) >>> 0;
      const row = state.$facts.upsert(nth);
      row.$at = context.time;
      factFields.store(row, fact);
      context.timers.at(factDueMs(context.time), String(nth));
    },
    right(change: Tuple, state: KeptAsOf, _emit: EmitTuple, context: OwnContext): void {
      if (changeFields.hasNullKey(change)) {
        context.remove();
        return;
      }
      const version = state.$versions.upsert(context.time);
      version.$isRemoval = isRemoval?.(change) === true;
      changeFields.store(version, change);
      if (state.$versions.size > 1 || version.$isRemoval) wakeBy(context, dueUpTo(context.time, lateness.left));
    },
    onTimer(key: Tuple, state: KeptAsOf, emit: EmitTuple, context: OwnContext): void {
      const { name } = context.timer;
      if (name === '') {
        forget(state, context);
        return;
      }
      const fact = state.$facts.get(Number(name));
      if (fact === undefined) return;
      const version = versionAt(state.$versions, fact.$at);
      const latest = version === undefined || version.$isRemoval ? undefined : changeFields.tupleOfOther(version, key);
      context.setTime(fact.$at);
      put(emit, join(factFields.tupleOf(fact, key), latest));
      state.$facts.delete(Number(name));
      if (state.$versions.size + state.$facts.size === 0) context.remove();
    },
  };
}
