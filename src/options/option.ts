// An option as data: what it takes, what holds where it is left out, and what is said of it.
// Promises: types, checks, error texts, command-line flags, `--help` and the tables in docs/ all come from the one entry that an
// option has in the table of its options object.
// Relies on nothing but the error texts; every layer may import it.

import { errors } from '../errors.ts';

declare const GIVEN: unique symbol;

/** Whose option it is, as error texts name it, and how it is called there: `scaling.policy` within `scaling`. */
export interface OptionPlace {
  /** 'run()', "operator 'split'" */
  readonly where: string;
  readonly name: string;
}

/** One entry of a table. `Given` is what callers pass, `Checked` what the check makes of it. */
export interface Option<Given, Checked = Given> extends OptionWords {
  readonly [GIVEN]: Given;
  /** What it takes: 'an integer from 1 to 1024'. */
  readonly rule: string;
  /** @throws MillraceError BAD_OPTION */
  read(value: unknown, place: OptionPlace): Checked;
  /**
   * What holds where it is left out.
   * @throws MillraceError BAD_OPTION if it must be there
   */
  absent(place: OptionPlace): Checked;
}

/** What is said of an option. */
interface OptionWords {
  /** A phrase without a full stop: what it is. */
  readonly help: string;
  /** What holds where it is left out; '' if there is nothing to say. */
  readonly defaultText: string;
  /** Its command-line flag with the placeholder of its value, if it takes one: 'workers N'. */
  readonly flag: string | undefined;
  /** The page of docs/ that tells more. */
  readonly page: string | undefined;
  /** The options of an option that is an object. */
  readonly within: OptionTable | undefined;
  /** True of the one that is meant by a value that stands in place of the options object. */
  readonly isMain: boolean;
}

/** The options of one object, by name. */
export type OptionTable = Readonly<Record<string, Option<unknown, unknown>>>;

/** The object that callers pass. */
export type Given<Table> = {
  -readonly [Name in keyof Table]?: Table[Name] extends Option<infer Value, unknown> ? Value : never;
};

/** The object after the check, with its defaults. */
export type Checked<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<unknown, infer Value> ? Value : never;
};

/** What each kind of option takes besides what is special to it. */
export interface EntryWords<Value> {
  readonly help: string;
  readonly default?: Value;
  /** True if it must be there. */
  readonly isRequired?: true;
  /** In place of the default as it is. */
  readonly defaultText?: string;
  readonly flag?: string;
  readonly page?: string;
  readonly isMain?: true;
}

/** The entry's type: without a default the option may be undefined after the check. */
export type EntryOf<Words, Value> = Option<
  Value,
  Words extends { readonly default: unknown } | { readonly isRequired: true } ? Value : Value | undefined
>;

/**
 * An entry whose check is a test of the value as it is.
 * @param show the text of the default
 */
export function entry<Value, Words extends EntryWords<Value>>(
  words: Words,
  rule: string,
  accepts: (value: unknown) => boolean,
  show: (value: Value) => string = (value) => `\`${String(value)}\``,
): EntryOf<Words, Value> {
  const { help, default: fallback, defaultText, isRequired, flag, page, isMain = false } = words;
  const made: Omit<Option<Value, Value | undefined>, typeof GIVEN> = {
    help,
    rule,
    defaultText: defaultText ?? (fallback === undefined ? '' : show(fallback)),
    flag,
    page,
    within: undefined,
    isMain,
    read(value, { where, name }) {
      if (!accepts(value)) throw errors.badOption(name, value, rule, where);
      return value as Value;
    },
    absent({ where, name }) {
      if (isRequired) throw errors.badOption(name, undefined, rule, where);
      return fallback;
    },
  };
  return made as EntryOf<Words, Value>;
}

/** What an entry with a check of its own is made of. */
export interface OwnEntry<Checked> extends Omit<EntryWords<never>, 'default' | 'isRequired'> {
  readonly rule: string;
  readonly within?: OptionTable;
  read(value: unknown, place: OptionPlace): Checked;
  absent(place: OptionPlace): Checked;
}

/** An entry with a check of its own, such as one that turns a number into a range. */
export const ownEntry = <Given, Checked>(own: OwnEntry<Checked>): Option<Given, Checked> =>
  ({ defaultText: '', flag: undefined, page: undefined, within: undefined, isMain: false, ...own }) as Option<
    Given,
    Checked
  >;

/** The same entry in another table: with other words, or another default. */
export const adapted = <Given, Checked>(
  option: Option<Given, Checked>,
  words: Partial<Pick<Option<Given, Checked>, 'help' | 'defaultText' | 'flag' | 'absent'>>,
): Option<Given, Checked> => ({ ...option, ...words });
