// Which plain accesses each thread is sure to come after: the part of "happens before" that decides about data races.
// Promises: an access is a race if, and only if, nothing orders it after a conflicting one: no chain of atomic stores and of loads
// that read them. Knowledge is a small number, so it is part of a state like any value.
// The method is that of locksets over happens-before (Elmas, Qadeer, Tasiran: Goldilocks, PLDI 2007): for the last write of a cell,
// and the last read of each thread, the set of threads and atomic cells that the knowledge of it has come to.

/** What an atomic operation does to its cell. */
export const Synchronization = { load: 0, store: 1, modify: 2 } as const;
export type Synchronization = (typeof Synchronization)[keyof typeof Synchronization];

interface Knowledge {
  /** The thread that wrote last; -1 for none. */
  readonly writer: number;
  /** Who knows of that write: bits of threads, and above them of atomic cells. */
  readonly ofWrite: bigint;
  /** For each thread, who knows of its last read since that write; 0 if it has not read. */
  readonly ofReads: readonly bigint[];
}

export const UNTOUCHED = 0;
export const RACE = -1;

export class HappensBefore {
  private readonly threads: number;
  private readonly knowledge: Knowledge[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly followers = new Map<number, number>();

  constructor(threads: number) {
    this.threads = threads;
    this.numberOf({ writer: -1, ofWrite: 0n, ofReads: new Array(threads).fill(0n) });
  }

  private numberOf(knowledge: Knowledge): number {
    const key = `${knowledge.writer} ${knowledge.ofWrite} ${knowledge.ofReads.join(' ')}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.knowledge.length;
      this.knowledge.push(knowledge);
      this.numbers.set(key, number);
    }
    return number;
  }

  private follow(
    kind: number,
    number: number,
    thread: number,
    cell: number,
    next: () => Knowledge | typeof RACE,
  ): number {
    const key = ((number * 8 + kind) * 16 + thread) * 4096 + cell;
    let follower = this.followers.get(key);
    if (follower === undefined) {
      const knowledge = next();
      follower = knowledge === RACE ? RACE : this.numberOf(knowledge);
      this.followers.set(key, follower);
    }
    return follower;
  }

  private readonly bitOf = (thread: number): bigint => 1n << BigInt(thread);

  /** A plain read. Returns the new knowledge, or RACE. */
  read(number: number, thread: number): number {
    return this.follow(3, number, thread, 0, () => {
      const { writer, ofWrite, ofReads } = this.knowledge[number];
      const bit = this.bitOf(thread);
      if (writer >= 0 && (ofWrite & bit) === 0n) return RACE;
      return { writer, ofWrite, ofReads: ofReads.map((known, reader) => (reader === thread ? bit : known)) };
    });
  }

  /** A plain write. Returns the new knowledge, or RACE. */
  write(number: number, thread: number): number {
    return this.follow(4, number, thread, 0, () => {
      const { writer, ofWrite, ofReads } = this.knowledge[number];
      const bit = this.bitOf(thread);
      if (writer >= 0 && (ofWrite & bit) === 0n) return RACE;
      if (ofReads.some((known) => known !== 0n && (known & bit) === 0n)) return RACE;
      return { writer: thread, ofWrite: bit, ofReads: new Array(this.threads).fill(0n) };
    });
  }

  /** Who was the last to write, for a message. */
  writerOf(number: number): number {
    return this.knowledge[number].writer;
  }

  /** An atomic operation of a thread on the atomic cell `cell`, numbered from 0. */
  synchronize(number: number, kind: Synchronization, thread: number, cell: number): number {
    return this.follow(kind, number, thread, cell, () => {
      const { writer, ofWrite, ofReads } = this.knowledge[number];
      const threadBit = this.bitOf(thread);
      const cellBit = this.bitOf(this.threads + cell);
      const spread = (known: bigint): bigint => {
        let to = known;
        if (kind !== Synchronization.store && (to & cellBit) !== 0n) to |= threadBit;
        if (kind !== Synchronization.load) to = (to & threadBit) === 0n ? to & ~cellBit : to | cellBit;
        return to;
      };
      return { writer, ofWrite: spread(ofWrite), ofReads: ofReads.map(spread) };
    });
  }
}
