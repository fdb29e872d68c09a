// What window joins come to: for each key all windows that have a tuple, by going through all that there is.

import type { LeftTuple, RightTuple } from './flows/joins.ts';
import type { JoinWindow, WindowPair } from './flows/window-joins.ts';

interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** The windows of the tuples of a key, given their times. */
function windowsOf(window: Exclude<JoinWindow, { by: 'calendar' }>, times: readonly number[]): Bounds[] {
  if (window.by === 'session') {
    const found: { start: number; end: number }[] = [];
    for (const at of [...times].sort((one, other) => one - other)) {
      const last = found.at(-1);
      if (last !== undefined && at < last.end) last.end = at + window.gapMs;
      else found.push({ start: at, end: at + window.gapMs });
    }
    return found;
  }
  const { sizeMs } = window;
  const everyMs = window.by === 'sliding' ? window.everyMs : sizeMs;
  const offsetMs = window.by === 'sliding' ? (window.offsetMs ?? 0) : 0;
  const found = new Map<number, Bounds>();
  for (const at of times) {
    let start = Math.floor((at - offsetMs) / everyMs) * everyMs + offsetMs;
    for (; start + sizeMs > at; start -= everyMs) found.set(start, { start, end: start + sizeMs });
  }
  return [...found.values()];
}

/** What comes out in all of the windows that are over, sorted. Tuples whose key is null come out alone, at once. */
export function windowJoinModel(
  window: Exclude<JoinWindow, { by: 'calendar' }>,
  kind: 'inner' | 'left' | 'full',
  lefts: readonly LeftTuple[],
  rights: readonly RightTuple[],
  isOver: (end: number) => boolean = () => true,
): string[] {
  const rows: WindowPair[] = [];
  const alone = (tuples: readonly WindowPair[], isWanted: boolean): void => void (isWanted && rows.push(...tuples));
  const keys = new Set([...lefts.map(({ key }) => key), ...rights.map(({ ref }) => ref)]);
  for (const key of keys) {
    const ofKey = { lefts: lefts.filter((each) => each.key === key), rights: rights.filter(({ ref }) => ref === key) };
    const groups =
      key === null
        ? [
            ...ofKey.lefts.map((left) => ({ lefts: [left], rights: [] })),
            ...ofKey.rights.map((right) => ({ lefts: [], rights: [right] })),
          ]
        : [ofKey];
    for (const group of groups) {
      for (const { start, end } of windowsOf(
        window,
        [...group.lefts, ...group.rights].map(({ at }) => at),
      )) {
        if (key !== null && !isOver(end)) continue;
        const isIn = ({ at }: { readonly at: number }): boolean => at >= start && at < end;
        const [inLeft, inRight] = [group.lefts.filter(isIn), group.rights.filter(isIn)];
        for (const { id } of inLeft) for (const { text } of inRight) rows.push({ left: id, right: text, start, end });
        if (inRight.length === 0)
          alone(
            inLeft.map(({ id }) => ({ left: id, right: null, start, end })),
            kind !== 'inner',
          );
        if (inLeft.length === 0)
          alone(
            inRight.map(({ text }) => ({ left: null, right: text, start, end })),
            kind === 'full',
          );
      }
    }
  }
  return rows.map(shownPair).sort();
}

export const shownPair = ({ left, right, start, end }: WindowPair): string => `${left} ${right} [${start}, ${end})`;
