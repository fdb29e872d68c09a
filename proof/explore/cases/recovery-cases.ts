// Cases of commit and recovery: actors crash at every step, and are adopted by another host from their last commit.

import { actorScene } from '../actor-scene.ts';
import type { ExplorerCase } from '../scene.ts';
import { combiningFlow, countingFlow, readersFlow, relayFlow } from './flows.ts';

const BEFORE_2_32 = -2;

/** What the flow that counts, or the relay, has counted in the end. */
const counted = (operator: string, seen: number) => ({ [operator]: { 1: { seen } } });

export const recoveryCases: readonly ExplorerCase[] = [
  {
    name: 'writer crashes',
    title: 'the writer dies at any step, while the ring fills and wraps',
    scene: () =>
      actorScene(readersFlow(1, 'reader'), {
        readAtEnd: { reader: 1 },
        ringWords: 8,
        start: BEFORE_2_32,
        crashing: ['writer'],
        crashes: 1,
      }),
  },
  {
    name: 'reader crashes',
    title: 'a reader with state dies at any step: in its transaction, its commit, its release, parked',
    scene: () =>
      actorScene(countingFlow(1), {
        stateAtEnd: counted('reader', 1),
        ringWords: 16,
        crashing: ['reader'],
        crashes: 1,
      }),
  },
  {
    name: 'full ring, reader crashes',
    title: 'the same where the writer waits for what the reader releases',
    scene: () =>
      actorScene(countingFlow(2), {
        stateAtEnd: counted('reader', 2),
        ringWords: 16,
        start: -4,
        crashing: ['reader'],
        crashes: 1,
      }),
  },
  {
    name: 'either crashes',
    title: 'writer or reader die at any step',
    scene: () =>
      actorScene(countingFlow(1), {
        stateAtEnd: counted('reader', 1),
        ringWords: 16,
        crashing: ['writer', 'reader'],
        crashes: 1,
      }),
  },
  {
    name: 'recovery crashes',
    title: 'a reader with state dies at any step, and its adopter at any step of the recovery',
    scene: () =>
      actorScene(countingFlow(1), {
        stateAtEnd: counted('reader', 1),
        ringWords: 16,
        crashing: ['reader'],
        crashes: 1,
        recoveryCrashes: 1,
      }),
  },
  {
    name: 'relay crashes',
    title: 'a stage between two rings dies at any step: input, state and output are one transaction',
    scene: () =>
      actorScene(relayFlow(1), {
        stateAtEnd: counted('relay', 1),
        readAtEnd: { reader: 1 },
        ringWords: 16,
        first: ['writer'],
        crashing: ['relay'],
        crashes: 1,
      }),
  },
  {
    name: 'second transaction',
    title: 'a reader changes a row in two transactions and dies at any step',
    scene: () =>
      actorScene(countingFlow(2), {
        stateAtEnd: counted('reader', 2),
        ringWords: 32,
        first: ['writer'],
        singly: true,
        crashing: ['reader'],
        crashes: 1,
      }),
  },
  {
    name: 'combining writer crashes',
    title: 'a writer that combines its tuples dies at any step: what it has combined is written once, with its commit',
    scene: () =>
      actorScene(combiningFlow(2), {
        stateAtEnd: counted('reader', 2),
        ringWords: 32,
        crashing: ['writer'],
        crashes: 1,
      }),
  },
  {
    name: 'combining writer fails',
    title: 'a batch of a writer that combines its tuples is rolled back, and read again',
    // Two reads: the first batch of an actor is one of 16 tuples.
    scene: () => actorScene(combiningFlow(17, true), { stateAtEnd: counted('reader', 17), ringWords: 32 }),
  },
  {
    name: 'recovery crashes twice',
    title: 'a reader with state dies at any step; then its adopter does so in its recovery, and the next one as well',
    scene: () =>
      actorScene(countingFlow(1), {
        stateAtEnd: counted('reader', 1),
        ringWords: 32,
        first: ['writer'],
        crashing: ['reader'],
        crashes: 1,
        recoveryCrashes: 2,
      }),
  },
];
