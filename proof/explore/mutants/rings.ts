// Mutants of the ring: positions that are compared wrongly, room that is not there, data that comes after its announcement.

import { Actor } from '../../../src/actors/actor.ts';
import { Output } from '../../../src/mailbox/output.ts';
import { READERS_MAX, Ring } from '../../../src/mailbox/ring.ts';
import { RingReader } from '../../../src/mailbox/ring-reader.ts';
import { all, type Mutant, replacing } from './mutant.ts';

interface OutputInside {
  readonly ring: Ring;
  head: number;
  unreleasedFrom: number;
  paddingBefore(words: number): number;
  fits(words: number): boolean;
}

interface ReaderInside {
  readonly ring: Ring;
  position: number;
  ended: boolean;
  seenPublished: number;
}

/** unreleasedWords() with another way to subtract. */
const unreleasedBy = (distance: (position: number, released: number) => number) =>
  replacing<Ring, [number], number>(
    Ring.prototype,
    'unreleasedWords',
    () =>
      function (position) {
        let most = 0;
        for (let slot = 0; slot < READERS_MAX; slot++) {
          if (this.isActive(slot)) most = Math.max(most, distance(position, this.released(slot)));
        }
        return most;
      },
  );

/** fits() in a ring that is larger than it is. */
const roomierBy = (words: number) =>
  replacing<OutputInside, [number], boolean>(
    Output.prototype,
    'fits',
    () =>
      function (wanted) {
        const capacityWords = this.ring.capacityWords + words;
        const needed = wanted + this.paddingBefore(wanted);
        if (((this.head - this.unreleasedFrom) | 0) + needed <= capacityWords) return true;
        this.unreleasedFrom = (this.head - this.ring.unreleasedWords(this.head)) | 0;
        return ((this.head - this.unreleasedFrom) | 0) + needed <= capacityWords;
      },
  );

export const ringMutants: readonly Mutant[] = [
  {
    name: 'publishes before data',
    breaks: 'a frame is published when its room is reserved, before it is written and committed',
    caughtBy: 'full ring',
    apply: replacing<OutputInside, [number], number>(
      Output.prototype,
      'reserve',
      (original) =>
        function (words) {
          const index = original.call(this, words);
          this.ring.publish(this.head);
          return index;
        },
    ),
  },
  {
    name: 'unsigned positions',
    breaks: 'the distance of two positions is computed unsigned: wrong where they pass 2^32',
    caughtBy: 'full ring',
    apply: unreleasedBy((position, released) => (position >>> 0) - (released >>> 0)),
  },
  {
    name: 'signed positions',
    breaks: 'the distance of two positions is not taken modulo 2^32: wrong where they pass 2^31',
    caughtBy: 'full ring, 2^31',
    apply: unreleasedBy((position, released) => (position | 0) - (released | 0)),
  },
  {
    name: 'less instead of unequal',
    breaks: 'a reader has input if its position is less than the published one: wrong where they pass 2^31',
    caughtBy: 'full ring, 2^31',
    apply: replacing<ReaderInside, [], boolean>(
      RingReader.prototype,
      'hasInput',
      () =>
        function () {
          if (this.ended) return false;
          this.seenPublished = this.ring.published();
          return (this.position | 0) < (this.seenPublished | 0);
        },
    ),
  },
  {
    name: 'one word too many',
    breaks: 'a ring is taken to hold one word more than it does',
    caughtBy: 'full ring',
    apply: roomierBy(1),
  },
  {
    name: 'forgets padding',
    breaks: 'a frame needs no padding where it does not fit before the end of the ring',
    caughtBy: 'full ring',
    apply: replacing<OutputInside, [number], number>(Output.prototype, 'paddingBefore', () => () => 0),
  },
  {
    name: 'end before the last frame',
    breaks:
      'an actor goes on while frames wait in its outbox, and what finds room goes into the ring: the end overtakes the last frame',
    caughtBy: 'outbox',
    apply: all(
      replacing<OutputInside, [number], boolean>(
        Output.prototype,
        'hasRoom',
        () =>
          function (words) {
            return this.fits(words);
          },
      ),
      replacing<Actor, [], boolean>(
        Actor.prototype,
        'drainOutboxes',
        (original) =>
          function () {
            original.call(this);
            return true;
          },
      ),
    ),
  },
  {
    name: 'sees the first reader only',
    breaks: 'room is what the reader in the first slot has released',
    caughtBy: 'reader comes',
    apply: replacing<Ring, [number], number>(
      Ring.prototype,
      'unreleasedWords',
      () =>
        function (position) {
          return this.isActive(0) ? (position - this.released(0)) | 0 : 0;
        },
    ),
  },
  {
    name: 'looks for room once',
    breaks: 'a writer does not look again for readers that were activated while it looked',
    caughtBy: 'reader comes below',
    apply: unreleasedBy((position, released) => (position - released) | 0),
  },
  {
    name: 'lets go, then activates',
    breaks: 'a reader releases its position before the one that comes is activated there',
    caughtBy: 'reader comes',
    apply: replacing<Ring, [number, number], void>(
      Ring.prototype,
      'activate',
      (original) =>
        function (slot, position) {
          for (let other = 0; other < 2; other++) if (other !== slot) this.release(other, this.published());
          original.call(this, slot, position);
        },
    ),
  },
];
