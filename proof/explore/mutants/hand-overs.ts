// Mutants of the hand-over: each is right as long as giver and receiver do everything in the usual order.

import { Actor } from '../../../src/actors/actor.ts';
import type { Batch } from '../../../src/actors/batch.ts';
import { HandOverPart } from '../../../src/actors/hand-over-part.ts';
import { Alignment } from '../../../src/mailbox/alignment.ts';
import { Output } from '../../../src/mailbox/output.ts';
import { Ring } from '../../../src/mailbox/ring.ts';
import { RingReader } from '../../../src/mailbox/ring-reader.ts';
import { WakeWords } from '../../../src/mailbox/wake.ts';
import { HandOver, HandOverPhase, type HandOverRequest } from '../../../src/state/groups/hand-over.ts';
import { PartitionMarks } from '../../../src/state/transaction/partition-marks.ts';
import { all, type Mutant, replacing } from './mutant.ts';

interface PartInside {
  readonly batch: Batch;
  readonly memory: HandOver;
  readonly replica: number;
  move(request: HandOverRequest, from: number, to: number): void;
  retire(): void;
}

interface Part {
  readonly role: string;
  readonly request: HandOverRequest;
  readonly isReleased: boolean;
}

interface ReaderInside {
  readonly ring: Ring;
  readonly position: number;
  readonly ended: boolean;
  fence: number;
}

const { requested, released, done } = HandOverPhase;

/** A role that believes itself at the cut wherever it is. */
const believesItself = (role: 'giver' | 'receiver') =>
  replacing<PartInside, [HandOverRequest], boolean>(
    HandOverPart.prototype,
    'isAtCut',
    (original) =>
      function (request) {
        const isAtCut = original.call(this, request);
        return isAtCut || request[role] === this.replica;
      },
  );

/** Fences of one side are left out. */
const withoutFence = (isLeftOut: (waitsFor: number) => boolean) =>
  replacing<Output, [number, number], void>(
    Output.prototype,
    'writeFence',
    (original) =>
      function (number, waitsFor) {
        if (!isLeftOut(waitsFor)) original.call(this, number, waitsFor);
      },
  );

/** Its first host is not 0. */
const RECEIVER = 1;

/** Seen by actors that are being made. */
const making = new WeakSet<HandOver>();

let isQuiet = false;

/** A method of the part that wakes nobody. */
const quietly = (name: string) =>
  all(
    replacing<PartInside, unknown[], void>(
      HandOverPart.prototype,
      name,
      (original) =>
        function (...values) {
          isQuiet = true;
          try {
            original.apply(this, values);
          } finally {
            isQuiet = false;
          }
        },
    ),
    replacing<WakeWords, [number], void>(
      WakeWords.prototype,
      'wakeUnconditionally',
      (original) =>
        function (host) {
          if (!isQuiet) original.call(this, host);
        },
    ),
  );

/** Moves the phase on before the commit that it tells of. */
const tooEarly = (name: 'release' | 'take', from: number, to: number) =>
  replacing<PartInside, [HandOverRequest], void>(
    HandOverPart.prototype,
    name,
    (original) =>
      function (request) {
        this.move(request, from, to);
        original.call(this, request);
      },
  );

interface ActorInside {
  readonly batch: { readonly program: { readonly holder: { flush: () => void } | undefined } };
}

