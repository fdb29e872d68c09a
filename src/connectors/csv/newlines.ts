// Counts line ends several times faster than byte by byte: four bytes in a step.
// Relies on: bytes whose memory begins at a multiple of four, as that of allocUnsafeSlow does.

import { NEWLINE } from '../../mailbox/columns/csv-cell.ts';

const NEWLINES = NEWLINE * 0x01010101;
const LOW_BITS = 0x7f7f7f7f;
/** Words until one of four counts in a word may be full. */
const WORDS = 255;

export function countNewlines(bytes: Uint8Array, from: number, to: number): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  let count = 0;
  let at = from;
  for (; at < to && (at & 3) !== 0; at++) if (bytes[at] === NEWLINE) count++;
  const last = to >>> 2;
  let word = at >>> 2;
  while (word < last) {
    const stop = Math.min(last, word + WORDS);
    let counts = 0;
    for (; word < stop; word++) {
      const other = words[word] ^ NEWLINES;
      // The high bit of each byte that is 0 in `other`, exactly: no byte's sum runs over into the next.
      counts = (counts + (~(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS) >>> 7)) | 0;
    }
    count += (counts & 0xff) + ((counts >>> 8) & 0xff) + ((counts >>> 16) & 0xff) + (counts >>> 24);
  }
  for (at = Math.max(at, last << 2); at < to; at++) if (bytes[at] === NEWLINE) count++;
  return count;
}
