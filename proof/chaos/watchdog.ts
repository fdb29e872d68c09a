// Watches a job that is drilled: says what happens, and ends a job in which nothing happens any more.
// Promises: a job that has committed nothing for 20 s is cancelled, and it is told how it stood.

import { inspect } from 'node:util';
import { between, type Job, type JobEvent } from '../../src/index.ts';
import { type DrillMaster, reasonOf } from './drill-master.ts';
import type { Violations } from './oracle.ts';

const LOOK_EVERY_MS = 500;
/** Looks that find nothing new, after which the job stands still. */
const LOOKS_MAX = 40;

const namesOf = (actors: readonly { operator: string; replica: number }[]): string =>
  actors.map(({ operator, replica }) => `${operator}/${replica}`).join(' ');

/** An event as a line of text. */
export function describeEvent(event: JobEvent): string {
  switch (event.type) {
    case 'crash':
      return `crash of ${namesOf(event.actors)} on ${event.worker}: ${reasonOf(event)}`;
    case 'adoption':
      return `adoption of ${namesOf(event.actors)} by ${event.worker} after ${event.tookMs.toFixed(1)} ms`;
    case 'restart':
      return `restart of ${namesOf([event])} on ${event.worker}`;
    case 'recovered':
      return `first commit of ${namesOf([event])} on ${event.worker} after ${event.tookMs.toFixed(1)} ms`;
    case 'deadLetter':
      return `dead letter of ${namesOf([event.letter])}: ${event.letter.error.message}`;
    default:
      return inspect(event, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  }
}

/** Cancels a job in which nothing has been committed for long, and says how it stood. */
export class Watchdog {
  private readonly timer: NodeJS.Timeout;

  constructor(job: Job, seen: () => number, violations: Violations, drills: Pick<DrillMaster, 'history'>) {
    let before = '';
    let looks = 0;
    this.timer = setInterval(() => {
      const counts = job.reading().operators.map(({ tuplesIn, tuplesOut }) => [tuplesIn, tuplesOut]);
      const now = JSON.stringify([seen(), counts]);
      // Looks and not time: a process that was suspended has looked once.
      looks = now === before ? looks + 1 : 0;
      before = now;
      if (looks < LOOKS_MAX) return;
      clearInterval(this.timer);
      const seconds = (LOOKS_MAX * LOOK_EVERY_MS) / 1000;
      violations.add('other', `nothing was committed for ${seconds} s\n${diagnosis(job, drills)}`);
      void job.cancel('standstill');
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** How a job stands: its workers, its tree, its counts, and what was done to it last. */
function diagnosis(job: Job, drills: Pick<DrillMaster, 'history'>): string {
  const workers = job.workers().map(({ worker, state, actors }) => `worker ${worker} ${state}: ${namesOf(actors)}`);
  const tree = job.tree().children.map(({ name, state, children }) => {
    const replicas = children.map((child) => `${child.state} on ${child.worker}, ${child.restarts} restarts`);
    return `${name} ${state}: ${replicas.join('; ')}`;
  });
  const reading = job.reading();
  const rates = between('start', reading);
  const operators = reading.operators.map(({ name, tuplesIn, tuplesOut, replicas }, i) => {
    const { busy, blocked } = rates.operators[i];
    const queueFill = Math.max(...replicas.map((each) => each.queueFill));
    const shares = `busy ${busy.toFixed(2)}, blocked ${blocked.toFixed(2)}, queue ${(queueFill * 100).toFixed(0)} %`;
    return `${name}: in ${tuplesIn}, out ${tuplesOut}, ${shares}`;
  });
  return [...workers, ...tree, ...operators, `drills: ${drills.history.join(' · ')}`]
    .map((text) => `  ${text}`)
    .join('\n');
}
