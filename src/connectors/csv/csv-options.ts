// The options of readCsv, and the dialect that they make.
// Promises: what comes out is a dialect that can be read without doubt, or a typed error has been thrown.

import { errors } from '../../errors.ts';
import { choice, integer, toggle, value } from '../../options/kinds.ts';
import type { Given, Option } from '../../options/option.ts';
import { FILE_FIELD_OPTION } from '../files/file-field.ts';
import { COMPRESSION_OPTION, ENCODING_OPTION, LINE_ENDS_OPTION } from '../files/file-format.ts';
import { FOLLOW_OPTION } from '../files/follow-files.ts';
import { RANGES_OPTION } from '../source-options.ts';
import type { CsvText } from './csv-settings.ts';

/** A record that is longer is taken for one that lacks its closing quote, unless the caller says otherwise. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;
/** Its text must fit in one string. */
const RECORD_BYTES_LIMIT = 256 * 1024 * 1024;

const CHARACTER = /^[^\w\r\n.+-]$/;
const isCharacter = (given: unknown): given is string =>
  typeof given === 'string' && CHARACTER.test(given) && given <= '\x7f';
const isDelimiter = (given: unknown): given is string => isCharacter(given) && given !== '"';
const isMark = (given: unknown): given is string => isCharacter(given) && given !== ' ' && given !== '\t';
const isQuote = (given: unknown): given is string | false => given === false || isMark(given);
const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

const MARK = 'one ASCII character that is no space, letter, digit or sign of a number';

/** Whether the file names its columns, or by which names it does. */
type Header = boolean | Readonly<Record<string, string>>;
const isHeader = (given: unknown): given is Header =>
  typeof given === 'boolean' || (isObject(given) && Object.values(given).every((name) => typeof name === 'string'));

const isNames = (given: unknown): given is readonly string[] => Array.isArray(given);

export const CSV_OPTIONS = {
  /**
   * `true` if the first line names the columns: the schema's fields are found by name, other columns are left out; `{
   * price: 'Price (EUR)' }` where a column has another name than its field: true or false, or an object from fields to
   * columns' names. Default: `false`.
   */
  header: value("true or false, or an object from fields to columns' names", isHeader, {
    help: "`true` if the first line names the columns: the schema's fields are found by name, other columns are left out; `{ price: 'Price (EUR)' }` where a column has another name than its field",
    default: false,
  }) as Option<Header, Header>,
  /**
   * The names of the file's columns in order, if it has no header and more columns than the schema or in another order:
   * an array of names. Default: the schema's fields.
   */
  columns: value('an array of names', isNames, {
    help: "the names of the file's columns in order, if it has no header and more columns than the schema or in another order",
    defaultText: "the schema's fields",
  }),
  /** Lines at the beginning that are left out, before the header: an integer from 0 on. Default: 0. */
  skipLines: integer({ help: 'lines at the beginning that are left out, before the header', from: 0, default: 0 }),
  /** What stands between two cells: one ASCII character that no number and no quote is written with. Default: `,`. */
  delimiter: value('one ASCII character that no number and no quote is written with', isDelimiter, {
    help: 'what stands between two cells',
    default: ',',
  }),
  /**
   * What stands around cells with delimiters or line ends in them: one ASCII character that is no space, letter, digit
   * or sign of a number, or false for none. Default: `"`.
   */
  quote: value(`${MARK}, or false for none`, isQuote, {
    help: 'what stands around cells with delimiters or line ends in them',
    default: '"',
  }) as Option<string | false, string | false>,
  /**
   * What stands before a quote, or before itself, in quotes: one ASCII character that is no space, letter, digit or
   * sign of a number. Default: the quote, which is doubled.
   */
  escape: value(MARK, isMark, {
    help: 'what stands before a quote, or before itself, in quotes',
    defaultText: 'the quote, which is doubled',
  }),
  /**
   * Lines that begin with it are left out: one ASCII character that is no space, letter, digit or sign of a number.
   * Default: no comments.
   */
  comment: value(MARK, isMark, {
    help: 'lines that begin with it are left out',
    defaultText: 'no comments',
  }),
  /** Whether spaces and tabs around cells, outside of quotes, are left out: true or false. Default: `false`. */
  trim: toggle({ help: 'whether spaces and tabs around cells, outside of quotes, are left out', default: false }),
  /** What stands between the digits of an `f64`: '.' or ','. Default: `.`. */
  decimal: choice(['.', ','], { help: 'what stands between the digits of an `f64`', default: '.' }),
  /**
   * The value of an empty cell, by field: an object from fields to values. Default: null for `optional`, and otherwise
   * what the type makes of an empty text.
   */
  defaults: value('an object from fields to values', isObject, {
    help: 'the value of an empty cell, by field',
    defaultText: 'null for `optional`, and otherwise what the type makes of an empty text',
  }),
  /**
   * What becomes of a record that does not fit the schema: `fail` fails the job, `skip` leaves it to the `failure` of
   * the source, by default a dead letter with the tuple `{ line, text }`: 'fail' or 'skip'. Default: `fail`.
   */
  badRecords: choice(['fail', 'skip'], {
    help: 'what becomes of a record that does not fit the schema: `fail` fails the job, `skip` leaves it to the `failure` of the source, by default a dead letter with the tuple `{ line, text }`',
    default: 'fail',
  }),
  /**
   * A record that is longer is taken for one without its closing quote, of which one line is left out: bytes from 1 to
   * 268435456. Default: 16 MiB.
   */
  recordBytesMax: integer({
    help: 'a record that is longer is taken for one without its closing quote, of which one line is left out',
    from: 1,
    to: RECORD_BYTES_LIMIT,
    default: RECORD_BYTES_MAX,
    unit: 'bytes',
  }),
  /**
   * How characters stand in the file: 'utf-8', 'utf-16le', 'utf-16be', 'latin1' or 'windows-1252'. Default: by its byte
   * order mark, or else `utf-8`.
   */
  encoding: ENCODING_OPTION,
  /**
   * What ends a line: `lf` for `\n` or `\r\n`, `cr` for `\r` alone, which is then read as `\n`, in quotes as well: 'lf'
   * or 'cr'. Default: `lf`.
   */
  lineEnds: LINE_ENDS_OPTION,
  /**
   * How the file is compressed: 'none', 'gzip', 'zstd' or 'brotli'. Default: by its first bytes, or else its name:
   * `.gz`, `.zst`, `.br`.
   */
  compression: COMPRESSION_OPTION,
  /**
   * Parts of a large file that replicas can share, cut at the ends of records, with no order between the parts; `auto`
   * for as many as the source may have replicas: 'auto', or an integer from 1 to 256. Default: `1`. See
   * docs/dataflow.md#ranges-of-a-file.
   */
  ranges: RANGES_OPTION,
  /**
   * Whether reading goes on at the end with what is appended, and with the file that takes the place of one that was
   * rotated, until the job is stopped: true or false. Default: `false`. See docs/dataflow.md#followed-files.
   */
  follow: FOLLOW_OPTION,
  /** The name of a field more, in which each tuple has the path of its file: the name of a field. Default: none. */
  fileField: FILE_FIELD_OPTION,
};

