// Mutants of parking and waking: each loses a wake-up in some interleaving.

import { Actor } from '../../../src/actors/actor.ts';
import { Batch } from '../../../src/actors/batch.ts';
import { Output } from '../../../src/mailbox/output.ts';
import type { Ring } from '../../../src/mailbox/ring.ts';
import { RingReader } from '../../../src/mailbox/ring-reader.ts';
import { WakeWords } from '../../../src/mailbox/wake.ts';
import { CollectedOutput } from '../../../src/supervisor/job/job-output.ts';
import { Host } from '../../../src/workers/host.ts';
import { all, type Mutant, replacing } from './mutant.ts';

interface ReaderInside {
  readonly ring: Ring;
  readonly slot: number;
  releasedAt: number;
}

interface OutputInside {
  readonly ring: Ring;
  readonly readerSlots: readonly number[];
}

interface ActorInside {
  readonly batch: Pick<Batch, 'commit' | 'commitAtMs' | 'isOpen'>;
  wakeAtMs: number;
}

/** A step that is blocked leaves the open batch as it is. */
const blockedUncommitted = replacing<ActorInside, [], string>(
  Actor.prototype,
  'blocked',
  (original) =>
    function () {
      if (!this.batch.isOpen) return original.call(this);
      this.wakeAtMs = Number.POSITIVE_INFINITY;
      return 'blocked';
    },
);

/** An open batch lingers however much it has read and written. */
const lingersFull = replacing<ActorInside, [], boolean>(
  Actor.prototype,
  'lingers',
  () =>
    function () {
      return this.batch.commitAtMs !== undefined;
    },
);

/** The real one, whatever is put in its place. */
const announce = WakeWords.prototype.announcePark;

let isParking = false;

export const wakingMutants: readonly Mutant[] = [
  {
    name: 'looks before it announces',
    breaks: 'a host announces that it parks only when it has looked, and goes to sleep at once',
    caughtBy: 'full ring',
    apply: all(
      replacing<WakeWords, [number], number>(
        WakeWords.prototype,
        'announcePark',
        (original) =>
          function (host) {
            const ticket = original.call(this, host);
            this.stayAwake(host);
            return ticket;
          },
      ),
      replacing<WakeWords, [number, number, number | undefined], Promise<unknown> | undefined>(
        WakeWords.prototype,
        'sleep',
        (original) =>
          function (host, _ticket, timeoutMs) {
            const ticket = announce.call(this, host);
            return original.call(this, host, ticket, timeoutMs);
          },
      ),
    ),
  },
  {
    name: 'does not look again',
    breaks: 'a host announces that it parks, and does not look at its actors again before it sleeps',
    caughtBy: 'full ring',
    apply: all(
      replacing<Host, [], Promise<boolean>>(
        Host.prototype,
        'park',
        (original) =>
          function () {
            isParking = true;
            try {
              return original.call(this);
            } finally {
              isParking = false;
            }
          },
      ),
      replacing<Actor, [], boolean>(
        Actor.prototype,
        'canStep',
        (original) =>
          function () {
            return !isParking && original.call(this);
          },
      ),
    ),
  },
  {
    name: 'draws its ticket late',
    breaks: 'a host reads the counter that it sleeps on after it has looked, and misses who called in between',
    caughtBy: 'full ring',
    apply: replacing<WakeWords, [number, number, number | undefined], Promise<unknown> | undefined>(
      WakeWords.prototype,
      'sleep',
      (original) =>
        function (host, _ticket, timeoutMs) {
          const wasParked = this.isParked(host);
          const ticket = announce.call(this, host);
          if (!wasParked) this.stayAwake(host);
          return original.call(this, host, ticket, timeoutMs);
        },
    ),
  },
  {
    name: 'notifies nobody',
    breaks: 'a waker raises the counter and does not notify',
    caughtBy: 'full ring',
    apply: replacing<WakeWords, [number], void>(
      WakeWords.prototype,
      'wakeAlways',
      (original) =>
        function (base) {
          const { notify } = Atomics;
          Atomics.notify = () => 0;
          try {
            original.call(this, base);
          } finally {
            Atomics.notify = notify;
          }
        },
    ),
  },
  {
    name: 'wakes, then publishes',
    breaks: 'a writer looks for parked readers before it publishes',
    caughtBy: 'full ring',
    apply: replacing<OutputInside, [number, WakeWords], void>(
      Output.prototype,
      'publish',
      () =>
        function (head, wakeWords) {
          const { ring, readerSlots } = this;
          if (ring.published() === head) return;
          for (const slot of readerSlots) wakeWords.wake(ring.readerHost(slot));
          ring.publish(head);
        },
    ),
  },
  {
    name: 'asks, then releases',
    breaks: 'a reader looks whether the writer waits before it releases',
    caughtBy: 'full ring',
    apply: replacing<ReaderInside, [number, WakeWords], void>(
      RingReader.prototype,
      'release',
      () =>
        function (position, wakeWords) {
          if (position === this.releasedAt) return;
          this.releasedAt = position;
          const { ring, slot } = this;
          const needs = ring.writerNeeds();
          ring.release(slot, position);
          if (needs !== 0 && ring.capacityWords - ring.unreleasedWords(ring.published()) >= needs) {
            wakeWords.wake(ring.writerHost());
          }
        },
    ),
  },
  {
    name: 'waits unannounced',
    breaks: 'a writer parks for room without saying how much it needs',
    caughtBy: 'full ring',
    apply: replacing<Output, [], void>(Output.prototype, 'announceWait', () => () => {}),
  },
  {
    name: 'leaves, and wakes nobody',
    breaks: 'a reader that leaves does not wake the writer that waits for it',
    caughtBy: 'app leaves',
    apply: replacing<CollectedOutput<unknown>, [], void>(
      CollectedOutput.prototype,
      'abandon',
      (original) =>
        function () {
          const { wake } = WakeWords.prototype;
          WakeWords.prototype.wake = () => {};
          try {
            original.call(this);
          } finally {
            WakeWords.prototype.wake = wake;
          }
        },
    ),
  },
  {
    name: 'waits for itself',
    breaks: 'a batch that lingers is not committed though its own frames fill the ring, and its step is blocked',
    caughtBy: 'lingering burst',
    apply: blockedUncommitted,
  },
  {
    name: 'waits for its outbox',
    breaks: 'the same where the rest of the batch waits in the outbox, since a full batch lingers too',
    caughtBy: 'lingering outbox',
    apply: all(blockedUncommitted, lingersFull),
  },
  {
    name: 'lingers on a full ring',
    breaks: 'the batch of a reader lingers though it keeps the ring from being released that its writer waits for',
    caughtBy: 'lingering burst',
    apply: replacing<Batch, [], boolean>(Batch.prototype, 'holdsInput', () => () => false),
  },
  {
    name: 'reads on unannounced',
    breaks: 'who reads on while its output waits for room tells nobody that it waits, when it parks',
    caughtBy: 'loop overflows',
    apply: replacing<Output, [], void>(
      Output.prototype,
      'announceWait',
      (original) =>
        function () {
          if (!this.overflows) original.call(this);
        },
    ),
  },
  {
    name: 'waits for two frames',
    breaks: 'who reads on while its output waits for room goes on when there is more than the frame that waits needs',
    caughtBy: 'loop overflows',
    apply: replacing<Output, [], boolean>(
      Output.prototype,
      'isDrained',
      (original) =>
        function () {
          return !this.isWaiting && original.call(this);
        },
    ),
  },
];
