// Sources of files whose chunks and ranges are as small as a test wants them.

import type { CsvPosition, CsvSizes } from '../../src/connectors/csv/csv-settings.ts';
import { type ReadCsvOptions, recordsOfFile } from '../../src/connectors/csv/read-csv.ts';
import type { FileFormat } from '../../src/connectors/files/file-format.ts';
import { filesInRanges } from '../../src/connectors/files/file-list.ts';
import { objectsOfFile, type ReadJsonOptions } from '../../src/connectors/json/read-json.ts';
import { type LineFields, linesOfFile } from '../../src/connectors/lines/read-lines.ts';
import type { SourceDefinition } from '../../src/flow/source.ts';
import type { Shape, TupleOf } from '../../src/mailbox/schema.ts';

/** The lines of a file, in so many ranges however short it is. */
export const lineSource = (
  path: string,
  format: Partial<FileFormat>,
  chunkBytes: number,
  ranges = 1,
): SourceDefinition<LineFields> =>
  filesInRanges([linesOfFile(path, { ...UNKNOWN_FORMAT, ...format }, chunkBytes, 1)], ranges);

export const UNKNOWN_FORMAT: FileFormat = { compression: undefined, encoding: undefined, lineEnds: 'lf' };

/** The records of a CSV file, in so many ranges however short it is. */
export const csvSource = <Fields extends Shape>(
  path: string,
  fields: Fields,
  options: ReadCsvOptions,
  sizes: number | Partial<CsvSizes>,
  ranges = 1,
): SourceDefinition<Fields, TupleOf<Fields>, CsvPosition> => {
  const given = typeof sizes === 'number' ? { chunkBytes: sizes } : sizes;
  return filesInRanges([recordsOfFile(path, fields, options, { rangeBytesMin: 1, ...given })], ranges);
};

/** The objects of a file of JSON lines, in so many ranges however short it is. */
export const jsonSource = <Fields extends Shape>(
  path: string,
  fields: Fields,
  options: ReadJsonOptions,
  chunkBytes: number,
  ranges = 1,
): SourceDefinition<Fields, TupleOf<Fields>, CsvPosition> =>
  filesInRanges([objectsOfFile(path, fields, options, chunkBytes, 1)], ranges);
