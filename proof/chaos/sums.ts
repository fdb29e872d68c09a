// The oracle of the aggregate: computes from the numbers of its source's tuples what each key's results must be at the end.
// Promises: a tuple that is lost, doubled or added to another key is found, whatever it was combined with: sums are exact, and each key
// tells how many tuples it had of each partition.
// Relies on: a partition gives its tuples in order and leaves none out, so that their number tells which they were.

import { isDeepStrictEqual } from 'node:util';
import type { Violations } from './oracle.ts';

/** Partitions of the source; keys share all of them, since their numbers have no divisor in common. */
export const SUM_PARTITIONS = 6;
const SUM_KEYS = 499;
/** Different values of `sort`. */
const SORTS = 13;
/** Tuples that each key keeps as a list. */
export const SUM_TOP = 2;

export interface Summand {
  readonly key: string;
  readonly id: number;
  readonly sort: number;
  /** Any 32 bits: no two mistakes cancel in their sum. */
  readonly weight: number;
}

export interface SumRow {
  readonly key: string;
  readonly tuples: number;
  readonly weights: number;
  readonly exact: bigint;
  readonly least: number;
  readonly greatest: number;
  readonly sorts: number;
  readonly top: readonly { readonly id: number }[];
  /** Tuples of each partition. */
  readonly made: readonly number[];
}

const keyOfSummand = (id: number): string => `sum-${id % SUM_KEYS}`;
const weightOf = (id: number): number => Math.imul(id + 1, 0x9e3779b1) >>> 0;
export const summand = (id: number): Summand => ({
  key: keyOfSummand(id),
  id,
  sort: Math.floor(id / SUM_KEYS) % SORTS,
  weight: weightOf(id),
});

interface Expected {
  tuples: number;
  weights: number;
  least: number;
  readonly sorts: Set<number>;
  /** In the order of their numbers. */
  readonly last: number[];
  readonly made: number[];
}

export class SumOracle {
  /** Rows of results that have come, and the tuples that were to be in them. */
  seen = 0;
  summands = 0;
  private readonly rows = new Map<string, SumRow>();
  private readonly violations: Violations;
  private readonly changes: boolean;

  /** @param changes true if a key's results come each time that they have changed */
  constructor(violations: Violations, changes: boolean) {
    this.violations = violations;
    this.changes = changes;
  }

  see(row: SumRow): void {
    this.seen++;
    const before = this.rows.get(row.key);
    if (before !== undefined && !this.changes) this.violate('doubled', `the results of '${row.key}' came twice`);
    if (before !== undefined && before.tuples >= row.tuples)
      this.violate('reordered', `'${row.key}' has ${row.tuples} tuples after ${before.tuples}`);
    this.rows.set(row.key, row);
  }

  /**
   * The end.
   * @param madeByAll how many tuples the source has given in all
   * @param dead the numbers of those that have become dead letters
   */
  finish(madeByAll: number, dead: readonly number[]): void {
    const made = new Array<number>(SUM_PARTITIONS).fill(0);
    for (const row of this.rows.values()) for (const [partition, count] of row.made.entries()) made[partition] += count;
    for (const id of dead) made[id % SUM_PARTITIONS]++;
    this.summands = madeByAll - dead.length;
    const sum = made.reduce((total, count) => total + count, 0);
    if (sum !== madeByAll)
      this.violate(sum < madeByAll ? 'lost' : 'doubled', `the keys have ${sum} of ${madeByAll} tuples`);
    const expected = this.expected(made, new Set(dead));
    for (const key of new Set([...expected.keys(), ...this.rows.keys()]))
      this.compare(key, this.rows.get(key), expected.get(key));
  }

  private expected(made: readonly number[], dead: ReadonlySet<number>): Map<string, Expected> {
    const keys = new Map<string, Expected>();
    for (let turn = 0; turn < Math.max(...made); turn++) {
      for (let partition = 0; partition < SUM_PARTITIONS; partition++) {
        const id = turn * SUM_PARTITIONS + partition;
        if (turn >= made[partition] || dead.has(id)) continue;
        const { key, sort, weight } = summand(id);
        let of = keys.get(key);
        if (of === undefined) {
          of = {
            tuples: 0,
            weights: 0,
            least: id,
            sorts: new Set(),
            last: [],
            made: new Array<number>(SUM_PARTITIONS).fill(0),
          };
          keys.set(key, of);
        }
        of.tuples++;
        of.weights += weight;
        of.sorts.add(sort);
        of.last.push(id);
        if (of.last.length > SUM_TOP) of.last.shift();
        of.made[partition]++;
      }
    }
    return keys;
  }

  private compare(key: string, row: SumRow | undefined, expected: Expected | undefined): void {
    if (row === undefined || expected === undefined) {
      this.violate(row === undefined ? 'lost' : 'other', `results of '${key}' ${row ? 'came' : 'did not come'}`);
      return;
    }
    const { tuples, weights, least, sorts, last, made } = expected;
    const wanted: SumRow = {
      key,
      tuples,
      weights,
      exact: BigInt(weights),
      least,
      greatest: last[last.length - 1],
      sorts: sorts.size,
      top: last.map((id) => ({ id })).reverse(),
      made,
    };
    for (const name of Object.keys(wanted) as (keyof SumRow)[]) {
      if (isDeepStrictEqual(row[name], wanted[name])) continue;
      this.violate('wrongState', `'${key}' has ${name} ${show(row[name])} instead of ${show(wanted[name])}`);
      return;
    }
  }

  private violate(kind: 'lost' | 'doubled' | 'reordered' | 'wrongState' | 'other', text: string): void {
    this.violations.add(kind, `sums: ${text}`);
  }
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));
