// What the fast code of all cells of a file shares.
// Promises and relies on what csv-parser.ts does: the code stands in the block `fast`, finds the cell at bytes[at], and may use
// the variables from, to, digit, digits, byte, high and negative; bytes end with a line end, so no loop looks for the end.

/** '0': `next` is the byte behind a cell less this. */
export const ZERO = 48;
export const NEWLINE = 10;
export const RETURN = 13;
export const QUOTE = 34;

/** Leaves the record to `convert`. */
export const SLOW = (): string => 'break fast;';

/** Finds the text at `at` as bytes[from..to); `high` tells whether it is more than ASCII. */
export function csvTextCode(delimiter: number): string {
  return `high = 0;
    if (bytes[at] === ${QUOTE}) {
      from = ++at;
      while ((byte = bytes[at]) !== ${QUOTE}) { if (byte === ${NEWLINE}) break fast; high |= byte; at++; }
      to = at++;
    } else {
      from = at;
      while ((byte = bytes[at]) !== ${delimiter} && byte !== ${NEWLINE}) { high |= byte; at++; }
      to = at;
      if (byte === ${NEWLINE} && at > from && bytes[at - 1] === ${RETURN}) to = --at;
    }
    next = bytes[at] - ${ZERO};`;
}

/** The text that csvTextCode has found. */
export const CSV_TEXT = `high < 128 ? text.substring(from - base, to - base) : bytes.toString('utf8', from, to)`;
