// What joins come to, by two nested loops over all that there is.

import type { LeftTuple, Pair, RightTuple } from './flows/joins.ts';

interface Model {
  readonly pairs: Pair[];
  /** Those that come out alone, with the tuple's time. */
  readonly lefts: LeftTuple[];
  readonly rights: RightTuple[];
}

/** All pairs that are mates, and the tuples without any. Null is like no key. */
export function joinModel(
  lefts: readonly LeftTuple[],
  rights: readonly RightTuple[],
  isMate: (left: LeftTuple, right: RightTuple) => boolean,
): Model {
  const areMates = (left: LeftTuple, right: RightTuple): boolean =>
    left.key !== null && left.key === right.ref && isMate(left, right);
  return {
    pairs: lefts.flatMap((left) =>
      rights.flatMap((right) => (areMates(left, right) ? [{ left: left.id, right: right.text }] : [])),
    ),
    lefts: lefts.filter((left) => !rights.some((right) => areMates(left, right))),
    rights: rights.filter((right) => !lefts.some((left) => areMates(left, right))),
  };
}

export const intervalMates =
  (fromMs: number, toMs: number) =>
  (left: LeftTuple, right: RightTuple): boolean =>
    left.at + fromMs <= right.at && right.at < left.at + toMs;

export const windowMates =
  (sizeMs: number) =>
  (left: LeftTuple, right: RightTuple): boolean =>
    Math.floor(left.at / sizeMs) === Math.floor(right.at / sizeMs);

/** What comes out in all, sorted. */
export const rowsOf = ({ pairs, lefts, rights }: Model, kind: 'inner' | 'left' | 'full'): string[] =>
  [
    ...pairs,
    ...(kind === 'inner' ? [] : lefts.map(({ id }) => ({ left: id, right: null }))),
    ...(kind === 'full' ? rights.map(({ text }) => ({ left: null, right: text })) : []),
  ]
    .map(shown)
    .sort();

export const shown = ({ left, right }: Pair): string => `${left} ${right}`;
