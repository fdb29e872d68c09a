// The kinds of options that tables are made of.
// Promises: the rule that an error text states is the one that is checked.

import { checkOptions } from './check.ts';
import {
  type Checked,
  type EntryOf,
  type EntryWords,
  entry,
  type Given,
  type Option,
  type OptionTable,
  ownEntry,
} from './option.ts';

interface NumberWords extends EntryWords<number> {
  readonly from?: number;
  /** Like `from`, and the bound itself is left out. */
  readonly above?: number;
  readonly to?: number;
  /** What the number is: 'milliseconds', 'a share'. */
  readonly unit?: string;
  /** What 0 means, where it is taken though it is below `from`: 'never'. */
  readonly zero?: string;
  /** True if Infinity is taken as well. */
  readonly orInfinity?: true;
}

const BYTES = ['GiB', 'MiB', 'KiB'] as const;

/** 1234567 as 1,234,567; 2097152 bytes as 2 MiB. */
export function numberText(value: number, unit = ''): string {
  if (unit.startsWith('bytes')) {
    const power = BYTES.findIndex((_, index) => value % 1024 ** (3 - index) === 0 && value > 0);
    if (power >= 0) return `${value / 1024 ** (3 - power)} ${BYTES[power]}`;
  }
  // toLocaleString() would load the locales first, for 30 ms, in each thread and in each command.
  const [whole, ...fraction] = String(Math.round(value * 1000) / 1000).split('.');
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...fraction].join('.');
}

function range({ from, above, to }: NumberWords): string {
  const low = above === undefined ? from : above;
  const start = above === undefined ? `from ${low}` : `above ${low}`;
  if (low === undefined) return to === undefined ? '' : ` up to ${to}`;
  if (to === undefined) return above === undefined ? ` ${start} on` : ` ${start}`;
  return above === undefined ? ` ${start} to ${to}` : ` ${start}, at most ${to}`;
}

function numeric<Words extends NumberWords>(words: Words, isInteger: boolean): EntryOf<Words, number> {
  const { from = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, zero, orInfinity } = words;
  const to = words.to ?? (isInteger ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE);
  const unit = words.unit ?? (isInteger ? 'an integer' : 'a number');
  const inRange = `${unit}${range(words)}${orInfinity ? ', or Infinity' : ''}`;
  const rule = zero === undefined ? inRange : `0 for ${zero}, or ${inRange}`;
  const accepts = (value: unknown): boolean => {
    if (typeof value !== 'number') return false;
    if ((zero !== undefined && value === 0) || (orInfinity && value === Number.POSITIVE_INFINITY)) return true;
    return value >= from && value > above && value <= to && (!isInteger || Number.isInteger(value));
  };
  return entry<number, Words>(words, rule, accepts, (value) => numberText(value, unit));
}

/** Takes integers. */
export const integer = <const Words extends NumberWords>(words: Words): EntryOf<Words, number> => numeric(words, true);

/** Takes numbers, and no NaN. */
export const number = <const Words extends NumberWords>(words: Words): EntryOf<Words, number> => numeric(words, false);

/** Takes true and false. */
export const toggle = <const Words extends EntryWords<boolean>>(words: Words): EntryOf<Words, boolean> =>
  entry<boolean, Words>(words, 'true or false', (value) => typeof value === 'boolean');

/** 'a', 'b' or 'c'. */
const listed = (values: readonly string[]): string => {
  const quoted = values.map((value) => `'${value}'`);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
};

/** Takes one of some words. */
export const choice = <const Value extends string, const Words extends EntryWords<NoInfer<Value>>>(
  values: readonly Value[],
  words: Words,
): EntryOf<Words, Value> =>
  entry<Value, Words>(words, listed(values), (value) => (values as readonly unknown[]).includes(value));

/** Takes what a test accepts. */
export const value = <Value, const Words extends EntryWords<NoInfer<Value>>>(
  rule: string,
  accepts: (value: unknown) => value is Value,
  words: Words,
): EntryOf<Words, Value> => entry<Value, Words>(words, rule, accepts);

/** Takes a function. Its type is the caller's to state. */
export const closure = <Value>(words: EntryWords<Value>): Option<Value, Value | undefined> =>
  entry<Value, EntryWords<Value>>(words, 'a function', (given) => typeof given === 'function');

/** What {@link nested} takes besides the table. */
export interface NestedWords extends Omit<EntryWords<never>, 'default' | 'isRequired'> {
  /** What the object is, as error texts state it. */
  readonly rule?: string;
}

/** Takes an object of options. Where it is left out its own defaults hold. */
export const nested = <Table extends OptionTable>(
  table: Table,
  words: NestedWords,
): Option<Given<Table>, Checked<Table>> =>
  ownEntry<Given<Table>, Checked<Table>>({
    defaultText: `\`{ ${Object.entries(table)
      .map(([name, { defaultText }]) => `${name}: ${defaultText.replaceAll('`', '')}`)
      .join(', ')} }\``,
    rule: 'an object',
    ...words,
    within: table,
    read: (given, place) => checkOptions(place.where, table, given, place.name, words.rule),
    absent: (place) => checkOptions(place.where, table, {}, place.name, words.rule),
  });
