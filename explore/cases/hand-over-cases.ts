// Cases of hand-overs: a replica gives key groups to another one, while both read, and at every step of which either may crash.

import { handOverScene } from '../hand-over-scene.ts';
import type { ExplorerCase } from '../scene.ts';

export const handOverCases: readonly ExplorerCase[] = [
  {
    name: 'receiver joins',
    title: 'a dormant replica is given the groups of one of two keys, at any time while the giver reads',
    scene: () =>
      handOverScene({
        keys: [1, 2, 1],
        moved: [1],
        isJoining: true,
        request: 'before',
        ringWords: 64,
      }),
  },
];
