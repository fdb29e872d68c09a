// The chaos run of spawned actors: workers are killed as fast as they come back, while money moves between accounts, tellers tell
// listeners, and timers tick. In the end the money is all there, each number has come once and in order, and each timer has ticked as often
// as it was to.

import { setTimeout as sleep } from 'node:timers/promises';
import { type ActorSystem, actorSystem } from '../../src/index.ts';
import { account, listener } from '../simulate/system-actors.ts';
import { teller } from './chaos-actors.ts';

const ACCOUNTS = 40;
const TELLERS = 10;
const LISTENERS = 10;
const CENTS = 10_000;
const MOVES = 200;
const TICKS = 50;
const TIMEOUT_MS = 60_000;
const ASK = { timeoutMs: TIMEOUT_MS };
/** How long what is on its way may take to arrive. */
const SETTLE_MS = 30_000;

export interface ActorChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly workers: number;
  readonly killsMax: number;
}

export interface ActorChaosResult {
  readonly kills: number;
  readonly payments: number;
  readonly told: number;
  readonly violations: readonly string[];
}

/** A small generator of numbers: the same plan for a seed, as far as the machine is the same. */
function randomOf(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const indices = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/** Kills a worker, and waits until all replicas answer again. */
async function kill(system: ActorSystem, random: (below: number) => number): Promise<boolean> {
  const workers = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
  if (workers.length === 0) return false;
  const killed = await system.job.killWorker(workers[random(workers.length)].worker).then(
    () => true,
    () => false,
  );
  // Now and then the next one dies while this one is being taken over.
  if (random(4) > 0) await system.metrics();
  return killed;
}

export async function runActorChaos({
  seconds,
  seed,
  workers,
  killsMax,
}: ActorChaosOptions): Promise<ActorChaosResult> {
  const random = randomOf(seed);
  const ringBytes = [4096, 1 << 16, 1 << 21][random(3)];
  // As many crashes as come are part of the plan.
  const system = await actorSystem({ workers, ringBytes, notices: false });
  const untilMs = performance.now() + seconds * 1000;
  const isOver = (): boolean => performance.now() >= untilMs;
  let kills = 0;
  let payments = 0;
  const told = new Map(indices(TELLERS).map((name) => [name, 0]));
  for (const name of indices(LISTENERS))
    await system.get(listener, name).tell.begin({ periodMs: 5 + random(20), times: TICKS });

  const paying = (async () => {
    while (!isOver()) {
      const to = system.get(account, String(random(ACCOUNTS)));
      await to.tell.pay({ cents: CENTS, moves: MOVES, accounts: ACCOUNTS });
      payments++;
      await sleep(random(20));
    }
  })();
  const telling = (async () => {
    while (!isOver()) {
      const name = String(random(TELLERS));
      const { go } = system.get(teller, name).ask;
      told.set(name, (told.get(name) ?? 0) + 1);
      const done = go({ listeners: LISTENERS, isSlow: random(3) === 0 }, ASK);
      if (random(5) === 0) await done;
      else done.catch(() => {});
      await sleep(random(5));
    }
  })();
  const killing = (async () => {
    while (!isOver() && kills < killsMax) {
      await sleep(random(100));
      if (await kill(system, random)) kills++;
    }
  })();
  await Promise.all([paying, telling, killing]);

  let violations: string[] = [];
  const settleMs = performance.now() + SETTLE_MS;
  do {
    await sleep(20);
    violations = await problems(system, payments, told);
  } while (violations.length > 0 && performance.now() < settleMs);
  await system.stop({ timeoutMs: TIMEOUT_MS });
  return { kills, payments, told: [...told.values()].reduce((sum, each) => sum + each, 0), violations };
}

async function problems(system: ActorSystem, payments: number, told: ReadonlyMap<string, number>): Promise<string[]> {
  const found: string[] = [];
  const balances = await Promise.all(indices(ACCOUNTS).map((name) => system.get(account, name).ask.balance({}, ASK)));
  const cents = balances.reduce((sum, each) => sum + each.cents, 0);
  if (cents !== payments * CENTS) found.push(`${cents} cents in all accounts, and ${payments * CENTS} were paid in`);
  for (const name of indices(LISTENERS)) {
    const { last, wrong, ticks } = await system.get(listener, name).ask.report({}, ASK);
    if (wrong !== '') found.push(`listener ${name}: ${wrong}`);
    if (ticks !== TICKS) found.push(`listener ${name}: ${ticks} ticks of ${TICKS}`);
    for (const [from, count] of told) {
      if ((last[from] ?? 0) !== count)
        found.push(`listener ${name} has come to ${last[from] ?? 0} of ${count} of teller ${from}`);
    }
  }
  return found;
}
