// A sketch of how many different values there were: HyperLogLog (Flajolet et al., 2007), with the estimator of Ertl (2017, "New
// cardinality estimation algorithms for HyperLogLog sketches", algorithm 6), which needs no correction by tables.
// Promises: merging is idempotent and free of order; the bytes of a sketch are bounded; few values are counted exactly.

/** Bits of a hash that a value's rank is found in. */
const RANK_BITS = 21;
/** Values up to which hashes are kept as they are, each as one double. */
const EXACT_MAX = 256;

const HASH_BYTES = Float64Array.BYTES_PER_ELEMENT;
const ALPHA = 1 / (2 * Math.LN2);

function sigma(share: number): number {
  let x = share;
  if (x === 1) return Number.POSITIVE_INFINITY;
  let y = 1;
  let z = x;
  for (let before = Number.NaN; before !== z; ) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(share: number): number {
  let x = share;
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  for (let before = Number.NaN; before !== z; ) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

export class HyperLogLog {
  private readonly bits: number;
  /** The hashes of the first values, of 32 and {@link RANK_BITS} bits. */
  private exact: Set<number> | undefined = new Set();
  private registers: Uint8Array | undefined;

  /** @param bits log2 of the number of registers */
  constructor(bits: number) {
    this.bits = bits;
  }

  /** Takes in a value by its two hashes. */
  add(first: number, second: number): void {
    this.addHash((first >>> 0) * 2 ** RANK_BITS + (second >>> (32 - RANK_BITS)));
  }

  private addHash(hash: number): void {
    const { exact } = this;
    if (exact === undefined) {
      this.register(hash);
      return;
    }
    exact.add(hash);
    if (exact.size > EXACT_MAX) this.spread();
  }

  /** Goes over from hashes to registers. */
  private spread(): Uint8Array {
    const { exact } = this;
    this.registers ??= new Uint8Array(2 ** this.bits);
    this.exact = undefined;
    for (const hash of exact ?? []) this.register(hash);
    return this.registers;
  }

  private register(hash: number): void {
    const registers = this.registers as Uint8Array;
    const index = Math.floor(hash / 2 ** RANK_BITS) >>> (32 - this.bits);
    // The bit behind the last one bounds the rank.
    const rest = ((hash % 2 ** RANK_BITS) << (32 - RANK_BITS)) | (1 << (31 - RANK_BITS));
    const rank = Math.clz32(rest) + 1;
    if (rank > registers[index]) registers[index] = rank;
  }

  merge(other: HyperLogLog): void {
    if (other.registers === undefined) {
      for (const hash of other.exact ?? []) this.addHash(hash);
      return;
    }
    const registers = this.registers ?? this.spread();
    other.registers.forEach((rank, index) => {
      if (rank > registers[index]) registers[index] = rank;
    });
  }

  /** About how many different values there were. */
  get estimate(): number {
    const { registers, exact } = this;
    if (registers === undefined) return exact?.size ?? 0;
    const count = registers.length;
    const ofRank = new Float64Array(RANK_BITS + 2);
    for (const rank of registers) ofRank[rank]++;
    let z = count * tau(1 - ofRank[RANK_BITS + 1] / count);
    for (let rank = RANK_BITS; rank >= 1; rank--) z = 0.5 * (z + ofRank[rank]);
    z += count * sigma(ofRank[0] / count);
    return Math.round((ALPHA * count * count) / z);
  }

  /** Hashes behind a byte 0, or registers behind a byte 1. */
  toBytes(): Uint8Array {
    const { registers, exact } = this;
    if (registers !== undefined) {
      const bytes = new Uint8Array(1 + registers.length);
      bytes[0] = 1;
      bytes.set(registers, 1);
      return bytes;
    }
    // In order, so that equal sketches have equal bytes.
    const hashes = Float64Array.from(exact ?? []).sort();
    const bytes = new Uint8Array(1 + hashes.byteLength);
    bytes.set(new Uint8Array(hashes.buffer), 1);
    return bytes;
  }

  static fromBytes(bits: number, bytes: Uint8Array): HyperLogLog {
    const sketch = new HyperLogLog(bits);
    if (bytes.length === 0) return sketch;
    const rest = bytes.slice(1);
    if (bytes[0] === 1) {
      sketch.exact = undefined;
      sketch.registers = rest;
    } else sketch.exact = new Set(new Float64Array(rest.buffer, 0, rest.length / HASH_BYTES));
    return sketch;
  }
}
