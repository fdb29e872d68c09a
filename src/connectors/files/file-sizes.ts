// How large the files are that a source has found, for its progress.
// Promises: each is looked at once by a thread, whatever is opened again, and in the background; what cannot be looked at has no bytes.

import { stat } from 'node:fs/promises';

/** Files that are looked at side by side. */
const AT_ONCE = 16;

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    // Who reads it says what is wrong with it.
    return 0;
  }
}

async function sizesOf(files: readonly string[]): Promise<readonly number[]> {
  const sizes: number[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    sizes.push(...(await Promise.all(files.slice(at, at + AT_ONCE).map(sizeOf))));
  }
  return sizes;
}

export class FileSizes {
  /** By the list of a job, of which it is the same in each opening, and the partition. */
  readonly #known = new WeakMap<readonly string[], Map<number, Promise<readonly number[]>>>();

  /** @param files those of the list that the partition reads */
  of(listing: readonly string[], partition: number, files: readonly string[]): Promise<readonly number[]> {
    const known = this.#known.get(listing) ?? new Map<number, Promise<readonly number[]>>();
    this.#known.set(listing, known);
    const sizes = known.get(partition) ?? sizesOf(files);
    known.set(partition, sizes);
    return sizes;
  }
}
