// What the contenders of suite `actors` have in common.

import { type ActorSystem, actorSystem } from '../../src/index.ts';
import type { Contender, Figures } from '../harness.ts';

/** How long an ask may take while other work is in front of it. */
export const PATIENT = { timeoutMs: 60_000 } as const;

export const perSecond = (count: number, startMs: number): number => (count * 1000) / (performance.now() - startMs);

export interface Ours {
  readonly workers?: number;
  run(system: ActorSystem): Promise<Figures>;
}

export async function millrace({ workers = 2, run }: Ours): Promise<Contender> {
  const system = await actorSystem({ workers });
  return { name: 'millrace', run: () => run(system), close: () => system.stop() };
}

/** A contender of which nothing is kept between runs. */
export const contender = (name: string, run: () => Promise<Figures>): Contender => ({ name, run, async close() {} });

/** Refuses a run whose answers are not right. */
export function requireRight(what: string, got: readonly number[], wanted: readonly number[]): void {
  if (got.length !== wanted.length || got.some((value, i) => value !== wanted[i])) {
    throw new Error(
      `actors: ${what} should be ${wanted.join(', ')}, and ${got.length === 1 ? 'is' : 'are'} ${got.join(', ')}`,
    );
  }
}

/** A promise, and what resolves it. */
export function promised(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
