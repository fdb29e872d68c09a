// The header of a CSV file: the record that names its columns.
// Promises: it is read at every opening, also further on in the file, since it is what maps columns to fields.

import { errors } from '../../errors.ts';
import type { LookMemory } from '../files/file-identity.ts';
import { FileWindow } from '../files/file-window.ts';
import { Waiting } from '../files/waiting.ts';
import { type CsvRecord, splitRecord, tooLong } from './csv-record.ts';
import type { CsvPosition, CsvSettings } from './csv-settings.ts';

const NEWLINE = 10;

interface Header {
  readonly names: readonly string[];
  readonly behind: CsvPosition;
}

export async function readHeader(
  { path, gzip, delimiter, chunkBytes, recordBytesMax }: CsvSettings,
  memory: LookMemory,
): Promise<Header> {
  const waiting = new Waiting();
  const window = await FileWindow.open({ path, gzip, position: 0, chunkBytes, memory }, waiting);
  try {
    for (;;) {
      const status = await waiting.until(() => window.extend());
      if (status === 'end') window.endLine();
      const { bytes, start, end } = window;
      const cut = start + bytes.subarray(start, end).lastIndexOf(NEWLINE) + 1;
      if (cut > start) {
        window.skipByteOrderMark();
        const record: CsvRecord = splitRecord(bytes, window.start, cut, delimiter);
        if (record.next >= 0 && record.problem === undefined) {
          const lines = record.fields.join('').split('\n').length;
          window.start = record.next;
          return { names: record.fields, behind: { byte: window.position, lines } };
        }
        if (record.next >= 0 || status === 'end') throw errors.badCsv(path, 1, record.problem as string);
      }
      if (status === 'end') throw errors.badCsv(path, 1, 'the file is empty, and should start with a header');
      if (end - start > recordBytesMax) throw errors.badCsv(path, 1, tooLong(recordBytesMax));
    }
  } finally {
    window.close();
  }
}
