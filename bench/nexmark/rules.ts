// The numbers of the queries' rules, for loops and flows alike. Times are event time in milliseconds.

/** A watermark is the largest time of its partition minus this. */
export const BOUND_MS = 4000;
/** What q12_allowed lets be later than that. */
export const ALLOWED_MS = 6000;

export const LOCAL_CATEGORY = 10;
export const LOCAL_STATES: ReadonlySet<string> = new Set(['OR', 'ID', 'CA']);
export const SELECTED_MODULO = 123;
export const SIDE_MODULO = 500;

export const WINDOW_MS = 10_000;
export const HOT_STEP_MS = 2000;
export const SESSION_GAP_MS = 10_000;
export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;
export const WORDS_MS = 30_000;
export const INTERVAL_MS = 5000;

export const LAST_AUCTIONS = 10;
export const TOP_BIDS = 10;

/** Exact: price times 908 is below 2^53. */
export const inEuros = (price: number): number => Math.floor((price * 908) / 1000);

/** 0 to 2 for ranks 1 to 3. */
export const rankOf = (price: number): number => (price < 10_000 ? 0 : price < 1_000_000 ? 1 : 2);

/** What ranks a bid. */
export interface Ranked {
  readonly seq: number;
  readonly price: number;
  readonly dateTime: number;
}

/** A higher price, or an earlier one of the same price. */
export function isBetter(one: Ranked, other: Ranked): boolean {
  if (one.price !== other.price) return one.price > other.price;
  return one.dateTime === other.dateTime ? one.seq < other.seq : one.dateTime < other.dateTime;
}

export const windowStart = (timeMs: number, sizeMs: number): number => Math.floor(timeMs / sizeMs) * sizeMs;

/** Longest runs of ASCII letters and apostrophes, which become lower case: other letters separate. */
export const WORD = /[A-Za-z']+/g;

/** A cell as it stands in a CSV file. */
export const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
