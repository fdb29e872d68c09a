// What the fast code of all cells of a file shares.
// Promises and relies on what csv-parser.ts does: the code stands in the block `fast`, finds the cell at bytes[at], and may use
// the variables from, to, digit, digits, byte, high and negative; bytes end with a line end, so no loop looks for the end.

/** '0': `next` is the byte behind a cell less this. */
export const ZERO = 48;
export const NEWLINE = 10;
export const RETURN = 13;

/** What a CSV file is written with. Characters are their codes; -1 for none. */
export interface CsvDialect {
  readonly delimiter: number;
  readonly quote: number;
  /** What is before a quote in quotes: the quote itself, or another character. */
  readonly escape: number;
  /** What is between the digits of an f64. */
  readonly decimal: number;
  /** Spaces around cells, which are left out. */
  readonly spaces: readonly number[];
}

/** True if the byte is one of some, as source text. */
export const isOneOf = (byte: string, codes: readonly number[]): string =>
  codes.map((code) => `${byte} === ${code}`).join(' || ');

/** Tells whether the cell at `at` is empty and has no quotes, as source text. */
export const isEmptyCode = (delimiter: number): string =>
  `(byte = bytes[at]) === ${delimiter} || byte === ${NEWLINE} || (byte === ${RETURN} && bytes[at + 1] === ${NEWLINE})`;

/** Leaves the record to `convert`. */
export const SLOW = (): string => 'break fast;';

/** Finds the text at `at` as bytes[from..to); `high` tells whether it is more than ASCII. */
export function csvTextCode({ delimiter, quote, escape: escaping, spaces }: CsvDialect): string {
  const escaped = escaping === quote ? '' : ` || byte === ${escaping}`;
  const trimmed = spaces.length === 0 ? '' : `while (to > from && (${isOneOf('bytes[to - 1]', spaces)})) to--;`;
  const quoted = `if (bytes[at] === ${quote}) {
      from = ++at;
      while ((byte = bytes[at]) !== ${quote}) { if (byte === ${NEWLINE}${escaped}) break fast; high |= byte; at++; }
      to = at++;
    } else `;
  return `high = 0;
    ${quote < 0 ? '' : quoted}{
      from = at;
      while ((byte = bytes[at]) !== ${delimiter} && byte !== ${NEWLINE}) { high |= byte; at++; }
      to = at;
      if (byte === ${NEWLINE} && at > from && bytes[at - 1] === ${RETURN}) to = --at;
      ${trimmed}
    }
    next = bytes[at] - ${ZERO};`;
}

/** The text that csvTextCode has found. */
export const CSV_TEXT = `high < 128 ? text.substring(from - base, to - base) : bytes.toString('utf8', from, to)`;
