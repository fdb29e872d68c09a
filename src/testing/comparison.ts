// What two runs of one operator on the same tuples have in common: everything, or the operator is not repeatable.
// Promises: the first difference, told in words. Rows of a table, and the keys of a state, have no order, so theirs is not
// compared.

import { inspect, isDeepStrictEqual } from 'node:util';
import { show } from '../errors.ts';
import { compare } from '../flow/aggregates/order.ts';
import type { OperatorNode } from '../flow/graph.ts';
import type { Stage } from '../flow/plan.ts';
import type { StateEntry, StateRow } from '../state/rows/state-reader.ts';
import type { DeadLetter } from '../supervisor/job/job-api.ts';

/** What an actor has committed: emitted, written to its sink, given up. */
export interface Outcome {
  /** For each output of its stage. */
  readonly emitted: readonly unknown[][];
  readonly written: unknown[];
  readonly letters: DeadLetter[];
}

export const nothing = ({ outputs }: Stage): Outcome => ({
  emitted: outputs.map(() => []),
  written: [],
  letters: [],
});

/** The lists of an outcome, in one order for all of a stage. */
export const listsOf = ({ emitted, written, letters }: Outcome): readonly unknown[][] => [...emitted, written, letters];

/** A difference, and the facts about it. */
export interface Difference {
  /** Goes on after "operator 'name'". */
  readonly text: string;
  readonly what: 'emitted' | 'written' | 'deadLetters' | 'state' | 'failure';
  /** What the disturbed run has, and what the undisturbed one has; undefined for nothing. */
  readonly disturbed: unknown;
  readonly undisturbed: unknown;
}

/** A text that is equal for equal values only. */
export const textOf = (value: unknown): string =>
  inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: Number.POSITIVE_INFINITY,
    maxStringLength: Number.POSITIVE_INFINITY,
    breakLength: Number.POSITIVE_INFINITY,
    sorted: true,
  });

const inOrder = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item) => ({ item, text: textOf(item) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ item }) => item);

type Words = (disturbed: unknown, undisturbed: unknown) => string;

function listDifference(
  what: Difference['what'],
  disturbed: readonly unknown[],
  undisturbed: readonly unknown[],
  words: Words,
): Difference | undefined {
  for (let i = 0; i < Math.max(disturbed.length, undisturbed.length); i++) {
    if (isDeepStrictEqual(disturbed[i], undisturbed[i])) continue;
    return { what, disturbed: disturbed[i], undisturbed: undisturbed[i], text: words(disturbed[i], undisturbed[i]) };
  }
  return undefined;
}

const tupleWords =
  (past: string, infinitive: string): Words =>
  (disturbed, undisturbed) => {
    if (disturbed === undefined) return `did not ${infinitive} ${show(undisturbed)}`;
    if (undisturbed === undefined) return `${past} ${show(disturbed)} as well`;
    return `${past} ${show(disturbed)} instead of ${show(undisturbed)}`;
  };

/** What a letter says, without its position and stack. */
interface LetterFacts {
  readonly operator: string;
  readonly key: unknown;
  readonly tuple: unknown;
  readonly message: string;
}

const factsOf = ({ operator, key, tuple, error: { message } }: DeadLetter): LetterFacts => {
  return { operator, key, tuple, message };
};

const letterWords: Words = (disturbed, undisturbed) => {
  const at = (letter: unknown): string => {
    const { tuple, key, message } = letter as LetterFacts;
    return `at ${tuple === undefined ? `key ${show(key)}` : show(tuple)} (${message})`;
  };
  if (disturbed === undefined) return `did not fail ${at(undisturbed)}`;
  if (undisturbed === undefined) return `failed ${at(disturbed)}`;
  return `failed ${at(disturbed)} instead of ${at(undisturbed)}`;
};

/** The first one of any output. */
function emittedDifference(
  disturbed: readonly (readonly unknown[])[],
  undisturbed: readonly (readonly unknown[])[],
): Difference | undefined {
  for (const [port, tuples] of disturbed.entries()) {
    const difference = listDifference('emitted', tuples, undisturbed[port], tupleWords('emitted', 'emit'));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/**
 * Compares what a disturbed run has committed with what an undisturbed one has.
 * @param isOrdered false where tuples may come in any order
 */
export function outcomeDifference(
  disturbed: Outcome,
  undisturbed: Outcome,
  isOrdered: boolean,
): Difference | undefined {
  const arrange = isOrdered ? <Item>(items: readonly Item[]) => items : inOrder;
  return (
    listDifference('deadLetters', disturbed.letters.map(factsOf), undisturbed.letters.map(factsOf), letterWords) ??
    emittedDifference(disturbed.emitted.map(arrange), undisturbed.emitted.map(arrange)) ??
    listDifference('written', arrange(disturbed.written), arrange(undisturbed.written), tupleWords('wrote', 'write'))
  );
}

function compareKeys(a: Record<string, unknown>, b: Record<string, unknown>): number {
  for (const name of Object.keys(a)) {
    const order = compare(a[name], b[name]);
    if (order !== 0) return order;
  }
  return 0;
}

/** A row whose tables are in the order of their keys. */
export function arrangedRow({ tables = {} }: OperatorNode, row: StateRow): StateRow {
  for (const name of Object.keys(tables)) (row[name] as StateRow[]).sort(compareKeys);
  return row;
}

/** Rows in the order of their keys. */
export function arrangedRows(node: OperatorNode, rows: readonly StateEntry[]): StateEntry[] {
  return rows
    .map(({ key, value }) => ({ key, value: arrangedRow(node, value) }))
    .sort((a, b) => compareKeys(a.key, b.key));
}

/** Compares states, arranged. */
export function stateDifference(
  disturbed: readonly StateEntry[],
  undisturbed: readonly StateEntry[],
): Difference | undefined {
  const others = new Map(undisturbed.map((entry) => [textOf(entry.key), entry]));
  const told = (row: StateRow | undefined): string => (row === undefined ? 'no state' : `the state ${show(row)}`);
  const differ = (key: unknown, mine: StateRow | undefined, other: StateRow | undefined): Difference | undefined => {
    if (isDeepStrictEqual(mine, other)) return undefined;
    const text = `had ${told(mine)} for key ${show(key)} instead of ${told(other)}`;
    return { what: 'state', disturbed: mine, undisturbed: other, text };
  };
  for (const { key, value } of disturbed) {
    const text = textOf(key);
    const difference = differ(key, value, others.get(text)?.value);
    if (difference !== undefined) return difference;
    others.delete(text);
  }
  for (const { key, value } of others.values()) return differ(key, undefined, value);
  return undefined;
}
