// Cases of event time: what is said of it, while replicas change, sources lag, and whoever goes by it dies at any step.

import type { Alignment } from '../../../src/mailbox/alignment.ts';
import { takenBy } from '../../../src/mailbox/ring.ts';
import { actorScene } from '../actor-scene.ts';
import type { ExplorerCase } from '../scene.ts';
import { laggingScene, lateFlow, timerFlow } from '../time-scene.ts';
import type { Kept } from './flows.ts';
import { HAND_OVER, readerScene, retire } from './hand-over-cases.ts';

/** What a relay with timers has in the end. */
const fired = (count: number) => ({ relay: { 1: { seen: count, fired: count } } });

/** The times of the tuples that giver and receiver write. */
const TIMES = [10, 12];

/** Throws if a tuple is earlier than all inputs have said, or if that has gone back. */
function checkTime(kept: Kept, alignment: Alignment): void {
  const { watermark } = alignment;
  const before = (kept.watermark as number | undefined) ?? Number.NEGATIVE_INFINITY;
  if (watermark < before) throw new Error(`time goes back from ${before} to ${watermark}`);
  kept.watermark = watermark;
  const next = TIMES[(kept.reader as number | undefined) ?? 0];
  if (watermark > next) throw new Error(`all is said to be at ${watermark}, and a tuple of ${next} is to come`);
}

export const timeCases: readonly ExplorerCase[] = [
  {
    name: 'times over fences',
    title:
      'a giver that lags lets go, and retires; the receiver, which was ahead, goes on: time waits for what was given',
    scene: () =>
      readerScene(
        TIMES.length,
        ['giver', 'receiver'],
        ([giver, receiver]) => {
          receiver.output.watermark = 30;
          receiver.output.tellTime();
          receiver.publish();
          [giver.output.watermark] = TIMES;
          giver.put(1);
          giver.output.writeFence(HAND_OVER, takenBy(1));
          giver.publish();
          giver.output.watermark = Number.POSITIVE_INFINITY;
          giver.output.tellTime();
          giver.publish();
          receiver.output.watermark = TIMES[1];
          receiver.output.writeFence(HAND_OVER, 0);
          receiver.put(2);
          receiver.output.writeEnd();
          receiver.publish();
          retire(giver);
        },
        checkTime,
      ),
  },
  {
    name: 'timer crashes',
    title: 'an operator whose timers go by event time dies at any step: each fires once',
    scene: () =>
      // The first timer is due before the third tuple: it has a commit of its own.
      actorScene(timerFlow([10, 30, 40], 5), {
        stateAtEnd: fired(3),
        readAtEnd: { reader: 3 },
        ringWords: 32,
        first: ['writer'],
        singly: ['writer'],
        crashing: ['relay'],
        crashes: 1,
      }),
  },
  {
    name: 'timer fails',
    title: 'a batch of an operator with timers is rolled back, and read again: so is what it said of time',
    scene: () =>
      actorScene(timerFlow([10, 20], 5, true), {
        stateAtEnd: fired(2),
        readAtEnd: { reader: 2 },
        ringWords: 32,
        first: ['writer'],
        singly: ['writer'],
      }),
  },
  {
    name: 'late writer crashes',
    title: 'a source dies at any step: what is late is judged by all that it had read',
    scene: () =>
      actorScene(lateFlow([50, 10, 60]), {
        readAtEnd: { reader: 2 },
        ringWords: 32,
        singly: ['writer'],
        crashing: ['writer'],
        crashes: 1,
      }),
  },
  {
    name: 'lagging partition',
    title: 'a source gives the partition that lags to a replica whose own one is ahead',
    scene: () => laggingScene({ tuples: 2, moved: [0], isJoining: false, request: 'before' }),
  },
];
