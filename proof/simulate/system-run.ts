// Runs one seed of the simulation of spawned actors, and judges what came of it.
// Promises: a case depends on its seed alone. Money is neither made nor lost, mail of each pair comes once and in order, timers tick as
// often as they are to, storms are over when each has been told as often as it is to, every child is born once, and greeted by all who were told of it.

import type { ActorSystem } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';
import { simulateSystem } from '../../src/testing/simulate-system.ts';
import { lifeProblems } from './lives.ts';
import type { SeedResult } from './run.ts';
import { account, child, listener, parent, registry, stormer, talker } from './system-actors.ts';

interface SystemCase {
  readonly ringBytes: number;
  readonly changes: number;
  readonly changesMax: number;
  /** Share of talks that await answers. */
  readonly asyncs: number;
  readonly accounts: number;
  readonly payments: number;
  readonly moves: number;
  readonly talkers: number;
  readonly listeners: number;
  readonly talks: number;
  readonly failsEvery: number;
  readonly textBytes: number;
  readonly ticks: number;
  readonly parents: number;
  readonly children: number;
  readonly greeters: number;
  /** Children that the app greets, behind so much noise each. */
  readonly raised: number;
  readonly noises: number;
  /** All tell all, so many times one upon the other; 0 for no storm. */
  readonly stormDepth: number;
  readonly stormers: number;
  /** Most virtual milliseconds between two things that the app does. */
  readonly pauseMs: number;
  /** True if the system is stopped, and not cancelled, at the end. */
  readonly stops: boolean;
}

const CENTS = 10_000;
const TICK_MS_MAX = 40;
/** Virtual time. */
const SETTLE_MS = 100_000;
const ASK = { timeoutMs: Number.POSITIVE_INFINITY };

function systemCaseOf(seed: number): SystemCase {
  const random = new Random(seed ^ 0xac70);
  const drawn = {
    ringBytes: random.pick([4096, 4096, 8192, 1 << 16]),
    changes: random.pick([0, 0, 0.02, 0.1]),
    changesMax: 20,
    asyncs: 0.3,
    accounts: 1 + random.below(8),
    payments: random.below(6),
    moves: random.below(40),
    talkers: 1 + random.below(4),
    listeners: 1 + random.below(5),
    talks: random.below(25),
    failsEvery: random.pick([0, 0, 3, 7]),
    textBytes: random.pick([0, 10, 200, 900]),
    ticks: random.below(6),
    parents: random.below(4),
    children: random.below(6),
    greeters: 1 + random.below(4),
    pauseMs: random.pick([0, 1, 10, 50]),
    stops: random.chance(0.15),
  };
  // Last: what the seeds had drawn before there was this, they still draw.
  const later = { raised: random.below(8), noises: random.below(12) };
  return { ...drawn, ...later, stormDepth: random.pick([0, 0, 2, 3]), stormers: 1 + random.below(6) };
}

export function describeSystemCase(seed: number): string {
  const { ringBytes, accounts, payments, moves, talkers, listeners, talks, failsEvery, textBytes, ...rest } =
    systemCaseOf(seed);
  const { ticks, parents, children, greeters, raised, noises, stormDepth, stormers, changes, stops } = rest;
  return [
    `${payments} payments × ${moves} among ${accounts}`,
    `${talks} talks of ${talkers} to ${listeners}${textBytes > 0 ? ` with ${textBytes} bytes` : ''}`,
    failsEvery > 0 && `1/${failsEvery} fails`,
    ticks > 0 && `${ticks} ticks`,
    parents * children > 0 && `${parents} × ${children} children, ${greeters} greeters`,
    raised > 0 && `${raised} children greeted by the app, behind ${noises} noises each`,
    stormDepth > 0 && `a storm of ${stormers} by ${stormDepth}`,
    `rings of ${ringBytes}`,
    changes > 0 && `changes ${changes}`,
    stops && 'stopped',
  ]
    .filter((part) => typeof part === 'string')
    .join(', ');
}

