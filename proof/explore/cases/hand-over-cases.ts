// Cases of hand-overs: a replica gives key groups to another one, while both read, and at every step of which either may crash.

import { Alignment } from '../../../src/mailbox/alignment.ts';
import { allocateOutbox } from '../../../src/mailbox/output.ts';
import { RING_BYTES_MIN, Ring, takenBy } from '../../../src/mailbox/ring.ts';
import { RingReader, startMark } from '../../../src/mailbox/ring-reader.ts';
import { WakeWords } from '../../../src/mailbox/wake.ts';
import { ringCells, smallRing, ticketOf, wakeCells } from '../cell-names.ts';
import { handOverScene } from '../hand-over-scene.ts';
import { partitionScene } from '../partition-scene.ts';
import type { ExplorerCase, Scene } from '../scene.ts';
import type { ThreadContext } from '../thread-graph.ts';
import { threadScene } from '../thread-scene.ts';
import { readNext, type Writing, writing } from './activation-cases.ts';
import type { Kept } from './flows.ts';

/** Keys whose groups are the giver's. */
const MOVED = 1;
const KEPT = 2;

const READER_HOST = 0;
export const HAND_OVER = 1;

/** Waits as hosts do: it announces, looks again, and sleeps. All that changes meanwhile is in `held`. */
async function until(
  { turn }: ThreadContext,
  wakeWords: WakeWords,
  host: number,
  held: unknown,
  check: () => boolean,
): Promise<void> {
  while (!check()) {
    turn(held);
    const ticket = wakeWords.announcePark(host);
    if (!check()) await wakeWords.sleep(host, ticket, undefined);
    wakeWords.stayAwake(host);
  }
}

/**
 * Rings of giver and receiver, what `writes` writes into them, and a reader of both that expects 1, 2, … up to `count`.
 * @param check is called before each read; it may throw
 * @param isOrdered true if the rings are of replicas that keep an order together
 */
export function readerScene(
  count: number,
  names: readonly string[],
  writes: (rings: readonly Writing[]) => void,
  check: (kept: Kept, alignment: Alignment) => void = () => {},
  isOrdered = false,
): Scene {
  const rings = names.map(() => {
    const buffer = smallRing(Ring.allocate(RING_BYTES_MIN, 1), 16, 0);
    new Ring(buffer).activate(0, 0);
    return buffer;
  });
  const outboxes = names.map(() => allocateOutbox(1 << 12));
  const wakeBuffer = WakeWords.allocate(1);
  const threads = {
    replicas: () =>
      writes(rings.map((ring, i) => writing(new Ring(ring), outboxes[i], 0, new WakeWords(wakeBuffer), isOrdered))),
    reader: async (context: ThreadContext) => {
      const kept: Kept = {};
      const readers = rings.map((ring) => new RingReader(new Ring(ring), 0, startMark()));
      const alignment = new Alignment(readers.map((reader) => ({ reader, upstream: 0, isOrdered })));
      await until(context, new WakeWords(wakeBuffer), READER_HOST, [readers, kept], () => {
        for (const reader of readers) {
          do check(kept, alignment);
          while (readNext(reader, kept, 'reader', alignment));
        }
        return readers.every((reader) => reader.isOver);
      });
      if (kept.reader !== count) throw new Error(`read ${kept.reader ?? 0} of ${count} tuples`);
    },
  };
  const named = (buffers: readonly SharedArrayBuffer[], what: string) =>
    Object.fromEntries(buffers.map((buffer, i) => [`${names[i]}.${what}`, buffer]));
  return threadScene({
    buffers: {
      ...Object.fromEntries(rings.map((ring, i) => [names[i], [ring, ringCells(names[i], ring, 1)] as const])),
      ...named(outboxes, 'outbox'),
      wake: [wakeBuffer, wakeCells(wakeBuffer, ['reader'])],
    },
    threads,
    tickets: (cells) => [cells.baseOf(wakeBuffer) + ticketOf(wakeBuffer, READER_HOST)],
  });
}

/** What the supervisor does when a replica has retired. */
export function retire({ output, wakeWords }: Writing): void {
  const { ring } = output as unknown as { ring: Ring };
  ring.setDormant(true);
  wakeWords.wakeUnconditionally(ring.readerHost(0));
}

