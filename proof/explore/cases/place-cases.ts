// Cases of order: replicas write side by side what comes from different places of their input, and a reader of all reads it in the order
// of the places.

import { LAST_PLACE } from '../../../src/mailbox/places.ts';
import { takenBy } from '../../../src/mailbox/ring.ts';
import type { ExplorerCase } from '../scene.ts';
import type { Writing } from './activation-cases.ts';
import { HAND_OVER, readerScene, retire } from './hand-over-cases.ts';

/** Writes a frame of a number that comes from a place. */
function writeFrom({ output, write }: Writing, place: number, n: number): void {
  output.place = place;
  write(n);
}

/** Says that nothing comes from before a place. */
function tell({ output, publish }: Writing, place: number): void {
  output.place = place;
  output.tellTime();
  publish();
}

function end({ output, publish }: Writing): void {
  output.writeEnd();
  publish();
}

const noCheck = (): void => {};

export const placeCases: readonly ExplorerCase[] = [
  {
    name: 'places',
    title: 'two replicas write what comes from different places, the later one first: a reader waits for its turn',
    scene: () =>
      readerScene(
        3,
        ['first', 'second'],
        ([first, second]) => {
          writeFrom(second, 8, 2);
          writeFrom(first, 0, 1);
          tell(first, 16);
          writeFrom(first, 24, 3);
          tell(second, 32);
          end(first);
          end(second);
        },
        noCheck,
        { silent: [] },
      ),
  },
  {
    name: 'places over fences',
    title:
      'a replica lets go to one that joins, and retires, while a third one is ahead: that waits for what was given',
    scene: () =>
      readerScene(
        3,
        ['giver', 'receiver', 'other'],
        ([giver, receiver, other]) => {
          writeFrom(other, 16, 3);
          writeFrom(giver, 0, 1);
          giver.output.place = 8;
          giver.output.tellTime();
          giver.output.writeFence(HAND_OVER, takenBy(1));
          giver.publish();
          tell(giver, LAST_PLACE);
          receiver.output.place = 8;
          receiver.output.tellTime();
          receiver.output.writeFence(HAND_OVER, 0);
          receiver.publish();
          writeFrom(receiver, 8, 2);
          end(receiver);
          end(other);
          retire(giver);
        },
        noCheck,
        { silent: ['receiver'] },
      ),
  },
];