/** What the app has done. */
interface Done {
  readonly told: Map<string, number>;
  failures: number;
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/**
 * @param given in place of what the seed would draw
 * @throws MillraceError SIMULATION_FAILED
 */
export async function runSystemSeed(
  seed: number,
  { workers, ...given }: Partial<SystemCase> & { readonly workers?: number } = {},
): Promise<SeedResult> {
  const drawn = { ...systemCaseOf(seed), ...given };
  const { ringBytes, changes, changesMax, stops } = drawn;
  let violations: string[] = [];
  let mail = 0;
  const result = await simulateSystem({
    seed,
    workers,
    ringBytes,
    changes,
    changesMax,
    stops,
    supervision: { directive: 'resume', intensity: 1_000_000 },
    app: async (system, sleep) => {
      const done: Done = { told: new Map(), failures: 0 };
      const letters: string[] = [];
      system.on('deadLetter', ({ message, reason }) => letters.push(`${message}: ${reason}`));
      system.on('actorFailed', () => {});
      await act(system, new Random(seed), drawn, done, sleep);
      for (let waitMs = 20, waitedMs = 0; waitedMs < SETTLE_MS; waitMs *= 1.2) {
        violations = await problems(system, drawn, done);
        if (violations.length === 0 && letters.length >= done.failures) break;
        await sleep(waitMs);
        waitedMs += waitMs;
      }
      const unexpected = letters.filter((letter) => !/fails on purpose/.test(letter));
      for (const letter of unexpected) violations.push(`dead letter: ${letter}`);
      if (letters.length - unexpected.length !== done.failures)
        violations.push(`${letters.length - unexpected.length} dead letters of failures, not ${done.failures}`);
      mail = system.job.reading().operators.find(({ name }) => name === 'actors')?.tuplesIn ?? 0;
    },
  });
  violations.push(...lifeProblems(result.events, false));
  const handOvers = result.events.filter(({ type }) => type === 'handOver').length;
  const { crashes, steps, virtualMs, digest, trace } = result;
  return {
    crashes,
    changes: result.changes,
    handOvers,
    tuples: mail,
    steps,
    virtualMs,
    deadLetters: 0,
    digest,
    trace,
    violations,
  };
}

/** All that the app does, several things at once. */
async function act(
  system: ActorSystem,
  random: Random,
  drawn: SystemCase,
  done: Done,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const { accounts, payments, moves, talkers, listeners, talks, failsEvery, textBytes, ticks, parents, pauseMs } =
    drawn;
  const pause = (): Promise<void> => sleep(random.next() * pauseMs);
  const text = 'x'.repeat(textBytes);
  if (ticks > 0) {
    for (const name of names(listeners)) {
      await system.get(listener, name).tell.begin({ periodMs: 1 + random.next() * TICK_MS_MAX, times: ticks });
    }
  }
  const paying = async (): Promise<void> => {
    for (let i = 0; i < payments; i++) {
      const to = system.get(account, String(random.below(accounts)));
      await to.tell.pay({ cents: CENTS, moves, accounts });
      await pause();
    }
  };
  const talking = async (): Promise<void> => {
    for (let i = 0; i < talks; i++) {
      const name = String(random.below(talkers));
      const fails = failsEvery > 0 && random.below(failsEvery) === 0;
      const way = random.chance(drawn.asyncs) ? 'talkLater' : 'talk';
      const message = { listeners, text: text.slice(0, random.below(textBytes + 1)), fails };
      if (fails) done.failures++;
      else done.told.set(name, (done.told.get(name) ?? 0) + 1);
      await system.get(talker, name).tell[way](message);
      await pause();
    }
  };
  const growing = async (): Promise<void> => {
    const all = names(parents).map((name) => system.spawn(parent, { name: `parent ${name}` }));
    for (let i = 0; i < drawn.children; i++) {
      for (const each of all) await each.tell.grow({ greeters: drawn.greeters });
      await pause();
    }
  };
  const raising = async (): Promise<void> => {
    for (let i = 0; i < drawn.raised; i++) {
      const raiser = system.spawn(parent);
      const { noises } = drawn;
      const { address } = await raiser.ask.raise({ noises, text }, ASK);
      await system.ref(child, address).tell.hello({});
      await pause();
    }
  };
  const storming = async (): Promise<void> => {
    const { stormDepth: depth, stormers: size } = drawn;
    if (depth > 0) await system.get(stormer, '0').tell.hit({ depth, size, text });
  };
  await Promise.all([paying(), talking(), growing(), raising(), storming()]);
}

async function problems(system: ActorSystem, drawn: SystemCase, { told }: Done): Promise<string[]> {
  const { accounts, payments, listeners, ticks, parents, children, greeters, raised, stormDepth, stormers } = drawn;
  const found: string[] = [];
  const balances = await Promise.all(names(accounts).map((name) => system.get(account, name).ask.balance({}, ASK)));
  const cents = balances.reduce((sum, each) => sum + each.cents, 0);
  if (cents !== payments * CENTS) found.push(`${cents} cents in all accounts, and ${payments * CENTS} were paid in`);
  const reports = await Promise.all(names(listeners).map((name) => system.get(listener, name).ask.report({}, ASK)));
  for (const [to, { last, wrong, ticks: ticked }] of reports.entries()) {
    if (wrong !== '') found.push(`listener ${to}: ${wrong}`);
    if (ticked !== ticks) found.push(`listener ${to}: ${ticked} ticks of ${ticks}`);
    for (const [from, count] of told) {
      if ((last[from] ?? 0) !== count) found.push(`listener ${to} has heard ${last[from] ?? 0} of ${count} of ${from}`);
    }
  }
  if (stormDepth > 0) {
    const counts = await Promise.all(names(stormers).map((name) => system.get(stormer, name).ask.hits({}, ASK)));
    const hits = counts.reduce((sum, each) => sum + each.hits, 0);
    let due = 1;
    for (let left = stormDepth; left > 0; left--) due = 1 + stormers * due;
    if (hits !== due) found.push(`${hits} of ${due} messages of a storm`);
  }
  const { born, greeted, gone, wrong } = await system.get(registry, 'all').ask.counts({}, ASK);
  const grown = parents * children;
  const due = grown + raised;
  if (born !== due || greeted !== grown * greeters + raised || gone !== due)
    found.push(
      `of ${due} children ${born} were born and ${gone} have gone, greeted ${greeted} times by ${greeters} each, ${raised} of them by the app`,
    );
  if (wrong !== '') found.push(wrong);
  return found;
}
