// Rows that the look-up of a chunk has inserted for keys whose tuples are still to come.
// Promises: they do not outlive a chunk that ends early, because the output of a tuple found no room: a key has a row once a
// tuple of it has taken effect. A chunk that inserts nothing pays one comparison.
// Relies on: a table notes the rows that it inserts, in order; a look-up that is repeated finds the rows of the same tuples.

import { keyGroupOf } from '../../mailbox/hash.ts';
import { INSERTIONS_MAX } from '../../state/memory/table.ts';
import type { KeyedState } from '../../state/rows/keyed-state.ts';

/** Rows whose state is looked up before the first of them is processed: no more than a table notes. */
export const CHUNK_ROWS = INSERTIONS_MAX;
const MASK = CHUNK_ROWS - 1;

/** Of the tuple in each row of the frame: its hash. */
interface Hashes {
  hashAt(row: number): number;
}

export class RowsAhead {
  private readonly state: KeyedState;
  /** 1 for each row of the chunk's frame whose tuple is the first of a new key. */
  private readonly isNew = new Uint8Array(CHUNK_ROWS);
  private isEmpty = true;

  constructor(state: KeyedState) {
    this.state = state;
  }

  /** A chunk begins. */
  begin(): void {
    if (this.isEmpty) return;
    this.isNew.fill(0);
    this.isEmpty = true;
  }

  /**
   * Takes up what a look-up has inserted. To be called after each, also one that is to be repeated: then nothing is new any more.
   * @param indices of the rows of the frame that it has looked up, `count` of them
   * @param rows of the state that it has found
   */
  note(hashes: Hashes, indices: Int32Array, rows: Int32Array, count: number): void {
    const { insertions } = this.state.table;
    let next = 0;
    for (let j = 0; j < count && next < insertions.count; j++) {
      // The hash tells rows of several arenas apart.
      if (rows[j] !== insertions.rows[next] || hashes.hashAt(indices[j]) !== insertions.hashes[next]) continue;
      this.isNew[indices[j] & MASK] = 1;
      next++;
    }
    this.isEmpty = false;
  }

  /** The chunk ends before the tuples from the `from`-th to the `count`-th that were looked up. */
  drop(hashes: Hashes, indices: Int32Array, rows: Int32Array, from: number, count: number): void {
    if (this.isEmpty) return;
    for (let j = from; j < count; j++) {
      if (this.isNew[indices[j] & MASK] === 1) this.state.remove(keyGroupOf(hashes.hashAt(indices[j])), rows[j]);
    }
  }
}
