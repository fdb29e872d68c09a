// Both ends of the rings of an actor that is tested: what is put into its input, and what has been committed of its output.
// Promises: tuples are validated as those of any operator; of a list that does not fit none is put in. A tap sees
// committed tuples only, and releases what it has seen.

import type { OutputMemory, RingMemory } from '../actors/actor-descriptor.ts';
import { outputPort } from '../actors/output-port.ts';
import { type Stage, stageName } from '../flow/plan.ts';
import { Alignment } from '../mailbox/alignment.ts';
import { generate } from '../mailbox/codegen.ts';
import { type Decoder, generateDecoder } from '../mailbox/decoder.ts';
import { DictionaryReader } from '../mailbox/dictionary.ts';
import { type Encoder, validationCode } from '../mailbox/encoder.ts';
import type { Output } from '../mailbox/output.ts';
import { Ring } from '../mailbox/ring.ts';
import { RingReader, startMark } from '../mailbox/ring-reader.ts';
import type { WakeWords } from '../mailbox/wake.ts';

/** Takes all tuples that are committed to a ring. */
export class RingTap<Tuple> {
  private readonly reader: RingReader;
  private readonly alignment: Alignment;
  private readonly decoder: Decoder<Tuple>;
  private readonly dictionary: DictionaryReader | undefined;
  private readonly wakeWords: WakeWords;

  constructor({ ring, dictionary }: RingMemory, decoder: Decoder<Tuple>, host: number, wakeWords: WakeWords) {
    const read = new Ring(ring);
    read.setReaderHost(0, host);
    this.reader = new RingReader(read, 0, startMark());
    this.alignment = Alignment.of(this.reader);
    this.decoder = decoder;
    this.dictionary = dictionary && new DictionaryReader(dictionary);
    this.wakeWords = wakeWords;
  }

  /** The tuples since the last call. */
  take(): Tuple[] {
    const { reader, alignment, decoder } = this;
    const tuples: Tuple[] = [];
    while (alignment.load(reader)) {
      decoder.open(reader.ring.data, reader.frameIndex, reader.count, this.dictionary);
      for (let row = 0; row < reader.count; row++) tuples.push(decoder.tupleAt(row));
      reader.advance(reader.count);
    }
    reader.release(reader.position, this.wakeWords);
    return tuples;
  }
}

/** A tap on the output of a stage, whose frames carry no hashes. */
export const outputTap = (stage: Stage, memory: RingMemory, host: number, wakeWords: WakeWords): RingTap<unknown> =>
  new RingTap(memory, generateDecoder(`${stageName(stage)}/emitted`, stage.outputs[0].schema, 0, 0), host, wakeWords);

/** Writes the input of an actor, as the operator before it would. */
export class InputFeed {
  private readonly output: Output;
  private readonly encoder: Encoder;
  private readonly validate: (tuple: unknown) => void;
  private readonly mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  private readonly wakeWords: WakeWords;

  constructor(stage: Stage, memory: OutputMemory, host: number, wakeWords: WakeWords) {
    const name = stageName(stage);
    const { schema } = stage.outputs[0];
    this.wakeWords = wakeWords;
    const { output, encoder } = outputPort(name, stage.outputs[0], memory, this.mark);
    output.ring.setWriterHost(host);
    this.output = output;
    this.encoder = encoder;
    // The encoder compares the names of some tuples only.
    const { code, constants } = validationCode(schema, name);
    this.validate = generate(`${name}/fed`, constants, `return (tuple) => { ${code} checkNames(tuple); };`);
  }

  /**
   * Puts tuples in, all or none.
   * @throws MillraceError BAD_VALUE, UNKNOWN_FIELD, TUPLE_TOO_LARGE, OUTBOX_FULL
   */
  push(tuples: readonly unknown[]): void {
    for (const tuple of tuples) this.validate(tuple);
    try {
      for (const tuple of tuples) this.encoder.emit(tuple);
      this.encoder.flush();
    } catch (error) {
      this.encoder.discard();
      this.output.restore(this.mark);
      throw error;
    }
    this.publish();
  }

  end(): void {
    this.output.writeEnd();
    this.publish();
  }

  /** Moves on what had no room. Returns true if anything moved. */
  drain(): boolean {
    const moved = this.output.drain();
    if (moved) this.publish();
    return moved;
  }

  private publish(): void {
    this.output.save(this.mark);
    this.output.publish(this.mark.head, this.wakeWords);
  }
}
