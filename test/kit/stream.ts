// Goal: one stream as the runtime uses it: encoder, output, ring, reader and decoder in one thread, with explicit commits.

import { Alignment } from '../../src/mailbox/alignment.ts';
import { reuseScripts } from '../../src/mailbox/codegen.ts';
import { type Decoder, generateDecoder } from '../../src/mailbox/decoder.ts';
import {
  allocateDictionary,
  type DictionaryMemory,
  DictionaryReader,
  DictionaryWriter,
} from '../../src/mailbox/dictionary.ts';
import { type Encoder, generateEncoder } from '../../src/mailbox/encoder.ts';
import { allocateOutbox, Output, type OutputMark } from '../../src/mailbox/output.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { RingReader, startMark } from '../../src/mailbox/ring-reader.ts';
import type { Schema } from '../../src/mailbox/schema.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';

// Many streams have one schema.
reuseScripts();

export type Tuple = Record<string, unknown>;

export interface StreamOptions {
  ringBytes?: number;
  outboxBytes?: number;
  /** Where ring and readers start. */
  start?: number;
  readers?: number;
  keys?: readonly (readonly number[])[];
  dictionaryEntries?: number;
}

/** A reader and its decoder. */
export class Consumer {
  readonly reader: RingReader;
  readonly alignment: Alignment;
  readonly decoder: Decoder<Tuple>;
  private readonly dictionary: DictionaryReader;
  private readonly stream: Stream;

  constructor(stream: Stream, slot: number) {
    this.stream = stream;
    this.reader = new RingReader(new Ring(stream.ring.buffer), slot, startMark(stream.ring.released(slot)));
    this.alignment = Alignment.of(this.reader);
    this.decoder = generateDecoder<Tuple>('test', stream.schema, stream.keys.length, 0);
    this.dictionary = new DictionaryReader(stream.dictionary);
  }

  /** Reads up to `limit` tuples that are visible, and calls `visit` with the decoder positioned at each. */
  read(limit = Number.POSITIVE_INFINITY, visit?: (row: number, tuple: Tuple) => void): Tuple[] {
    const { reader, alignment, decoder } = this;
    const tuples: Tuple[] = [];
    while (tuples.length < limit && alignment.load(reader)) {
      decoder.open(reader.ring.data, reader.frameIndex, reader.count, this.dictionary);
      let row = reader.row;
      for (; row < reader.count && tuples.length < limit; row++) {
        const tuple = decoder.tupleAt(row);
        tuples.push(tuple);
        visit?.(row, tuple);
      }
      reader.advance(row);
    }
    return tuples;
  }

  release(): void {
    this.reader.release(this.reader.position, this.stream.wakeWords);
  }
}

export class Stream {
  readonly schema: Schema;
  readonly keys: readonly (readonly number[])[];
  readonly ring: Ring;
  readonly output: Output;
  readonly outbox: SharedArrayBuffer;
  readonly dictionary: DictionaryMemory;
  readonly encoder: Encoder<Tuple>;
  readonly consumers: Consumer[];
  readonly wakeWords = new WakeWords(WakeWords.allocate(2));
  readonly committed: OutputMark;

  constructor(schema: Schema, options: StreamOptions = {}) {
    const start = (options.start ?? 0) | 0;
    const readers = options.readers ?? 1;
    this.schema = schema;
    this.keys = options.keys ?? [];
    this.ring = new Ring(Ring.allocate(options.ringBytes ?? 1 << 16));
    this.ring.publish(start);
    for (let slot = 0; slot < readers; slot++) this.ring.activate(slot, start);
    this.committed = { head: start, outboxStart: 0, outboxEnd: 0 };
    this.outbox = allocateOutbox(options.outboxBytes ?? 1 << 24);
    this.output = new Output('test', this.ring, this.outbox, this.committed);
    this.dictionary = allocateDictionary(options.dictionaryEntries);
    this.encoder = generateEncoder<Tuple>(
      'test',
      schema,
      this.keys,
      this.output,
      new DictionaryWriter(this.dictionary),
    );
    this.consumers = Array.from({ length: readers }, (_, slot) => new Consumer(this, slot));
  }

  emitAll(tuples: readonly Tuple[]): void {
    for (const tuple of tuples) this.encoder.emit(tuple);
  }

  commit(): void {
    this.encoder.flush();
    this.output.save(this.committed);
    this.output.publish(this.committed.head, this.wakeWords);
  }

  rollback(): void {
    this.encoder.discard();
    this.output.restore(this.committed);
  }

  /** Output and encoder of a thread that takes over from the last commit. */
  adopt(): { output: Output; encoder: Encoder<Tuple> } {
    const output = new Output('test', new Ring(this.ring.buffer), this.outbox, this.committed);
    const writer = new DictionaryWriter(this.dictionary);
    return { output, encoder: generateEncoder<Tuple>('test', this.schema, this.keys, output, writer) };
  }

  /** Drains and reads until nothing more comes; every step releases. */
  readToEnd(consumer = this.consumers[0]): Tuple[] {
    const tuples: Tuple[] = [];
    for (;;) {
      const part = consumer.read();
      consumer.release();
      tuples.push(...part);
      if (this.output.drain()) this.commit();
      else if (part.length === 0) return tuples;
    }
  }
}

/** The kind, words and rows of all frames from the reader's position to what is published. */
export function framesOf(ring: Ring, from: number): { kind: number; words: number; rows: number; position: number }[] {
  const frames: { kind: number; words: number; rows: number; position: number }[] = [];
  for (let position = from; position !== ring.published(); ) {
    const at = (position & ring.mask) << 1;
    const words = ring.data.i32[at];
    frames.push({ kind: ring.data.i32[at + 1], words, rows: ring.data.i32[at + 2], position });
    position = (position + words) | 0;
  }
  return frames;
}
