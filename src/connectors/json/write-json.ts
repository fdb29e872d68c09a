// The sink that writes a JSON object per tuple, each in a line of its own (NDJSON).
// Promises: readJson reads the same tuples, and the file holds each committed one once. Relies on file-writer.ts for it.

import type { SinkDefinition } from '../../flow/sink.ts';
import { checkOptions } from '../../options/check.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { FileWriter, filesOf, WRITE_COMPRESSION_OPTION, writtenCompression } from '../files/file-writer.ts';
import { checkPath } from '../source-options.ts';
import { jsonLines } from './json-fields.ts';

export const WRITE_JSON_OPTIONS = {
  /** How the file is compressed: 'none', 'gzip' or 'zstd'. Default: by its name: `.gz`, `.zst`. */
  compression: WRITE_COMPRESSION_OPTION,
};

/** Options of {@link writeJson}. */
export interface WriteJsonOptions extends Given<typeof WRITE_JSON_OPTIONS> {}

const WHERE = 'writeJson()';

/**
 * Writes one JSON object per tuple and line, in UTF-8. A bigint is a string of digits, a Date ISO 8601, bytes are base64, and NaN and
 * the infinities are their names. In a field of json these have no form that is read back as they are, nor have maps, sets and
 * undefined: a tuple with one is a tuple that fails, with BAD_VALUE. The file is emptied when the job starts, and cut to the last commit after a crash: each tuple is
 * in it exactly once.
 * @param path of the file, relative to the working directory; `-` for standard output
 * @throws MillraceError BAD_OPTION at once; while it runs SINK_FAILED if the file cannot be written
 */
export function writeJson<Tuple extends object>(
  path: string,
  options: WriteJsonOptions = {},
  ...surplus: readonly never[]
): SinkDefinition<Tuple> {
  refuseSurplus('writeJson(path, options)', 2, surplus);
  checkPath(path, WHERE);
  const { compression } = checkOptions(WHERE, WRITE_JSON_OPTIONS, options);
  const chosen = writtenCompression(path, compression, WHERE);
  return {
    files: filesOf(path),
    open: (context) => new FileWriter(path, chosen, { textOf: jsonLines(context) }, context),
  };
}