const codeOf = (character: string): number => character.charCodeAt(0);
const SPACES = [' ', '\t'].map(codeOf);

interface DialectOptions {
  readonly delimiter: string;
  readonly quote: string | false;
  readonly escape: string | undefined;
  readonly comment: string | undefined;
  readonly decimal: '.' | ',';
  readonly trim: boolean;
}

/** @throws MillraceError BAD_OPTION if two of its characters are the same */
export function dialectOf(options: DialectOptions, where: string): CsvText {
  const { delimiter, quote, escape: escaping, comment, decimal, trim } = options;
  if (quote === false && escaping !== undefined)
    throw errors.badOption('escape', escaping, 'left out without quotes', where);
  const taken = new Map([[delimiter, 'delimiter']]);
  if (decimal === ',') refuseTaken(taken, 'decimal', decimal, where);
  if (quote !== false) refuseTaken(taken, 'quote', quote, where);
  if (escaping !== undefined && escaping !== quote) refuseTaken(taken, 'escape', escaping, where);
  if (comment !== undefined) refuseTaken(taken, 'comment', comment, where);
  return {
    delimiter: codeOf(delimiter),
    quote: quote === false ? -1 : codeOf(quote),
    escape: quote === false ? -1 : codeOf(escaping ?? quote),
    comment: comment === undefined ? -1 : codeOf(comment),
    decimal: codeOf(decimal),
    spaces: trim ? SPACES.filter((space) => space !== codeOf(delimiter)) : [],
  };
}

function refuseTaken(taken: Map<string, string>, name: string, character: string, where: string): void {
  const other = taken.get(character);
  if (other !== undefined) throw errors.badOption(name, character, `another character than the ${other}`, where);
  taken.set(character, name);
}

/** Options of {@link readCsv}. */
export interface ReadCsvOptions extends Given<typeof CSV_OPTIONS> {}
