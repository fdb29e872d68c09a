// A bad record as its dead letter shows it.

/** Of a bad record. */
const SHOWN_CHARACTERS_MAX = 1000;

/** The text of a record without its line end, and only the beginning of a long one. */
export function shownText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, Math.min(end, start + 4 * SHOWN_CHARACTERS_MAX)).replace(/\r?\n$/, '');
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}
