// Cases of the app's own thread as a reader: its loop of waits, and what it does when it stops reading.

import { WakeWords } from '../../src/mailbox/wake.ts';
import { AppHost } from '../../src/supervisor/app-host.ts';
import { CollectedOutput } from '../../src/supervisor/job-output.ts';
import { type AppEnd, actorScene } from '../actor-scene.ts';
import type { ExplorerCase } from '../scene.ts';
import { STOPPED } from '../thread-graph.ts';
import { collectFlow } from './flows.ts';

/** An app host whose loop may be stopped by the explorer without anyone hearing of it: nobody awaits it. */
class StoppableAppHost extends AppHost {
  constructor(id: number, wakeWords: WakeWords) {
    super(id, wakeWords);
    const inherited = this as unknown as { loop(): Promise<void> };
    const loop = inherited.loop.bind(this);
    inherited.loop = () =>
      loop().catch((error: unknown) => {
        if (error !== STOPPED) throw error;
      });
  }
}

function outputOf({ plan, placement, host, wakeWords }: AppEnd): CollectedOutput<{ n: number }> {
  const { stage, descriptor } = placement;
  return new CollectedOutput(plan, stage, descriptor, new StoppableAppHost(host, new WakeWords(wakeWords)));
}

export const appCases: readonly ExplorerCase[] = [
  {
    name: 'app reads',
    title: "the app's own thread reads a full ring to its end",
    scene: () =>
      actorScene(collectFlow(2), {
        ringWords: 8,
        app: {
          app: async (end) => {
            let expected = 1;
            for await (const { n } of outputOf(end)) {
              if (n !== expected) throw new Error(`the app got ${n} instead of ${expected}`);
              expected++;
            }
            if (expected !== 3) throw new Error(`the app got ${expected - 1} tuples of 2`);
          },
        },
      }),
  },
  {
    name: 'app leaves',
    title: 'the app stops reading after the first frame, while the writer waits for room: its slot is deactivated',
    scene: () =>
      actorScene(collectFlow(3), {
        ringWords: 8,
        app: {
          app: async (end) => {
            for await (const { n } of outputOf(end)) {
              if (n !== 1) throw new Error(`the app got ${n} first`);
              break;
            }
          },
        },
      }),
  },
];
