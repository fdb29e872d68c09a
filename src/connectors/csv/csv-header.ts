// The beginning of a CSV file: lines that are left out, and the record that names its columns.
// Promises: it is read at every opening, also further on in the file, since it is what maps columns to fields. What is no regular
// file is opened once: who reads its beginning goes on in the same window.

import { errors } from '../../errors.ts';
import type { FileWindow } from '../files/file-window.ts';
import type { Waiting } from '../files/waiting.ts';
import { isBlank, splitRecord, tooLong } from './csv-record.ts';
import { CSV_START, type CsvPosition, type CsvSettings } from './csv-settings.ts';

const NEWLINE = 10;

/** How a file begins. */
export interface Beginning {
  /** The columns of the file. */
  readonly columns: readonly string[];
  /** Behind the lines that are left out. */
  readonly first: CsvPosition;
  /** Behind the header as well. */
  readonly behind: CsvPosition;
}

/** What holds of a file that begins with its first record; undefined of one whose beginning must be read. */
export const plainBeginning = ({ header, skipLines, columns }: CsvSettings): Beginning | undefined =>
  header || skipLines > 0 ? undefined : { columns, first: CSV_START, behind: CSV_START };

/**
 * Reads a file's beginning, and leaves the window behind it.
 * @param window at the file's beginning
 * @param waiting what the window wakes
 */
export async function readBeginning(settings: CsvSettings, window: FileWindow, waiting: Waiting): Promise<Beginning> {
  const lines = settings.skipLines === 0 ? 0 : await skipFirst(settings.skipLines, window, waiting);
  const first = { byte: window.position, lines };
  if (!settings.header) return { columns: settings.columns, first, behind: first };
  const { names, behind } = await readHeader(settings, first.lines, window, waiting);
  return { columns: names, first, behind };
}

/** Moves the window behind so many lines. Returns how many there were. */
async function skipFirst(count: number, window: FileWindow, waiting: Waiting): Promise<number> {
  for (let lines = 0; lines < count; ) {
    const newline = window.bytes.subarray(window.start, window.end).indexOf(NEWLINE);
    window.start = newline < 0 ? window.end : window.start + newline + 1;
    if (newline >= 0) lines++;
    else if ((await waiting.until(() => window.extend())) === 'end') return lines;
  }
  return count;
}

async function readHeader(
  { path, dialect, skipLines, recordBytesMax }: CsvSettings,
  linesBefore: number,
  window: FileWindow,
  waiting: Waiting,
): Promise<{ names: readonly string[]; behind: CsvPosition }> {
  let lines = linesBefore;
  let isAtEnd = false;
  for (;;) {
    const cut = window.start + window.bytes.subarray(window.start, window.end).lastIndexOf(NEWLINE) + 1;
    if (cut > window.start) window.skipByteOrderMark();
    while (window.start < cut) {
      const { bytes, start } = window;
      if (isBlank(bytes, start, dialect) || bytes[start] === dialect.comment) {
        window.start = bytes.indexOf(NEWLINE, start) + 1;
        lines++;
        continue;
      }
      const { fields, next, problem } = splitRecord(bytes, start, cut, dialect);
      if (problem !== undefined && (next >= 0 || isAtEnd)) throw errors.badCsv(path, lines + 1, problem.reason);
      if (next < 0) break;
      lines += fields.join('').split('\n').length;
      window.start = next;
      return { names: fields, behind: { byte: window.position, lines } };
    }
    if (isAtEnd) throw errors.emptyCsv(path, lines + 1, skipLines);
    if (window.end - window.start > recordBytesMax) throw errors.badCsv(path, lines + 1, tooLong(recordBytesMax));
    isAtEnd = (await waiting.until(() => window.extend())) === 'end';
    if (isAtEnd) window.endLine();
  }
}
