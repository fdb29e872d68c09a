// Cases of hand-overs: a replica gives key groups to another one, while both read, and at every step of which either may crash.

import { handOverScene } from '../hand-over-scene.ts';
import type { ExplorerCase } from '../scene.ts';

/** Keys whose groups are in the first half, which the giver owns, and in the second. */
const MOVED = 1;
const KEPT = 2;
const OTHER = 3;

export const handOverCases: readonly ExplorerCase[] = [
  {
    name: 'receiver joins',
    title: 'a dormant replica is given one of two keys, at any time while the giver reads, or too late',
    scene: () =>
      handOverScene({
        keys: [MOVED, KEPT],
        moved: [MOVED],
        isJoining: true,
        request: 'receiver',
        ringWords: 32,
        singly: true,
        ends: ['done', 'refused'],
      }),
  },
  {
    name: 'receiver behind',
    title: 'a replica at work, which has read less than the giver, is given a key: both meet where the giver is',
    scene: () =>
      handOverScene({
        keys: [MOVED, OTHER],
        moved: [MOVED],
        isJoining: false,
        request: 'receiver',
        ringWords: 32,
        singly: true,
        ends: ['done', 'refused'],
      }),
  },
  {
    name: 'receiver ahead',
    title: 'the same, of a replica that has read more: both meet where the receiver is',
    scene: () =>
      handOverScene({
        keys: [MOVED, OTHER],
        moved: [MOVED],
        isJoining: false,
        request: 'giver',
        ringWords: 32,
        singly: true,
        ends: ['done', 'refused'],
      }),
  },
  {
    name: 'giver retires',
    title: 'a replica gives all that it has to one that joins, and retires',
    scene: () => handOverScene({ keys: [MOVED, MOVED], isJoining: true, request: 'before', ringWords: 32 }),
  },
  {
    name: 'giver crashes',
    title: 'the giver dies at any step of a hand-over to a replica that joins, and of its retirement',
    scene: () =>
      handOverScene({
        keys: [MOVED],
        isJoining: true,
        request: 'before',
        ringWords: 32,
        crashing: ['giver'],
        crashes: 1,
      }),
  },
  {
    name: 'receiver crashes',
    title: 'the replica that joins dies at any step, while the giver does so',
    scene: () =>
      handOverScene({
        keys: [MOVED],
        isJoining: true,
        request: 'before',
        ringWords: 32,
        crashing: ['receiver'],
        crashes: 1,
      }),
  },
];
