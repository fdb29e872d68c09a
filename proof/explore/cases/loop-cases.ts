// Cases of loops: replicas that read what they write, and read on while it waits for room.

import { loopScene } from '../loop-scene.ts';
import type { ExplorerCase } from '../scene.ts';

export const loopCases: readonly ExplorerCase[] = [
  {
    name: 'loop',
    title: 'each of two replicas gets a token from outside, and passes it on to the other',
    scene: () => loopScene({ hops: [1, 1], copies: 1, ringWords: 32 }),
  },
  {
    name: 'loop overflows',
    title: 'a token becomes more of them than the ring holds: they wait while their writer reads on',
    scene: () => loopScene({ hops: [1], copies: 2, ringWords: 16, start: -4 }),
  },
  {
    name: 'loop, one crashes',
    title: 'a token goes from one replica to the other, and the one that passes it on dies at any step',
    scene: () => loopScene({ hops: [1], copies: 1, ringWords: 32, crashing: ['left'], crashes: 1 }),
  },
];
