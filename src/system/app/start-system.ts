// actorSystem(), as apps import it.
// What runs a system is loaded when one starts: most of those who import Millrace declare flows, and a thread would read it for nothing.

import { refuseStart } from '../../supervisor/job/refuse-start.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { SystemOptions } from '../system-options.ts';
import type { ActorSystem } from './actor-system.ts';

/**
 * Starts a system of actors on worker threads.
 * @throws MillraceError BAD_OPTION, WORKER_START and others that a start can meet
 */
export async function actorSystem(options: SystemOptions = {}, ...surplus: readonly never[]): Promise<ActorSystem> {
  refuseSurplus('actorSystem(options)', 1, surplus);
  const { startSystem } = await import('./actor-system.ts').catch(refuseStart);
  return startSystem(options);
}
