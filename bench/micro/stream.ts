// A stream without threads: an encoder and its ring, which nobody holds back, and a decoder.

import {
  allocateOutbox,
  type Decoder,
  type Encoder,
  generateDecoder,
  generateEncoder,
  Output,
  Ring,
  RingReader,
  type Schema,
  startMark,
  WakeWords,
} from './internals.ts';
import type { Tuple } from './tuples.ts';

/** That of a job. */
export const RING_BYTES = 2 ** 21;
const OUTBOX_BYTES = 2 ** 20;

export class Stream {
  readonly output: Output;
  readonly encoder: Encoder<Tuple>;
  readonly mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  private readonly ring = new Ring(Ring.allocate(RING_BYTES));
  private readonly schema: Schema;
  private readonly wakeWords = new WakeWords(WakeWords.allocate(1));

  /** @param name of its own for each stream: generated code of one name shares what V8 has learned of it */
  constructor(name: string, schema: Schema) {
    this.schema = schema;
    this.output = new Output(name, this.ring, allocateOutbox(OUTBOX_BYTES), this.mark);
    this.encoder = generateEncoder<Tuple>(name, schema, [], this.output, undefined);
  }

  /** Writes what was emitted as one frame, and publishes it. */
  publish(): void {
    this.encoder.flush();
    this.output.save(this.mark);
    this.output.publish(this.mark.head, this.wakeWords);
  }

  /** A decoder that stands at a frame of these tuples, and how to place it there again. */
  decoderAt(name: string, tuples: readonly Tuple[]): { readonly decoder: Decoder<Tuple>; readonly open: () => void } {
    this.ring.activate(0, this.mark.head);
    const reader = new RingReader(this.ring, 0, startMark(this.mark.head));
    for (const tuple of tuples) this.encoder.emit(tuple);
    this.publish();
    if (reader.load() === undefined || reader.count !== tuples.length)
      throw new Error(`${name}: the tuples are not in one frame`);
    const decoder = generateDecoder<Tuple>(name, this.schema, 0, 0);
    const { data } = this.ring;
    const { frameIndex, count } = reader;
    return { decoder, open: () => decoder.open(data, frameIndex, count, undefined) };
  }
}
