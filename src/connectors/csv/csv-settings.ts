// What a reader of a CSV file is told of it, and where it stands in it.

import type { CsvDialect } from '../../mailbox/columns/csv-cell.ts';
import type { Schema } from '../../mailbox/schema.ts';
import type { FileFormat } from '../files/file-format.ts';
import type { CsvCell } from './csv-cells.ts';

/** Where the next record starts, and how many lines are before it. */
export interface CsvPosition {
  /** Offset in the file, in bytes; in the UTF-8 text of one that is compressed or in another encoding. */
  readonly byte: number;
  /** Lines before it, for error texts. */
  readonly lines: number;
}

export const CSV_START: CsvPosition = { byte: 0, lines: 0 };

/** What the text of a CSV file is written with. */
export interface CsvText extends CsvDialect {
  /** What a line begins with that is left out; -1 for none. */
  readonly comment: number;
}

/** How the bytes of a file are taken: tests put the borders of chunks and of ranges everywhere. */
export interface CsvSizes {
  readonly chunkBytes: number;
  readonly rangeBytesMin: number;
  /** A record that is longer is taken for one that lacks its closing quote. */
  readonly recordBytesMax: number;
}

export interface CsvSettings extends CsvSizes {
  readonly path: string;
  readonly schema: Schema;
  /** For each field of the schema the cell that it is read from. */
  readonly cells: readonly CsvCell[];
  /** Names of the columns of the schema's fields. */
  readonly names: readonly string[];
  readonly header: boolean;
  readonly columns: readonly string[];
  readonly skipLines: number;
  readonly dialect: CsvText;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly skip: boolean;
  readonly format: FileFormat;
}
