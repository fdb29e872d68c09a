// Explores all cases and all mutants, and prints what was visited and caught.
// Usage: npm run explore [-- --case NAME] [--mutant NAME] [--traces]. Exits 1 if a case fails or a mutant survives.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { caseNamed, cases } from './cases/all.ts';
import type { Exploration } from './explorer.ts';
import { mutants } from './mutants/all.ts';
import { mutantNamed, type Task } from './task.ts';
import { traceText } from './trace.ts';

/** Lines of a trace that are shown without --traces: the last ones tell what goes wrong. */
const LINES_SHOWN = 14;

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    mutant: { type: 'string', multiple: true },
    traces: { type: 'boolean', default: false },
  },
});
const isAll = values.case === undefined && values.mutant === undefined;
const tasks: Task[] = [
  ...(values.case?.map((name) => caseNamed(name)) ?? (isAll ? cases : [])).map(
    ({ name }) => ({ kind: 'case', name }) as const,
  ),
  ...(values.mutant?.map((name) => mutantNamed(name)) ?? (isAll ? mutants : [])).map(
    ({ name }) => ({ kind: 'mutant', name }) as const,
  ),
];

/** Performs the tasks on a few threads, and tells of each as soon as all before it have been told of. */
function performAll(tell: (task: Task, found: Exploration) => void): Promise<void> {
  const found: (Exploration | undefined)[] = tasks.map(() => undefined);
  let next = 0;
  let told = 0;
  return new Promise((resolve, reject) => {
    const begin = (worker: Worker): void => {
      const number = next++;
      if (number >= tasks.length) {
        void worker.terminate();
        if (told === tasks.length) resolve();
        return;
      }
      worker.once('message', (exploration: Exploration) => {
        found[number] = exploration;
        for (; found[told] !== undefined; told++) tell(tasks[told], found[told] as Exploration);
        begin(worker);
      });
      worker.postMessage(tasks[number]);
    };
    for (let i = 0; i < Math.min(availableParallelism(), tasks.length); i++) {
      const worker = new Worker(new URL('./worker.js', import.meta.url), {
        // States live for one level of the search: with room for one, they are collected at little cost.
        resourceLimits: { maxYoungGenerationSizeMb: 256 },
      });
      worker.once('error', reject);
      begin(worker);
    }
  });
}

const grouped = (value: number): string => value.toLocaleString('en-US');
const ways = (value: number): string => (value < 1e6 ? grouped(value) : value.toExponential(1).replace('e+', 'e'));
const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const caseWidth = Math.max(...cases.map(({ name }) => name.length));
const mutantWidth = Math.max(...mutants.map(({ name }) => name.length));
const row = (name: string, ...columns: readonly string[]): string => {
  const [threads, states, steps, interleavings, took, verdict] = columns;
  const figures = [
    threads.padStart(7),
    states.padStart(9),
    steps.padStart(9),
    interleavings.padStart(13),
    took.padStart(5),
  ];
  return `${name.padEnd(caseWidth)}  ${figures.join('  ')}  ${verdict}`;
};

let casesHeld = 0;
let caught = 0;
const shown = ({ trace }: Exploration): string => {
  const lines = values.traces ? trace : trace.slice(-LINES_SHOWN);
  const left = trace.length - lines.length;
  return (left > 0 ? `    … ${left} lines before these: --traces shows them\n` : '') + traceText(lines);
};
const tellOfCase = (found: Exploration): void => {
  if (casesHeld === 0) console.log(row('case', 'threads', 'states', 'steps', 'interleavings', 's', ''));
  const { name, threads, states, steps, interleavings, tookMs, violation } = found;
  const verdict = violation === undefined ? 'holds' : `FAILS: ${violation.message}`;
  console.log(row(name, `${threads}`, grouped(states), grouped(steps), ways(interleavings), seconds(tookMs), verdict));
  if (violation === undefined) casesHeld++;
  else console.log(shown(found));
};
const tellOfMutant = (name: string, found: Exploration): void => {
  const { breaks, caughtBy } = mutantNamed(name);
  const { violation, states, tookMs } = found;
  const verdict = violation === undefined ? 'SURVIVES' : `caught: ${violation.kind}`;
  console.log(
    `\n${name.padEnd(mutantWidth)}  ${verdict}, in '${caughtBy}', ${grouped(states)} states, ${seconds(tookMs)} s`,
  );
  console.log(`    (${breaks})`);
  if (violation === undefined) return;
  caught++;
  console.log(shown(found));
};

const startedMs = performance.now();
await performAll((task, found) => (task.kind === 'case' ? tellOfCase(found) : tellOfMutant(task.name, found)));
const wanted = tasks.filter(({ kind }) => kind === 'mutant').length;
const held = `cases: ${casesHeld} of ${tasks.length - wanted} hold`;
console.log(`\n${held}; mutants: ${caught} of ${wanted} caught; ${seconds(performance.now() - startedMs)} s`);
process.exitCode = casesHeld + caught === tasks.length ? 0 : 1;
