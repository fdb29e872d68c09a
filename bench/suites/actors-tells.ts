// Senders that tell receivers, both spread over all threads of a system: of the library, or of a variant of it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { actorSystem } from '../../src/index.ts';
import type { By, Effort } from '../effort.ts';
import * as flows from '../flows/actors.ts';
import { type Ours, PATIENT, perSecond, requireRight } from './actors-contender.ts';

export const PAIRS = 10;
/** Of each sender. */
export const TELLS: By<number> = { quick: 20_000, usual: 100_000, full: 300_000 };

/** A library, and the actors that were declared with it. */
export type ActorsLibrary = Pick<typeof flows, 'receiver' | 'sender'> & { readonly actorSystem: typeof actorSystem };

export const tells = (
  result: string,
  effort: Effort,
  workers: number,
  { receiver, sender }: Omit<ActorsLibrary, 'actorSystem'> = flows,
): Ours => ({
  workers,
  async run(system) {
    const receivers = Array.from({ length: PAIRS }, () => system.spawn(receiver));
    const senders = Array.from({ length: PAIRS }, () => system.spawn(sender));
    await Promise.all(receivers.map((each) => each.ask.count({})));
    const startMs = performance.now();
    senders.forEach((each, i) => {
      void each.tell.go({ to: receivers[i].address, left: TELLS[effort] });
    });
    const counts: number[] = [];
    for (const each of receivers) {
      let { count } = await each.ask.count({}, PATIENT);
      for (; count < TELLS[effort]; count = (await each.ask.count({}, PATIENT)).count) await sleep(1);
      counts.push(count);
    }
    const rate = perSecond(PAIRS * TELLS[effort], startMs);
    requireRight(
      'messages told',
      counts,
      counts.map(() => TELLS[effort]),
    );
    for (const each of [...receivers, ...senders]) each.stop();
    return { [result]: rate };
  },
});
