// From what a replica's state is taken when it begins again: its live image, or the last backup if that is damaged.
// Promises: a damaged image is restored once; damage that comes back before a replica runs again is an ordinary failure.

import type { Resumption } from '../../actors/actor-descriptor.ts';
import { hasReadAll } from '../replicas/input-left.ts';
import type { Replica } from '../replicas/replica.ts';
import type { Backups } from './backups.ts';

export class Restores {
  readonly #backups: Backups | undefined;
  /** Replicas whose live image was found to be damaged. */
  readonly #damaged = new Set<Replica>();

  constructor(backups: Backups | undefined) {
    this.#backups = backups;
  }

  /** A replica's live image is damaged. Returns false if there is nothing to restore it from, or it was to be restored already. */
  damaged(replica: Replica): boolean {
    if (this.#backups === undefined || this.#damaged.has(replica)) return false;
    this.#damaged.add(replica);
    return true;
  }

  /**
   * What a replica's state is to be restored from; undefined if it is taken as it is.
   * @param isSearching true if it is to try tuples alone
   */
  async of(replica: Replica, isSearching: boolean): Promise<Resumption['restore']> {
    const backups = this.#backups;
    if (replica.descriptor.transaction === undefined || backups === undefined) return undefined;
    // A tuple that is being isolated has to be found again at the same commit, and key groups that end have lost their order.
    const takesAsIs = !backups.restoresAlways || isSearching || hasReadAll(replica);
    if (!this.#damaged.has(replica) && takesAsIs) return undefined;
    return { checkpoint: await backups.read(replica.actor) };
  }

  /** A replica runs with what was restored. */
  done(replica: Replica): void {
    this.#damaged.delete(replica);
  }
}
