// Follows quotes and line ends through the bytes of a CSV file, without cutting records into fields.
// Promises: record ends are those of csv-record.ts for records within the longest length, whatever is wrong with them; a longer one,
// which is given up at its first line, is noticed and not followed.

import { NEWLINE } from '../../mailbox/columns/csv-cell.ts';
import type { CsvText } from './csv-settings.ts';

/** Not in quotes: within a field, at its start, or at a record's. */
const OUTSIDE = 0;
const QUOTED = 1;
/** Behind a quote in quotes: the closing one, or the first of two. */
const CLOSING = 2;
/** Behind the closing quote of a field that does not end there: the record ends with the line. */
const TAIL = 3;
/** Behind an escape that is not the quote itself, in quotes. */
const ESCAPED = 4;
/** Behind the closing quote, and behind spaces that are left out. */
const SPACED = 5;

export class QuoteTrack {
  /** Where the record in work begins in the file; -1 if it began in front of the bytes. */
  recordStart: number;
  /** Where the first record ends that ends in the bytes; -1 if none does. */
  firstEnd = -1;
  /** True if a record that begins and ends in the bytes is longer than records may be. */
  isTooLong = false;
  readonly #dialect: CsvText;
  readonly #recordBytesMax: number;
  #state: number;
  #previous = NEWLINE;

  /**
   * @param start where the bytes begin in the file, behind a line end or at its beginning
   * @param isQuoted whether they begin in quotes
   */
  constructor(dialect: CsvText, recordBytesMax: number, start: number, isQuoted: boolean) {
    this.#dialect = dialect;
    this.#recordBytesMax = recordBytesMax;
    this.#state = isQuoted ? QUOTED : OUTSIDE;
    this.recordStart = isQuoted ? -1 : start;
  }

  get isQuoted(): boolean {
    return this.#state === QUOTED;
  }

  /** True if both stand at the same place of the same record: from there on they do the same. */
  meets(other: QuoteTrack): boolean {
    return this.#state === other.#state && this.recordStart === other.recordStart;
  }

  /** Takes the bytes[from..to). `origin` is where bytes[0] stands in the file. */
  take(bytes: Uint8Array, from: number, to: number, origin: number): void {
    const { delimiter, quote, escape: escaping, comment, spaces } = this.#dialect;
    const isTrimmed = spaces.length > 0;
    let at = from;
    let state = this.#state;
    let previous = this.#previous;
    while (at < to) {
      if (state === QUOTED) {
        if (escaping === quote) while (at < to && bytes[at] !== quote) at++;
        else while (at < to && bytes[at] !== quote && bytes[at] !== escaping) at++;
        if (at === to) break;
        state = bytes[at++] === quote ? CLOSING : ESCAPED;
      } else if (state === ESCAPED) {
        if (bytes[at] === quote || bytes[at] === escaping) at++;
        state = QUOTED;
      } else if (state === CLOSING) {
        const byte = bytes[at++];
        if (byte === NEWLINE) this.#end(origin + at);
        previous = byte;
        if (byte === delimiter || byte === NEWLINE) state = OUTSIDE;
        else if (byte === quote && escaping === quote) state = QUOTED;
        else state = isTrimmed && spaces.includes(byte) ? SPACED : TAIL;
      } else if (state === SPACED) {
        const byte = bytes[at++];
        if (byte === NEWLINE) this.#end(origin + at);
        previous = byte;
        if (byte === delimiter || byte === NEWLINE) state = OUTSIDE;
        else if (!spaces.includes(byte)) state = TAIL;
      } else if (state === TAIL) {
        while (at < to && bytes[at] !== NEWLINE) at++;
        if (at === to) break;
        at++;
        this.#end(origin + at);
        previous = NEWLINE;
        state = OUTSIDE;
      } else {
        for (; at < to; at++) {
          const byte = bytes[at];
          if (byte === NEWLINE) this.#end(origin + at + 1);
          // A quote opens a field only at its start.
          else if (byte === quote && (previous === delimiter || previous === NEWLINE)) {
            state = QUOTED;
            break;
          } else if (byte === comment && origin + at === this.recordStart) {
            state = TAIL;
            break;
          }
          if (isTrimmed && (previous === delimiter || previous === NEWLINE) && spaces.includes(byte)) continue;
          previous = byte;
        }
        at++;
      }
    }
    this.#state = state;
    this.#previous = previous;
  }

  /** The same for bytes without a quote. */
  takePlain(bytes: Buffer, from: number, to: number, origin: number): void {
    const { quote, escape: escaping, spaces } = this.#dialect;
    if (from === to || (this.#state === QUOTED && escaping === quote)) return;
    if (this.#state !== OUTSIDE || spaces.length > 0 || to - from > this.#recordBytesMax) {
      this.take(bytes, from, to, origin);
      return;
    }
    const last = bytes.lastIndexOf(NEWLINE, to - 1);
    if (last >= from) {
      // The record in work ends with the first line end; those behind it are single lines, none of them too long.
      this.#end(origin + bytes.indexOf(NEWLINE, from) + 1);
      this.recordStart = origin + last + 1;
    }
    this.#previous = bytes[to - 1];
  }

  #end(end: number): void {
    if (this.firstEnd < 0) this.firstEnd = end;
    if (this.recordStart >= 0 && end - this.recordStart > this.#recordBytesMax) this.isTooLong = true;
    this.recordStart = end;
  }
}
