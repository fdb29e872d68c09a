// The chaos run: kills the workers of a keyed pipeline in all ways, as fast as they come back, while its operators are scaled,
// rebalanced and moved, and checks every tuple.
// Usage: npm run chaos -- --seconds 60 --seed 1 [--kills N] [--workers N] [--verbose]; with --actors spawned actors are in the place
// of the pipeline, with --time windows, joins of all kinds and timers in event time. Exits 1 if anything was lost, doubled,
// reordered or wrong, or if a thread is left; the same seed makes the same plan again.

import { parseArgs } from 'node:util';
import { joinText } from '../simulate/join-case.ts';
import { runActorChaos } from './actors-run.ts';
import { Violations } from './oracle.ts';
import { describeDrill, describeSettings, drillsOf, settingsOf } from './plan.ts';
import { type ChaosResult, runChaos } from './run.ts';
import { runTimeChaos } from './time-run.ts';
import { timePlanOf } from './time-tuples.ts';

const PLAN_SHOWN = 12;
/** A process that has nothing left to do ends before. */
const END_MS_MAX = 5000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    kills: { type: 'string' },
    workers: { type: 'string', default: '2' },
    verbose: { type: 'boolean', default: false },
    actors: { type: 'boolean', default: false },
    time: { type: 'boolean', default: false },
  },
});
const integer = (name: string, text: string, from: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= from) return value;
  console.error(`--${name} takes an integer from ${from} on, got '${text}'`);
  process.exit(1);
};
const seed = integer('seed', values.seed ?? String(Date.now() % 1_000_000), 0);
const seconds = integer('seconds', values.seconds, 1);
const workers = integer('workers', values.workers, 1);
const killsMax = values.kills === undefined ? Number.POSITIVE_INFINITY : integer('kills', values.kills, 0);

if (values.actors) {
  console.log(`chaos of spawned actors: seed ${seed}, ${seconds} s, ${workers} workers`);
  const { kills, payments, told, violations: wrong } = await runActorChaos({ seconds, seed, workers, killsMax });
  console.log(`${kills} kills; ${payments} payments moved on 200 times each; ${told} times 10 numbers told`);
  for (const text of wrong.slice(0, 20)) console.error(text);
  console.log(wrong.length === 0 ? 'nothing lost, doubled or reordered' : `FAILED: ${wrong.length} violations`);
  process.exit(wrong.length === 0 ? 0 : 1);
}

if (values.time) {
  const plan = timePlanOf(seed);
  const { joins, ...flow } = plan.flow;
  console.log(
    `chaos in event time: seed ${seed}, ${seconds} s, ${workers} workers: ${JSON.stringify({ ...flow, ...plan.run })}; ${joins.map((join) => `${joinText(join)} by ${join.by}`).join(', ')}`,
  );
  const found = new Violations();
  const { kills, handOvers, oracle } = await runTimeChaos({ seconds, seed, workers, killsMax }, plan, found);
  const { onTime, late, leftBehind, rows } = oracle;
  console.log(
    `${kills} kills, ${handOvers} hand-overs; ${onTime} tuples on time and ${late} late, of these ${leftBehind} behind a silence; ${rows} results`,
  );
  for (const text of found.texts) console.error(text);
  console.log(found.total === 0 ? 'all as the model says' : `FAILED: ${found.total} violations`);
  process.exit(found.total === 0 ? 0 : 1);
}

const settings = settingsOf(seed);
console.log(`chaos: seed ${seed}, ${seconds} s, ${workers} workers: ${describeSettings(settings)}`);
const drills = drillsOf(seed, settings);
const shown = Array.from({ length: PLAN_SHOWN }, () => describeDrill(drills.next().value));
console.log(`plan: ${shown.join(' · ')} · …`);

const violations = new Violations();
const result = await runChaos(
  { seed, seconds, workers, killsMax, verbose: values.verbose },
  settings,
  violations,
  (text) => console.log(text),
);
report(result);
if (result.threadsLeft > 0) violations.add('other', `${result.threadsLeft} threads or ports are left`);
if (violations.total > 0) {
  for (const text of violations.texts) console.error(text);
  console.error(
    `FAILED: ${violations.total} violations; npm run chaos -- --seconds ${seconds} --seed ${seed} makes the same plan`,
  );
  process.exitCode = 1;
}
setTimeout(() => {
  console.error(`FAILED: something keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, END_MS_MAX).unref();

function listed(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  return sorted.map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}

function quantile(sorted: readonly number[], share: number): string {
  if (sorted.length === 0) return '–';
  return `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)} ms`;
}

function report({
  seconds,
  tuples,
  lines,
  finals,
  summands,
  sumRows,
  deadLetters,
  stateReads,
  threadsLeft,
  memoryBytes,
  drills,
  shifts,
}: ChaosResult): void {
  const { counts } = violations;
  const times = [...drills.recoveriesMs].sort((one, other) => one - other);
  const handOversMs = [...shifts.handOversMs].sort((one, other) => one - other);
  const perMinute = (drills.struck * 60) / seconds;
  console.log(`
duration     ${seconds.toFixed(1)} s
tuples       ${tuples} out and ${finals} final states, ${lines} lines, ${deadLetters} dead letters by plan, ${stateReads} rows read meanwhile
sums         of ${summands} tuples, ${sumRows} rows of results
kills        ${drills.struck} (${perMinute.toFixed(0)} a minute): ${listed(drills.kills)}; ${drills.untaken} orders not taken
crashes      ${listed(drills.reasons)}
recoveries   ${times.length}, p50 ${quantile(times, 0.5)}, p99 ${quantile(times, 0.99)}; ${drills.adoptions} adoptions
hand-overs   ${shifts.handOvers} of ${shifts.groups} key groups, p50 ${quantile(handOversMs, 0.5)}, p99 ${quantile(handOversMs, 0.99)}; ${shifts.moves} actors moved; asked for: ${listed(shifts.asked)}
memory       ${(memoryBytes / 2 ** 20).toFixed(0)} MiB
lost ${counts.lost}, doubled ${counts.doubled}, reordered ${counts.reordered}, wrong states ${counts.wrongState}, other violations ${counts.other}, threads left ${threadsLeft}`);
}
