// What to write where an options object was expected and something else was given: `{ sizeMs: 60000 }` for 60000.
// Promises: what is written would be taken, but for the values that only its writer knows, which stand as `…`; an option that a bare
// value was not certainly meant for is not put into anybody's mouth.

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

/** What no option takes all of, unless it takes anything. */
const ANYTHING = ['any text', -1.5, true];

/**
 * @param rule what is asked for: 'an object'
 * @param call what the options are all arguments of: 'tumbling('; undefined if there are others
 */
export function writtenRule(where: string, table: OptionTable, given: unknown, call?: string): string {
  const entries = Object.entries(table);
  const placeOf = (name: string): OptionPlace => ({ where, name });
  const required = entries.filter(([name, entry]) => isRequired(entry, placeOf(name))).map(([name]) => name);
  const isBare = given !== undefined && given !== null && typeof given !== 'object';
  const takers = isBare
    ? entries.filter(
        ([name, entry]) =>
          isTaken(entry, given, placeOf(name)) && !ANYTHING.every((each) => isTaken(entry, each, placeOf(name))),
      )
    : [];
  const taker = meantBy(takers, required);
  if (taker === undefined && required.length === 0 && entries.length > 0 && isBare)
    return `an object with any of the options ${entries.map(([name]) => `'${name}'`).join(', ')}`;
  const names = taker === undefined || required.includes(taker) ? required : [taker, ...required];
  const shown = names.length > 0 ? names : entries.slice(0, NAMES_MAX).map(([name]) => name);
  if (shown.length === 0) return 'an object';
  const written = `{ ${shown.map((name) => `${name}: ${name === taker ? show(given) : '…'}`).join(', ')} }`;
  return call === undefined ? `an object such as ${written}` : `an object: write ${call}${written})`;
}

/** Of options that take a bare value that which it is meant for: the main one, the only one that must be there, or the only one. */
function meantBy(takers: readonly (readonly [string, Entry])[], required: readonly string[]): string | undefined {
  const needed = takers.filter(([name]) => required.includes(name));
  const main = takers.filter(([, { isMain }]) => isMain);
  const [meant, ...others] = main.length > 0 ? main : needed.length > 0 ? needed : takers;
  return others.length > 0 ? undefined : meant?.[0];
}
