// Cases of order: replicas write side by side what comes from different places of their input, and a reader of all reads it in the order
// of the places.

import type { ExplorerCase } from '../scene.ts';
import type { Writing } from './activation-cases.ts';
import { readerScene } from './hand-over-cases.ts';

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
        2,
        ['first', 'second'],
        ([first, second]) => {
          writeFrom(second, 8, 2);
          writeFrom(first, 0, 1);
          tell(first, 16);
          end(first);
          end(second);
        },
        noCheck,
        true,
      ),
  },
];
