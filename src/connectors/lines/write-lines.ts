// The sink that writes a line of text per tuple to a file.
// Promises: the file holds each committed line once. Relies on file-writer.ts for it.

import { errors } from '../../errors.ts';
import type { SinkContext, SinkDefinition } from '../../flow/sink.ts';
import { refuseDeferred } from '../../mailbox/deferred.ts';
import { checkOptions } from '../../options/check.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { FileWriter, filesOf, WRITE_COMPRESSION_OPTION, writtenCompression } from '../files/file-writer.ts';
import { checkPath } from '../source-options.ts';

export const WRITE_LINES_OPTIONS = {
  /** How the file is compressed: 'none', 'gzip' or 'zstd'. Default: by its name: `.gz`, `.zst`. */
  compression: WRITE_COMPRESSION_OPTION,
};

/** Options of {@link writeLines}. */
export interface WriteLinesOptions extends Given<typeof WRITE_LINES_OPTIONS> {}

const WHERE = 'writeLines()';

/**
 * Writes one line per tuple, in UTF-8 and with `\n` behind it. The file is emptied when the job starts, and cut to the last
 * commit after a crash: each line is in it exactly once. What is not a regular file (a pipe, a device) takes lines as well, but
 * cannot be cut, so a crash fails the job instead.
 * @param path of the file, relative to the working directory; `-` for standard output
 * @param toLine makes the line of a tuple; what it throws is the tuple's failure, not the file's
 * @throws MillraceError BAD_OPTION at once; while it runs SINK_FAILED if the file cannot be written
 */
export function writeLines<Tuple>(
  path: string,
  toLine: (tuple: Tuple) => string,
  options: WriteLinesOptions = {},
  ...surplus: readonly never[]
): SinkDefinition<Tuple> {
  refuseSurplus('writeLines(path, toLine, options)', 3, surplus);
  checkPath(path, WHERE);
  if (typeof toLine !== 'function')
    throw errors.badOption('toLine', toLine, 'a function from a tuple to its line', WHERE);
  const { compression } = checkOptions(WHERE, WRITE_LINES_OPTIONS, options);
  const chosen = writtenCompression(path, compression, WHERE);
  return {
    files: filesOf(path),
    open: (context) => new FileWriter(path, chosen, { textOf: (tuple) => lineOf(tuple, toLine, context) }, context),
  };
}

function lineOf<Tuple>(tuple: Tuple, toLine: (tuple: Tuple) => string, { operator }: SinkContext): string {
  const line = toLine(tuple);
  refuseDeferred(operator, line);
  if (typeof line !== 'string') throw errors.badValue(operator, 'line', line, 'the result of toLine', 'a string');
  return `${line}\n`;
}
