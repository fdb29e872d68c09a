// Cases of the ring: frames, wrap-around, parking and waking, the end of the stream. Nobody crashes.

import { actorScene } from '../actor-scene.ts';
import type { ExplorerCase } from '../scene.ts';
import { burstFlow, mergingFlow, readersFlow, spillingFlow } from './flows.ts';

/** Two words before positions come round, at the edges of uint32 and of int32. */
const BEFORE_2_32 = -2;
const BEFORE_2_31 = 2 ** 31 - 2;

export const ringCases: readonly ExplorerCase[] = [
  {
    name: 'full ring',
    title:
      'a ring of 2 frames that one frame, padding and the end overfill: writer and reader park; positions pass 2^32',
    scene: () => actorScene(readersFlow(1, 'reader'), { readAtEnd: { reader: 1 }, ringWords: 8, start: BEFORE_2_32 }),
  },
  {
    name: 'full ring, 2^31',
    title: 'the same where positions pass 2^31',
    scene: () => actorScene(readersFlow(1, 'reader'), { readAtEnd: { reader: 1 }, ringWords: 8, start: BEFORE_2_31 }),
  },
  {
    name: 'frame by frame',
    title: '2 frames, each committed alone, through a ring of 2 frames',
    scene: () =>
      actorScene(readersFlow(2, 'reader'), {
        readAtEnd: { reader: 2 },
        ringWords: 8,
        start: BEFORE_2_32,
        singly: true,
      }),
  },
  {
    name: 'four frames',
    title: '3 frames, each committed alone, through a ring of 4 frames that padding and the end overfill',
    scene: () =>
      actorScene(readersFlow(3, 'reader'), {
        readAtEnd: { reader: 3 },
        ringWords: 16,
        start: BEFORE_2_32,
        singly: true,
      }),
  },
  {
    name: 'outbox',
    title: 'a batch of 3 frames through a ring of 2: what finds no room waits in the outbox',
    scene: () => actorScene(spillingFlow(1, 5), { readAtEnd: { reader: 5 }, ringWords: 8 }),
  },
  {
    name: 'lingering burst',
    title:
      'a source waits after a burst that fills its ring of 2 frames; its batch lingers, and so do those of the reader: time stands still',
    scene: () => actorScene(burstFlow(3), { readAtEnd: { reader: 3 }, ringWords: 8, lingerMs: 1 }),
  },
  {
    name: 'lingering outbox',
    title: 'the same with a burst of which a frame finds no room, and waits in the outbox',
    scene: () => actorScene(burstFlow(4), { readAtEnd: { reader: 4 }, ringWords: 8, lingerMs: 1 }),
  },
  {
    name: 'two readers',
    title: 'a ring with 2 readers, both of which park and are woken',
    scene: () =>
      actorScene(readersFlow(0, 'first', 'second'), {
        readAtEnd: { first: 0, second: 0 },
        ringWords: 8,
        start: BEFORE_2_32,
      }),
  },
  {
    name: 'two writers',
    title: 'a reader of 2 rings, which parks, and is woken by either writer',
    scene: () => actorScene(mergingFlow(0), { readAtEnd: { reader: 0 }, ringWords: 8 }),
  },
];