export const handOverCases: readonly ExplorerCase[] = [
  {
    name: 'receiver joins',
    title: 'a dormant replica is given one of two keys, at any time while the giver reads, or too late',
    scene: () =>
      handOverScene({
        keys: [MOVED],
        moved: [MOVED],
        isJoining: true,
        request: 'receiver',
        ringWords: 32,
        ends: ['done', 'refused'],
      }),
  },
  {
    name: 'receiver behind',
    title: 'a replica at work that has read less than the giver is given a key: both meet where the giver is',
    scene: () =>
      handOverScene({
        keys: [MOVED],
        moved: [MOVED],
        isJoining: false,
        isAhead: 'giver',
        request: 'before',
        ringWords: 32,
      }),
  },
  {
    name: 'receiver ahead',
    title: 'the same, of a replica that has read more: both meet where the receiver is',
    scene: () =>
      handOverScene({
        keys: [MOVED],
        moved: [MOVED],
        isJoining: false,
        isAhead: 'receiver',
        request: 'before',
        ringWords: 32,
      }),
  },
  {
    name: 'too late',
    title: 'the request comes while the giver comes to its end: it is done, or refused, and then nobody retires',
    scene: () =>
      handOverScene({
        keys: [],
        moved: [MOVED],
        isJoining: false,
        request: 'receiver',
        ringWords: 16,
        ends: ['done', 'refused'],
      }),
  },
  {
    name: 'giver retires',
    title: 'a replica gives all that it has to one that joins, and retires',
    scene: () => handOverScene({ keys: [MOVED, MOVED], isJoining: true, request: 'before', ringWords: 32 }),
  },
  {
    name: 'giver crashes',
    title: 'the giver dies at any step of a hand-over to a replica that joins, and of its retirement',
    scene: () =>
      handOverScene({
        keys: [MOVED],
        isJoining: true,
        request: 'before',
        ringWords: 32,
        crashing: ['giver'],
        crashes: 1,
      }),
  },
  {
    name: 'receiver crashes',
    title:
      'a replica with state that joins dies at any step, after the giver has let go; then its adopter in its recovery',
    scene: () =>
      handOverScene({
        keys: [KEPT, MOVED, MOVED],
        moved: [MOVED],
        isJoining: true,
        isStateful: true,
        request: 'before',
        ringWords: 64,
        first: ['writer', 'giver'],
        crashing: ['receiver'],
        crashes: 1,
        recoveryCrashes: 1,
      }),
  },
  {
    name: 'receiver crashes early',
    title: 'a replica that joins dies at any step, while the giver has not let go yet, lets go, or has',
    scene: () =>
      handOverScene({
        keys: [],
        moved: [MOVED],
        isJoining: true,
        isBrief: true,
        request: 'before',
        ringWords: 16,
        crashing: ['receiver'],
        crashes: 1,
      }),
  },
  {
    name: 'partitions end',
    title:
      'a source gives one of two partitions to a replica that joins, and both end theirs at the same time: one sees both',
    scene: () => partitionScene({ tuples: 2, moved: [0], isJoining: true, request: 'before' }),
  },
  {
    name: 'combining giver retires',
    title:
      'a source gives all its partitions away, between two flushes of its combiner or not: what it holds is written first',
    scene: () => partitionScene({ tuples: 34, isJoining: true, request: 'receiver', ends: ['done', 'refused'] }),
  },
  {
    name: 'fences',
    title: 'the giver writes and lets go, the receiver goes on: a reader of both rings keeps the order',
    scene: () =>
      readerScene(2, ['giver', 'receiver'], ([giver, receiver]) => {
        giver.put(1);
        giver.output.writeFence(HAND_OVER, takenBy(1));
        giver.publish();
        // It begins when the giver has let go: so one thread can be both.
        receiver.output.writeFence(HAND_OVER, 0);
        receiver.put(2);
        receiver.output.writeEnd();
        receiver.publish();
        retire(giver);
      }),
  },
  {
    name: 'ring falls dormant',
    title: 'a replica publishes its last frame and retires: a reader reads it before it takes the ring for ended',
    scene: () =>
      readerScene(1, ['giver'], ([giver]) => {
        giver.write(1);
        retire(giver);
      }),
  },
];
