// The transfers of the bank benchmark: the same for all contenders.

const CENTS_MAX = 100;

interface Transfer {
  readonly source: number;
  /** Never the source. */
  readonly target: number;
  readonly cents: number;
}

/** An integer of 32 bits that looks drawn at random. */
function scattered(n: number): number {
  const first = Math.imul(n ^ (n >>> 16), 0x45d9f3b);
  return (first ^ (first >>> 16)) >>> 0;
}

/** Transfer number `n` between `accounts` accounts. */
export function transferOf(n: number, accounts: number): Transfer {
  const source = scattered(2 * n + 1) % accounts;
  const target = (source + 1 + (scattered(2 * n + 2) % (accounts - 1))) % accounts;
  return { source, target, cents: 1 + (n % CENTS_MAX) };
}
