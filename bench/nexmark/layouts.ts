// How the files of a trace are cut into source partitions: what a watermark, and so lateness, is judged by.
// Promises: the answers are the same for each layout; see docs/nexmark.md.

/**
 * `types`: each file is a partition. `merged`: persons, auctions and bids are one, in the order of `seq`. `dealt2`, `dealt4`:
 * line i of each file, from 0 behind the header, is in partition i mod 2 or 4 of that file.
 */
export const LAYOUTS = ['types', 'merged', 'dealt2', 'dealt4'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Partitions of each file. */
export const partsOf = (layout: Layout): number => (layout === 'dealt2' ? 2 : layout === 'dealt4' ? 4 : 1);
