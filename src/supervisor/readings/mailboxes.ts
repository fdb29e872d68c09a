// How full the mailboxes of an actor are: what is published for it in the rings before it, and not released by it yet.

import type { ActorDescriptor } from '../../actors/actor-descriptor.ts';
import { Ring } from '../../mailbox/ring.ts';

/** What fills a mailbox, and the share of its ring. */
export interface Fill {
  readonly bytes: number;
  readonly fill: number;
}

export const EMPTY: Fill = { bytes: 0, fill: 0 };

const BYTES_PER_WORD = 8;

export const fuller = (one: Fill, other: Fill): Fill => (other.fill > one.fill ? other : one);

export class Mailboxes {
  readonly #inputs: readonly { readonly upstream: number; readonly ring: Ring; readonly slot: number }[];

  constructor({ inputs }: ActorDescriptor) {
    this.#inputs = inputs.map(({ upstream, memory, slot }) => ({ upstream, ring: new Ring(memory.ring), slot }));
  }

  /** The fullest one. @param from which of the stages before it, in their order; all of them if it is left out */
  fullest(from?: number): Fill {
    let fullest = EMPTY;
    for (const { upstream, ring, slot } of this.#inputs) {
      if ((from !== undefined && upstream !== from) || !ring.isActive(slot)) continue;
      const bytes = Math.max(0, (ring.published() - ring.released(slot)) | 0) * BYTES_PER_WORD;
      fullest = fuller(fullest, { bytes, fill: bytes / ring.capacityBytes });
    }
    return fullest;
  }
}
