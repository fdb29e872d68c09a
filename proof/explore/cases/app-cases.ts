// Cases of the app's own thread as a reader and as a writer: its loop of waits, and what it does when it stops reading.

import { WakeWords } from '../../../src/mailbox/wake.ts';
import { AppHost } from '../../../src/supervisor/job/app-host.ts';
import { PushedInput } from '../../../src/supervisor/job/job-input.ts';
import { CollectedOutput } from '../../../src/supervisor/job/job-output.ts';
import { type AppEnd, actorScene } from '../actor-scene.ts';
import type { ExplorerCase } from '../scene.ts';
import { STOPPED } from '../thread-graph.ts';
import { collectFlow, pushFlow } from './flows.ts';

/** Lets the explorer stop what runs by itself, without anyone hearing of it: nobody awaits it. */
const unlessStopped = (running: Promise<void>): Promise<void> =>
  running.catch((error: unknown) => {
    if (error !== STOPPED) throw error;
  });

/** An app host whose loop may be stopped by the explorer, and can be awaited. */
class StoppableAppHost extends AppHost {
  /** Resolves when nobody waits any more. */
  idle: Promise<void> = Promise.resolve();

  constructor(id: number, wakeWords: WakeWords) {
    super(id, wakeWords);
    const inherited = this as unknown as { loop(): Promise<void> };
    const loop = inherited.loop.bind(this);
    inherited.loop = () => {
      this.idle = unlessStopped(loop());
      return this.idle;
    };
  }
}

function outputOf({ plan, placement, host, wakeWords }: AppEnd): CollectedOutput<{ n: number }> {
  const { stage, descriptor } = placement;
  return new CollectedOutput(plan, stage, descriptor, new StoppableAppHost(host, new WakeWords(wakeWords)), () => {});
}

/** The app pushes 1 to `count`, ends, and stays until all is in the ring. */
async function pushNumbers({ placement, host: id, wakeWords }: AppEnd, count: number): Promise<void> {
  const { stage, descriptor } = placement;
  const host = new StoppableAppHost(id, new WakeWords(wakeWords));
  const input = new PushedInput<{ n: number }>(
    stage,
    descriptor,
    host,
    () => {},
    async () => {},
  );
  // end() waits for room where nobody awaits it.
  const inside = input as unknown as { room(): Promise<void>; output: { spilled: boolean } };
  const room = inside.room.bind(input);
  inside.room = () => unlessStopped(room());
  for (let n = 1; n <= count; n++) await input.push({ n });
  input.end();
  await host.idle;
  if (inside.output.spilled) throw new Error('the app waits no more, and not all is in the ring');
}

export const appCases: readonly ExplorerCase[] = [
  {
    name: 'app reads',
    title: "the app's own thread reads a frame and the end of the stream",
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
  {
    name: 'app writes',
    title: "the app's own thread pushes 3 tuples in 2 frames through a ring of 2, ends, and parks for room",
    scene: () =>
      actorScene(pushFlow(), { ringWords: 8, app: { app: (end) => pushNumbers(end, 3) }, readAtEnd: { reader: 3 } }),
  },
];
