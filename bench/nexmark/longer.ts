// Makes a longer trace of a trace: copies one after the other, with times, ids and numbers of their own.
// Promises: the answers repeat with the same shifts, and files may be cut into partitions as those of the trace.
// Relies on: the trace lies within two days, and its ids are below the shift.

import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fileOf } from './files.ts';
import { columnsOf } from './records.ts';
import { MERGED } from './sources/merged-lines.ts';
import { STREAMS, type StreamName } from './tables.ts';

const COPY_MS = 2 * 86_400_000;
const COPY_IDS = 61_500;
/** Lines written at once. */
const PIECE_LINES = 10_000;

/** What the columns that change from copy to copy grow by; `seq` grows by the events of the trace. */
const GROWS: Readonly<Record<string, number>> = {
  id: COPY_IDS,
  seller: COPY_IDS,
  auction: COPY_IDS,
  bidder: COPY_IDS,
  dateTime: COPY_MS,
  expires: COPY_MS,
};

interface TraceFile {
  readonly header: string;
  readonly lines: readonly string[];
}

function linesOf(input: string, stream: StreamName): TraceFile {
  const path = fileOf(input, stream);
  const bytes = readFileSync(path);
  const [header, ...lines] = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split(/\r?\n/);
  return { header, lines: lines.filter((line) => line !== '') };
}

/** The cells of a line as they stand there, with their quotes. */
const rawCells = (line: string): string[] =>
  line.includes('"') ? (line.match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^,]*)(?=,|$)/g) ?? []) : line.split(',');

function writeCopies(path: string, { header, lines }: TraceFile, growths: readonly number[], copies: number): void {
  const rows = lines.map(rawCells);
  const grown = growths.flatMap((growth, column) => (growth > 0 ? [column] : []));
  const descriptor = openSync(path, 'w');
  try {
    writeSync(descriptor, `${header}\n`);
    for (let copy = 0; copy < copies; copy++) {
      for (let from = 0; from < rows.length; from += PIECE_LINES) {
        const piece = rows.slice(from, from + PIECE_LINES).map((row) => {
          const cells = [...row];
          for (const column of grown) cells[column] = String(Number(row[column]) + copy * growths[column]);
          return `${cells.join()}\n`;
        });
        writeSync(descriptor, piece.join(''));
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes the files of `copies` copies to a folder, as plain files.
 * @param streams those that are needed
 */
export function writeLonger(
  input: string,
  output: string,
  copies: number,
  streams: readonly StreamName[] = STREAMS,
): void {
  mkdirSync(output, { recursive: true });
  const files = new Map(STREAMS.map((stream) => [stream, linesOf(input, stream)]));
  const sizeOf = (stream: StreamName): number => files.get(stream)?.lines.length ?? 0;
  const events = MERGED.reduce((sum, stream) => sum + sizeOf(stream), 0);
  for (const [stream, file] of files) {
    if (!streams.includes(stream)) continue;
    const numbers = MERGED.includes(stream) ? events : sizeOf(stream);
    const growths = columnsOf(stream).map((column) => (column === 'seq' ? numbers : (GROWS[column] ?? 0)));
    writeCopies(join(output, `${stream}.csv`), file, growths, copies);
  }
  const side = join(input, 'side.csv');
  if (existsSync(side)) copyFileSync(side, join(output, 'side.csv'));
}
