// Cases of readers that come while the writer writes: the reader that holds the position activates the new one's slot there, then
// releases. Ring, Output, RingReader, encoder and decoder are the real ones; nobody parks.

import { Alignment } from '../../../src/mailbox/alignment.ts';
import { generateDecoder } from '../../../src/mailbox/decoder.ts';
import { generateEncoder } from '../../../src/mailbox/encoder.ts';
import { allocateOutbox, Output } from '../../../src/mailbox/output.ts';
import { RING_BYTES_MIN, Ring } from '../../../src/mailbox/ring.ts';
import { RingReader, startMark } from '../../../src/mailbox/ring-reader.ts';
import { Schema, t } from '../../../src/mailbox/schema.ts';
import { WakeWords } from '../../../src/mailbox/wake.ts';
import { ringCells, smallRing, wakeCells } from '../cell-names.ts';
import type { ExplorerCase, Scene } from '../scene.ts';
import { threadScene } from '../thread-scene.ts';
import { expectNext, type Kept } from './flows.ts';

const NUMBERS = Schema.of({ n: t.u32() }, 'numbers');
const RING_WORDS = 8;
const FRAME_WORDS = 4;
/** Frames that fill the ring before anybody runs, and those that the writer goes on with. */
const FRAMES_BEFORE = 2;
const FRAMES_AFTER = 2;
const START = -FRAME_WORDS;

/** What writes frames of one number. */
export interface Writing {
  readonly output: Output;
  readonly wakeWords: WakeWords;
  /** Writes a frame. */
  put(n: number): void;
  publish(): void;
  /** Both. */
  write(n: number): void;
}

export function writing(
  ring: Ring,
  outbox: SharedArrayBuffer,
  head: number,
  wakeWords: WakeWords,
  isOrdered = false,
): Writing {
  const mark = { head, outboxStart: 0, outboxEnd: 0 };
  const output = new Output('writer', ring, outbox, mark);
  const encoder = generateEncoder<{ n: number }>('writer', NUMBERS, [], output, undefined, undefined, isOrdered);
  const publish = (): void => {
    output.save(mark);
    output.publish(mark.head, wakeWords);
  };
  const put = (n: number): void => {
    encoder.emit({ n });
    encoder.flush();
  };
  const write = (n: number): void => {
    put(n);
    publish();
  };
  return { output, wakeWords, put, publish, write };
}

/** Reads the next frame, which must hold the next number. Returns false if there is none. */
export function readNext(reader: RingReader, kept: Kept, name: string, alignment = Alignment.of(reader)): boolean {
  if (!alignment.load(reader)) return false;
  const decoder = generateDecoder<{ n: number }>(name, NUMBERS, 0, 0);
  decoder.open(reader.ring.data, reader.frameIndex, reader.count, undefined);
  expectNext(kept, name, decoder.tupleAt(0).n);
  reader.advance(reader.count);
  return true;
}

/** @param holding the slot of the reader that holds the position; @param coming that of the one that comes */
function activationScene(holding: number, coming: number): Scene {
  const buffer = smallRing(Ring.allocate(RING_BYTES_MIN), RING_WORDS, START);
  const wakeBuffer = WakeWords.allocate(1);
  const outbox = allocateOutbox(1 << 12);
  const ring = new Ring(buffer);
  ring.activate(holding, START);
  const before = writing(ring, outbox, START, new WakeWords(wakeBuffer));
  for (let n = 1; n <= FRAMES_BEFORE; n++) before.write(n);
  const head = (START + FRAMES_BEFORE * FRAME_WORDS) | 0;
  // As a reader has left the slot that had it before, and had read all.
  ring.release(coming, head);

  /** The new reader is told by the word of its host that it may begin. */
  const BEGUN = 1;
  const threads = {
    writer: () => {
      const { output, write } = writing(new Ring(buffer), outbox, head, new WakeWords(wakeBuffer));
      for (let n = FRAMES_BEFORE + 1; n <= FRAMES_BEFORE + FRAMES_AFTER; n++) {
        if (!output.hasRoom(FRAME_WORDS)) return;
        write(n);
      }
    },
    holder: () => {
      const kept: Kept = {};
      const wakeWords = new WakeWords(wakeBuffer);
      const held = new Ring(buffer);
      const reader = new RingReader(held, holding, startMark(START));
      readNext(reader, kept, 'holder');
      held.activate(coming, START);
      held.setReaderHost(coming, BEGUN);
      reader.release(reader.position, wakeWords);
      while (readNext(reader, kept, 'holder')) reader.release(reader.position, wakeWords);
    },
    comer: () => {
      const kept: Kept = {};
      const wakeWords = new WakeWords(wakeBuffer);
      const held = new Ring(buffer);
      if (held.readerHost(coming) !== BEGUN) return;
      const reader = new RingReader(held, coming, startMark(START));
      while (readNext(reader, kept, 'comer')) reader.release(reader.position, wakeWords);
    },
  };
  return threadScene({
    buffers: {
      ring: [buffer, ringCells('ring', buffer, 2)],
      wake: [wakeBuffer, wakeCells(wakeBuffer, ['nobody'])],
      outbox,
    },
    threads,
  });
}

export const activationCases: readonly ExplorerCase[] = [
  {
    name: 'reader comes',
    title:
      'a reader is activated in a slot above that of the one that holds its position, while the writer fills what is released',
    scene: () => activationScene(0, 1),
  },
  {
    name: 'reader comes below',
    title: 'the same, in a slot below',
    scene: () => activationScene(1, 0),
  },
];
