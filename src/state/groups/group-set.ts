// A set of key groups, as commits and hand-overs carry it: one bit a group, in a few 32-bit cells.
// Promises: cells are from 0 to 2^32 - 1, so they are the same whether they were kept as doubles or as integers.

import { KEY_GROUPS } from '../../mailbox/hash.ts';

const BITS = 32;
export const GROUP_CELLS = KEY_GROUPS / BITS;

/** {@link GROUP_CELLS} cells; group g is bit g & 31 of cell g >> 5. */
export type GroupSet = number[];

export const noGroups = (): GroupSet => new Array(GROUP_CELLS).fill(0);

export function groupSet(groups: Iterable<number>): GroupSet {
  const set = noGroups();
  for (const group of groups) set[group >>> 5] = (set[group >>> 5] | (1 << (group & (BITS - 1)))) >>> 0;
  return set;
}

export const hasGroup = (set: Readonly<GroupSet>, group: number): boolean =>
  ((set[group >>> 5] >>> (group & (BITS - 1))) & 1) === 1;

/** In ascending order. */
export function groupsOf(set: Readonly<GroupSet>): number[] {
  const groups: number[] = [];
  for (let group = 0; group < KEY_GROUPS; group++) if (hasGroup(set, group)) groups.push(group);
  return groups;
}

export const isEmptySet = (set: Readonly<GroupSet>): boolean => set.every((cell) => cell === 0);

/** Adds the groups of another set. */
export function addGroups(to: GroupSet, groups: Readonly<GroupSet>): void {
  for (let i = 0; i < GROUP_CELLS; i++) to[i] = (to[i] | groups[i]) >>> 0;
}

/** Takes the groups of another set out. */
export function removeGroups(from: GroupSet, groups: Readonly<GroupSet>): void {
  for (let i = 0; i < GROUP_CELLS; i++) from[i] = (from[i] & ~groups[i]) >>> 0;
}