export const handOverMutants: readonly Mutant[] = [
  {
    name: 'combined rows kept over a hand-over',
    breaks: 'what a hand-over commits has no row of what is combined: that stays with the giver, which retires',
    caughtBy: 'combining giver retires',
    apply: replacing<ActorInside, unknown[], unknown>(
      Actor.prototype,
      'takesPart',
      (original) =>
        function (...values) {
          const { holder } = this.batch.program;
          if (holder === undefined) return original.apply(this, values);
          const { flush } = holder;
          holder.flush = () => {};
          try {
            return original.apply(this, values);
          } finally {
            holder.flush = flush;
          }
        },
    ),
  },
  {
    name: 'marks of others',
    breaks: "a replica looks whether a partition has ended in its owner's mark, which may be rolled back meanwhile",
    caughtBy: 'partitions end',
    apply: replacing<PartitionMarks, [number], boolean>(
      PartitionMarks.prototype,
      'hasReachedEnd',
      () =>
        function (partition) {
          return this.hasEnded(partition);
        },
    ),
  },
  {
    name: 'ends, and wakes nobody',
    breaks: 'the replica that ends the last partition does not wake the other one, which waits for that',
    caughtBy: 'partitions end',
    apply: replacing(HandOverPart.prototype, 'tellEnd', () => () => {}),
  },
  {
    name: 'takes over before the cut',
    breaks: 'a receiver that is behind takes groups over where it stands, and reads again what the giver has read',
    caughtBy: 'receiver behind',
    apply: believesItself('receiver'),
  },
  {
    name: 'gives before the cut',
    breaks: 'a giver that is behind lets groups go where it stands: nobody reads what the receiver has passed',
    caughtBy: 'receiver ahead',
    apply: believesItself('giver'),
  },
  {
    name: 'goes on after its post',
    breaks: 'a giver reads on after it has told how far it has read',
    caughtBy: 'receiver behind',
    apply: replacing<PartInside, [Part], string>(
      HandOverPart.prototype,
      'stanceIn',
      (original) =>
        function (part) {
          const stance = original.call(this, part);
          return stance === 'wait' && part.role === 'giver' ? 'free' : stance;
        },
    ),
  },
  {
    name: 'tells, then activates',
    breaks: 'the giver tells where the receiver begins before the slots of that are active there',
    caughtBy: 'giver retires',
    apply: replacing<PartInside, [Part], void>(
      HandOverPart.prototype,
      'post',
      (original) =>
        function (part) {
          const { activate } = Ring.prototype;
          const late: (() => void)[] = [];
          Ring.prototype.activate = function (slot, position) {
            late.push(() => activate.call(this, slot, position));
          };
          try {
            original.call(this, part);
          } finally {
            Ring.prototype.activate = activate;
          }
          for (const each of late) each();
        },
    ),
  },
  {
    name: 'released before the commit',
    breaks: 'the giver says that it has let go before it has committed it',
    caughtBy: 'giver retires',
    apply: tooEarly('release', requested, released),
  },
  {
    name: 'done before the commit',
    breaks: 'the receiver says that it owns the groups before it has committed it',
    caughtBy: 'receiver crashes',
    apply: tooEarly('take', released, done),
  },
  {
    name: 'taken, so it was told',
    breaks: 'the successor of a receiver that had taken over, and died before it said so, does not say so either',
    caughtBy: 'receiver crashes',
    apply: replacing<PartInside, [Part], string>(
      HandOverPart.prototype,
      'stanceIn',
      (original) =>
        function (part) {
          const hasTaken = part.role === 'receiver' && this.batch.committed.cursors.handOver === part.request.number;
          return hasTaken ? 'free' : original.call(this, part);
        },
    ),
  },
  {
    name: 'where it was first',
    breaks: 'the successor of a receiver does not say on which host it is: the giver wakes the dead one',
    caughtBy: 'receiver crashes early',
    apply: replacing<HandOver, [number, number | undefined], void>(
      HandOver.prototype,
      'setHost',
      (original) =>
        function (host, replica) {
          if (replica !== RECEIVER || this.host(replica) === 0) original.call(this, host, replica);
        },
    ),
  },
  {
    name: 'no fence of the giver',
    breaks: 'the giver writes no fence: the one of the receiver waits for ever',
    caughtBy: 'giver retires',
    apply: withoutFence((waitsFor) => waitsFor < 0),
  },
  {
    name: 'no fence of the receiver',
    breaks: "the receiver writes no fence: its output may be read before the giver's",
    caughtBy: 'fences',
    apply: withoutFence((waitsFor) => waitsFor >= 0),
  },
  {
    name: 'passes every fence',
    breaks: 'a reader does not wait at a fence for the one that it names',
    caughtBy: 'fences',
    apply: replacing(Alignment.prototype, 'mustWait', () => () => false),
  },
  {
    name: 'published, then dormant',
    breaks: 'a reader looks how far a ring is published before it looks whether anyone writes',
    caughtBy: 'ring falls dormant',
    apply: () => {
      const property = Object.getOwnPropertyDescriptor(RingReader.prototype, 'isOver');
      if (property?.get === undefined) throw new Error("there is no 'isOver' to break");
      Object.defineProperty(RingReader.prototype, 'isOver', {
        ...property,
        get(this: ReaderInside) {
          const isAtEnd = this.position === this.ring.published();
          return this.ended || (isAtEnd && this.ring.isDormant());
        },
      });
      return () => Object.defineProperty(RingReader.prototype, 'isOver', property);
    },
  },
  {
    name: 'retires although refused',
    breaks: 'whoever had something to do for a hand-over that is over retires, whether it owns groups or not',
    caughtBy: 'too late',
    apply: replacing<PartInside, [], void>(
      HandOverPart.prototype,
      'advance',
      (original) =>
        function () {
          const { committed } = this.batch;
          if (!committed.cursors.isDormant && !HandOver.isOpen(this.memory.word())) this.retire();
          else original.call(this);
        },
    ),
  },
  {
    name: 'released, and wakes nobody',
    breaks: 'the giver lets go and does not wake the receiver',
    caughtBy: 'giver retires',
    apply: quietly('move'),
  },
  {
    name: 'told, and wakes nobody',
    breaks: 'who has told how far it has read does not wake the other one, which waits for that',
    caughtBy: 'receiver ahead',
    apply: quietly('post'),
  },
  {
    name: 'a successor wakes nobody',
    breaks: 'whoever is made anew does not tell the other one that there may be something to do',
    caughtBy: 'giver crashes',
    apply: all(
      replacing<HandOver, [number, number | undefined], void>(
        HandOver.prototype,
        'setHost',
        (original) =>
          function (host, replica) {
            original.call(this, host, replica);
            if (replica !== undefined) making.add(this);
          },
      ),
      replacing<HandOver, [number | undefined], number>(
        HandOver.prototype,
        'host',
        (original) =>
          function (replica) {
            return original.call(this, making.has(this) ? undefined : replica);
          },
      ),
      replacing<PartInside, [], string>(
        HandOverPart.prototype,
        'stance',
        (original) =>
          function () {
            making.delete(this.memory);
            return original.call(this);
          },
      ),
    ),
  },
];
