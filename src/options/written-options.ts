// What to write where an options object was expected and something else was given: `{ sizeMs: 60000 }` for 60000.
// Promises: what is written would be taken, but for the values that only its writer knows, which stand as `…`.

import { show } from '../errors/show.ts';
import { MillraceError } from '../errors.ts';
import type { OptionPlace, OptionTable } from './option.ts';

/** Options that are named where none of them is required. */
const NAMES_MAX = 2;

type Entry = OptionTable[string];

function isTaken(entry: Entry, value: unknown, place: OptionPlace): boolean {
  try {
    entry.read(value, place);
    return true;
  } catch (error) {
    if (error instanceof MillraceError) return false;
    throw error;
  }
}

function isRequired(entry: Entry, place: OptionPlace): boolean {
  try {
    entry.absent(place);
    return false;
  } catch (error) {
    if (error instanceof MillraceError) return true;
    throw error;
  }
}

/** @returns undefined where the table has no option */
export function writtenOptions(where: string, table: OptionTable, given: unknown): string | undefined {
  const entries = Object.entries(table);
  const required = entries.filter(([name, entry]) => isRequired(entry, { where, name }));
  const isBare = given !== undefined && given !== null && typeof given !== 'object';
  const taker = isBare
    ? [...required, ...entries].find(([name, entry]) => isTaken(entry, given, { where, name }))?.[0]
    : undefined;
  const needed = required.map(([name]) => name);
  const names = taker === undefined || needed.includes(taker) ? needed : [taker, ...needed];
  const shown = names.length > 0 ? names : entries.slice(0, NAMES_MAX).map(([name]) => name);
  if (shown.length === 0) return undefined;
  return `{ ${shown.map((name) => `${name}: ${name === taker ? show(given) : '…'}`).join(', ')} }`;
}
