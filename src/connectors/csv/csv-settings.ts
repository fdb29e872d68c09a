// What a reader of a CSV file is told of it, and where it stands in it.

import type { Schema } from '../../mailbox/schema.ts';

/** Where the next record starts, and how many lines are before it. */
export interface CsvPosition {
  /** Offset in the file, in bytes. */
  readonly byte: number;
  /** Lines before it, for error texts. */
  readonly lines: number;
}

export const CSV_START: CsvPosition = { byte: 0, lines: 0 };

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
  readonly header: boolean;
  readonly columns: readonly string[];
  readonly delimiter: number;
  readonly skip: boolean;
  readonly gzip: boolean;
}
