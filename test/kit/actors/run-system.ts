// Runs a system for a test: whatever the test does, its threads are gone afterwards.

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { type ActorSystem, actorSystem, type SystemOptions } from '../../../src/index.ts';
import { noThreadLeft, until } from '../run-flow.ts';

export async function withSystem(options: SystemOptions, run: (system: ActorSystem) => Promise<void>): Promise<void> {
  const system = await actorSystem({ notices: false, ...options });
  try {
    await run(system);
  } finally {
    await system.stop({ timeoutMs: 20_000 });
  }
  await noThreadLeft();
}

/** Asks until the answer is the one that is expected: mail of different senders comes in any order. */
export async function asked<Answer>(ask: () => Promise<Answer>, expected: Answer): Promise<void> {
  let answer = await ask();
  const isAnswered = async (): Promise<boolean> => {
    answer = await ask();
    return isDeepStrictEqual(answer, expected);
  };
  await until(isAnswered, 'the answer').catch(() => assert.deepEqual(answer, expected));
}
