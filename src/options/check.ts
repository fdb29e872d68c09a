// Checks an options object against its table.
// Promises: what comes out is complete and in range, or a typed error has been thrown; undefined is the same as left out.

import { errors } from '../errors.ts';
import { nearest } from './nearest.ts';
import type { Checked, OptionTable } from './option.ts';
import { writtenRule } from './written-options.ts';

/** Window functions take nothing but their options, so the whole call can be shown. */
const CALLED_WITH_OPTIONS = /^(tumbling|sliding|session|count|globalWindow|calendar|custom|actorSystem)\(\)$/;

function ruleFor(where: string, table: OptionTable, given: unknown): string {
  return writtenRule(where, table, given, CALLED_WITH_OPTIONS.test(where) ? where.slice(0, -1) : undefined);
}

/**
 * @param where whose options they are, as error texts name it: 'run()'
 * @param within the option whose value they are, if they are one's
 * @throws MillraceError BAD_OPTION for what is no object, an unknown name, or a bad value
 */
export function checkOptions<Table extends OptionTable>(
  where: string,
  table: Table,
  given: unknown,
  within?: string,
  rule?: string,
): Checked<Table> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw errors.badOption(within ?? 'options', given, rule ?? ruleFor(where, table, given), where);
  const known = Object.keys(table);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    const owner = within === undefined ? where : `'${within}' of ${where}`;
    throw errors.unknownOption(owner, name, known, nearest(name, known));
  }
  const values = given as Readonly<Record<string, unknown>>;
  const checked: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const place = { where, name: within === undefined ? name : `${within}.${name}` };
    const value = values[name];
    checked[name] = value === undefined ? option.absent(place) : option.read(value, place);
  }
  return checked as Checked<Table>;
}
