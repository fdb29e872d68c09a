// The sink that writes a CSV record per tuple to a file.
// Promises: readCsv with the same options reads the same values, and the file holds each committed record once.
// Relies on file-writer.ts for it.

import { isUtf8 } from 'node:buffer';
import { errors } from '../../errors.ts';
import type { SinkContext, SinkDefinition } from '../../flow/sink.ts';
import { checkOptions } from '../../options/check.ts';
import { toggle, value } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { FileWriter, filesOf, WRITE_COMPRESSION_OPTION, writtenCompression } from '../files/file-writer.ts';
import { checkPath } from '../source-options.ts';
import { nestedFields, writtenJson } from '../written-json.ts';
import { CSV_OPTIONS } from './csv-options.ts';

const isNames = (given: unknown): given is readonly string[] =>
  Array.isArray(given) && given.length > 0 && given.every((name) => typeof name === 'string');

export const WRITE_CSV_OPTIONS = {
  /** Whether the first record names the columns: true or false. Default: `true`. */
  header: toggle({ help: 'whether the first record names the columns', default: true }),
  /** The fields that are written, in order: an array of names of fields. Default: the stream's fields. */
  columns: value('an array of names of fields', isNames, {
    help: 'the fields that are written, in order',
    defaultText: "the stream's fields",
  }),
  /** What stands between two cells: one ASCII character that no number and no quote is written with. Default: `,`. */
  delimiter: CSV_OPTIONS.delimiter,
  /** How the file is compressed: 'none', 'gzip' or 'zstd'. Default: by its name: `.gz`, `.zst`. */
  compression: WRITE_COMPRESSION_OPTION,
};

/** Options of {@link writeCsv}. */
export interface WriteCsvOptions extends Given<typeof WRITE_CSV_OPTIONS> {}

const WHERE = 'writeCsv()';

/**
 * Writes one CSV record per tuple (RFC 4180), in UTF-8 and with `\n` behind it. Null is an empty cell, a Date is ISO 8601, a value
 * of `json` is JSON (null and texts, too), bytes are UTF-8 text. The file is emptied when the job starts, and cut to the last commit after a crash:
 * each record is in it exactly once. A job without a tuple leaves it empty, without a header.
 * @param path of the file, relative to the working directory; `-` for standard output
 * @throws MillraceError BAD_OPTION at once; while it runs SINK_FAILED if the file cannot be written, BAD_VALUE for a tuple that
 * lacks a column, has bytes that are not UTF-8, or holds in a field of json what JSON has no form for: a map, a set, a Date, a bigint,
 * NaN, undefined
 */
export function writeCsv<Tuple extends object>(
  path: string,
  options: WriteCsvOptions = {},
  ...surplus: readonly never[]
): SinkDefinition<Tuple> {
  refuseSurplus('writeCsv(path, options)', 2, surplus);
  checkPath(path, WHERE);
  const { header, columns, delimiter, compression } = checkOptions(WHERE, WRITE_CSV_OPTIONS, options);
  const chosen = writtenCompression(path, compression, WHERE);
  return {
    files: filesOf(path),
    open(context) {
      const recordOf = recordMaker(delimiter);
      const nested = nestedFields(context);
      const textOf = (tuple: Tuple): string =>
        recordOf((columns ?? Object.keys(tuple)).map((name) => cellOf(tuple, name, nested?.get(name), context)));
      const headOf = (tuple: Tuple): string => (header ? recordOf(columns ?? Object.keys(tuple)) : '');
      return new FileWriter(path, chosen, { textOf, headOf }, context);
    },
  };
}

/** Makes records of cells. */
function recordMaker(delimiter: string): (cells: readonly string[]) => string {
  const isQuoted = (cell: string): boolean => cell.includes(delimiter) || /["\r\n]/.test(cell);
  const written = (cell: string): string => (isQuoted(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return (cells) => {
    // A blank line would be no record.
    if (cells.length === 1 && cells[0] === '') return '""\n';
    return `${cells.map(written).join(delimiter)}\n`;
  };
}

const UTF_8_RULE =
  "bytes that are UTF-8, as readCsv reads them: write others by writeJson, or as text, such as Buffer.from(value).toString('base64')";

function cellOf(
  tuple: object,
  name: string,
  toJson: ((value: unknown) => unknown) | undefined,
  context: SinkContext,
): string {
  const { operator, fields } = context;
  const value: unknown = (tuple as Readonly<Record<string, unknown>>)[name];
  // Null of a field that is optional is no JSON.
  const isNothing = value === undefined || (value === null && fields?.[name].type !== 'json');
  if (toJson !== undefined && !isNothing) return writtenJson(toJson(value), name, WHERE, context);
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) {
    if (isUtf8(value)) return Buffer.from(value).toString();
    throw errors.badValue(operator, name, value, 'a column of writeCsv', UTF_8_RULE);
  }
  if (value === undefined) throw errors.badValue(operator, name, value, 'a column of writeCsv', 'a value of the tuple');
  return writtenJson(value, name, WHERE, context);
}
