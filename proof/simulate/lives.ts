// Judges what a job tells of its replicas: each one's crashes, restarts and first commits come in their order.

import type { JobEvent } from '../../src/index.ts';

/** Only a supervisor that restarts several restarts a replica that has not crashed. */
const ALONE = /^(c+(rv?)?)*$/;
const WITH_OTHERS = /^(c|rv?)*$/;

/**
 * @param isAlone true if a supervisor restarts the crashed replica only
 * @returns what is wrong: of each replica whose order is, its crashes (c), restarts (r) and recoveries (v)
 */
export function lifeProblems(events: readonly JobEvent[], isAlone: boolean): string[] {
  const lives = new Map<string, string>();
  const note = ({ operator, replica }: { operator: string; replica: number }, letter: string): void =>
    void lives.set(`${operator}/${replica}`, `${lives.get(`${operator}/${replica}`) ?? ''}${letter}`);
  for (const event of events) {
    if (event.type === 'crash') for (const actor of event.actors) note(actor, 'c');
    if (event.type === 'restart') note(event, 'r');
    if (event.type === 'recovered') note(event, 'v');
  }
  const sound = isAlone && !events.some(({ type }) => type === 'escalation') ? ALONE : WITH_OTHERS;
  return [...lives]
    .filter(([, life]) => !sound.test(life))
    .map(([name, life]) => `${name} is told to have crashed, been restarted and recovered in this order: ${life}`);
}
