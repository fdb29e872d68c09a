// The beginning of a file, as whole lines of text.

import { isUtf8 } from 'node:buffer';
import type { Encoding, FileFormat } from '../files/file-format.ts';
import { FileWindow } from '../files/file-window.ts';
import { lookSlot } from '../files/look-slot.ts';
import { Waiting } from '../files/waiting.ts';

/** As much tells the types of columns, and takes no time that anybody would notice. */
export const SAMPLE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 10;

export interface FileSample {
  /** Whole lines, without a byte order mark. The last one ends with a line end. */
  readonly bytes: Buffer;
  /** True if that is all of the file. */
  readonly isWhole: boolean;
  /** How the file has to be read, where its first bytes do not tell that. */
  readonly encoding: Encoding | undefined;
}

/**
 * @param bytesMax of the file's text; one line more if none ends before
 * @throws MillraceError INPUT_FILE
 */
export async function sampleOf(path: string, bytesMax = SAMPLE_BYTES): Promise<FileSample> {
  const sample = await beginningOf(path, undefined, bytesMax);
  if (isUtf8(sample.bytes)) return sample;
  // Any bytes are text there, and it is what programs write that do not write UTF-8.
  return beginningOf(path, 'windows-1252', bytesMax);
}

async function beginningOf(path: string, encoding: Encoding | undefined, bytesMax: number): Promise<FileSample> {
  const waiting = new Waiting();
  const format: FileFormat = { compression: undefined, encoding, lineEnds: 'lf' };
  const memory = lookSlot(path, new Int32Array(0));
  const window = await FileWindow.open({ path, format, position: 0, chunkBytes: bytesMax, memory }, waiting);
  try {
    for (;;) {
      const isAtEnd = (await waiting.until(() => window.extend())) === 'end';
      window.skipByteOrderMark();
      if (isAtEnd) window.endLine();
      const text = window.bytes.subarray(window.start, window.end);
      if (isAtEnd) return { bytes: Buffer.from(text), isWhole: true, encoding };
      if (text.length <= bytesMax) continue;
      const end = text.lastIndexOf(NEWLINE, bytesMax - 1) + 1 || text.indexOf(NEWLINE) + 1;
      if (end > 0) return { bytes: Buffer.from(text.subarray(0, end)), isWhole: false, encoding };
    }
  } finally {
    window.close();
  }
}
