// Cases of hand-overs: a replica gives key groups to another one, while both read, and at every step of which either may crash.

import { allocateOutbox } from '../../src/mailbox/output.ts';
import { RING_BYTES_MIN, Ring } from '../../src/mailbox/ring.ts';
import { connectSiblings, RingReader, startMark } from '../../src/mailbox/ring-reader.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { noGroups } from '../../src/state/group-set.ts';
import { HandOver, HandOverPhase } from '../../src/state/hand-over.ts';
import { handOverCells, ringCells, smallRing, ticketOf, wakeCells } from '../cell-names.ts';
import { handOverScene } from '../hand-over-scene.ts';
import type { ExplorerCase, Scene } from '../scene.ts';
import { threadScene } from '../thread-scene.ts';
import { readNext, writing } from './activation-cases.ts';
import type { Kept } from './flows.ts';

/** Keys whose groups are the giver's. */
const MOVED = 1;
const KEPT = 2;

/** Where each thread waits. */
const Hosts = { receiver: 0, reader: 1 } as const;
const HAND_OVER = 1;

/** Waits as hosts do: it announces, looks again, and sleeps. */
async function until(wakeWords: WakeWords, host: number, check: () => boolean): Promise<void> {
  while (!check()) {
    const ticket = wakeWords.announcePark(host);
    if (!check()) await wakeWords.sleep(host, ticket, undefined);
    wakeWords.stayAwake(host);
  }
}

/** The giver's word that it has let go is that of the descriptor; state and input of the two are left out. */
function fencesScene(): Scene {
  const [giverRing, receiverRing] = [0, 1].map(() => {
    const buffer = smallRing(Ring.allocate(RING_BYTES_MIN, 1), 16, 0);
    new Ring(buffer).activate(0, 0);
    new Ring(buffer).setReaderHost(0, Hosts.reader);
    return buffer;
  });
  const [giverOutbox, receiverOutbox] = [allocateOutbox(1 << 12), allocateOutbox(1 << 12)];
  const wakeBuffer = WakeWords.allocate(2);
  const handOver = HandOver.allocate(2, 0);
  new HandOver(handOver, 2).request(0, 1, noGroups(), true);
  const threads = {
    giver: () => {
      const wakeWords = new WakeWords(wakeBuffer);
      const ring = new Ring(giverRing);
      const { write, fence } = writing(ring, giverOutbox, 0, wakeWords);
      write(1);
      fence(HAND_OVER, -1);
      new HandOver(handOver, 2).advance(HAND_OVER, HandOverPhase.requested, HandOverPhase.released);
      wakeWords.wakeUnconditionally(Hosts.receiver);
      // What the supervisor does when it has retired.
      ring.setDormant(true);
      wakeWords.wakeUnconditionally(ring.readerHost(0));
    },
    receiver: async () => {
      const wakeWords = new WakeWords(wakeBuffer);
      const memory = new HandOver(handOver, 2);
      await until(wakeWords, Hosts.receiver, () => HandOver.phaseOf(memory.word()) === HandOverPhase.released);
      const { write, fence, end } = writing(new Ring(receiverRing), receiverOutbox, 0, wakeWords);
      fence(HAND_OVER, 0);
      write(2);
      end();
    },
    reader: async () => {
      const kept: Kept = {};
      const wakeWords = new WakeWords(wakeBuffer);
      const readers = [giverRing, receiverRing].map((ring) => new RingReader(new Ring(ring), 0, startMark()));
      connectSiblings(readers.map((reader) => ({ reader, upstream: 0 })));
      await until(wakeWords, Hosts.reader, () => {
        for (const reader of readers)
          while (readNext(reader, kept, 'reader')) reader.release(reader.position, wakeWords);
        return readers.every((reader) => reader.isOver);
      });
      if (kept.reader !== 2) throw new Error(`read ${kept.reader} of 2 tuples`);
    },
  };
  return threadScene({
    buffers: {
      giver: [giverRing, ringCells('giver', giverRing, 1)],
      receiver: [receiverRing, ringCells('receiver', receiverRing, 1)],
      handOver: [handOver, handOverCells(handOver, ['giver', 'receiver'])],
      wake: [wakeBuffer, wakeCells(wakeBuffer, Object.keys(Hosts))],
      giverOutbox,
      receiverOutbox,
    },
    threads,
    tickets: (cells) => Object.values(Hosts).map((host) => cells.baseOf(wakeBuffer) + ticketOf(wakeBuffer, host)),
  });
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
        keys: [MOVED, MOVED],
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
        keys: [MOVED, MOVED],
        moved: [MOVED],
        isJoining: false,
        isAhead: 'receiver',
        request: 'before',
        ringWords: 32,
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
    name: 'fences',
    title: 'a reader of the rings of a giver that retires and of its receiver: order is kept, and both rings end',
    scene: fencesScene,
  },
];
