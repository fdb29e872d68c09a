// Tuples of a ring for whoever is no actor: the app's outputs and dead letters, and tests.
// Promises: committed tuples only, each once, in order, a frame at a time; fences are kept to (alignment.ts). What has been read is
// held until it is released.
// Relies on: readers of one stage share an alignment, and no two have one slot of a ring.

import { Alignment } from './alignment.ts';
import type { Decoder } from './decoder.ts';
import { type DictionaryMemory, DictionaryReader } from './dictionary.ts';
import { Ring } from './ring.ts';
import { RingReader, startMark } from './ring-reader.ts';
import { StampReader } from './stamps.ts';
import type { WakeWords } from './wake.ts';

/** A ring, and the slot of its reader. */
export interface ReadRing {
  readonly memory: { readonly ring: SharedArrayBuffer; readonly dictionary: DictionaryMemory | undefined };
  readonly slot: number;
  /** Which of the streams that are read it belongs to. */
  readonly upstream: number;
  /** True if nobody writes it at first. */
  readonly isSilent?: boolean;
  /** True if the replicas that write the stream keep an order together. */
  readonly isOrdered?: boolean;
}

export class TupleReader<Tuple> {
  private readonly reader: RingReader;
  private readonly decoder: Decoder<Tuple>;
  private readonly dictionary: DictionaryReader | undefined;
  private alignment: Alignment;

  /** @param from the position of its first frame */
  constructor({ memory, slot }: Pick<ReadRing, 'memory' | 'slot'>, decoder: Decoder<Tuple>, from = 0) {
    this.reader = new RingReader(new Ring(memory.ring), slot, startMark(from));
    this.decoder = decoder;
    this.dictionary = memory.dictionary && new DictionaryReader(memory.dictionary);
    this.alignment = Alignment.of(this.reader);
  }

  /**
   * Readers of all rings of one stage.
   * @param decoders by upstream
   * @param from where each ring begins; by default at 0
   */
  static ofStage<Tuple>(
    rings: readonly ReadRing[],
    decoders: readonly Decoder<Tuple>[],
    from: readonly number[] = [],
  ): TupleReader<Tuple>[] {
    const readers = rings.map((ring, i) => new TupleReader(ring, decoders[ring.upstream], from[i]));
    for (const [i, { reader }] of readers.entries()) {
      if (rings[i].isSilent === true) reader.place = Number.POSITIVE_INFINITY;
    }
    const alignment = new Alignment(
      readers.map(({ reader }, i) => ({ reader, upstream: rings[i].upstream, isOrdered: rings[i].isOrdered })),
    );
    for (const reader of readers) reader.alignment = alignment;
    return readers;
  }

  /** The host is woken when there is something to read. */
  readOn(host: number): this {
    const { ring, slot } = this.reader;
    ring.setReaderHost(slot, host);
    return this;
  }

  /** Everything before it is read. */
  get position(): number {
    return this.reader.position;
  }

  /** What says how long its tuples are under way. */
  stamps(): StampReader {
    return new StampReader(this.reader.ring);
  }

  /** True once the end of the stream has been read. */
  get hasEnded(): boolean {
    return this.reader.ended;
  }

  /** True if nothing more comes, unless another replica hands groups over to the ring's writer, or has. */
  get isOver(): boolean {
    return this.reader.isOver;
  }

  /** True if everything that is published is read. */
  get hasReadAll(): boolean {
    return this.reader.position === this.reader.ring.published();
  }

  hasInput(): boolean {
    return this.alignment.hasInput(this.reader);
  }

  /** The tuples of the next frame; undefined if there is none now. */
  next(): Tuple[] | undefined {
    const { reader, decoder } = this;
    if (!this.alignment.load(reader)) return undefined;
    decoder.open(reader.ring.data, reader.frameIndex, reader.count, this.dictionary);
    const tuples = decoder.tuples();
    reader.advance(reader.count);
    return tuples;
  }

  /** Calls `take` with each tuple that there is, and releases them. Returns true if anything was read. */
  drain(take: (tuple: Tuple) => void, wakeWords: WakeWords): boolean {
    const from = this.position;
    for (let tuples = this.next(); tuples !== undefined; tuples = this.next()) {
      for (const tuple of tuples) take(tuple);
    }
    this.release(wakeWords);
    return this.position !== from;
  }

  /** Gives what has been read back to the writer. */
  release(wakeWords: WakeWords): void {
    this.reader.release(this.reader.position, wakeWords);
  }

  /** Reads no more: the writer waits for this reader no longer. */
  leave(wakeWords: WakeWords): void {
    const { ring, slot } = this.reader;
    ring.deactivate(slot);
    wakeWords.wake(ring.writerHost());
  }
}
