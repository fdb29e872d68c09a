// Explores all cases and all mutants on all processors, and prints what was visited and caught.
// Usage: npm run explore [-- --list] [--case NAME]… [--mutant NAME]… [--traces].
// Exits 1 if a case fails or has too many states to be visited, or if a mutant survives.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { caseNamed, cases } from './cases/all.ts';
import type { Exploration } from './explorer.ts';
import { mutants } from './mutants/all.ts';
import { mutantNamed, type Task } from './task.ts';
import { traceText } from './trace.ts';

const { values } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true },
    mutant: { type: 'string', multiple: true },
    traces: { type: 'boolean', default: false },
  },
});

const isAll = values.case === undefined && values.mutant === undefined;
const chosenCases = values.case?.map(caseNamed) ?? (isAll ? cases : []);
const chosenMutants = values.mutant?.map(mutantNamed) ?? (isAll ? mutants : []);
const tasks: readonly Task[] = [
  ...chosenCases.map(({ name }) => ({ kind: 'case', name }) as const),
  ...chosenMutants.map(({ name }) => ({ kind: 'mutant', name }) as const),
];
/** Who asks for one mutant wants to see how it is caught. */
const showsTraces = values.traces || !isAll;

/** Performs the tasks on a thread a processor, and tells of each as soon as all before it have been told of. */
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
const widest = (names: readonly { readonly name: string }[]): number =>
  Math.max(0, ...names.map(({ name }) => name.length));

const caseWidth = widest(cases);
const mutantWidth = widest(mutants);

function caseRow(name: string, columns: readonly string[], verdict: string): string {
  const widths = [7, 9, 9, 13, 5];
  return [name.padEnd(caseWidth), ...columns.map((text, i) => text.padStart(widths[i])), verdict].join('  ').trimEnd();
}

function tellOfCase({ name, threads, states, steps, interleavings, tookMs, violation, trace }: Exploration): boolean {
  const columns = [`${threads}`, grouped(states), grouped(steps), ways(interleavings), seconds(tookMs)];
  console.log(caseRow(name, columns, violation === undefined ? 'holds' : `FAILS: ${violation.kind}`));
  if (violation !== undefined) console.log(traceText(trace));
  return violation === undefined;
}

function tellOfMutant(name: string, { violation, tookMs, trace }: Exploration): boolean {
  const { breaks, caughtBy } = mutantNamed(name);
  const verdict = violation === undefined ? 'SURVIVES' : violation.kind;
  const figures = `${String(trace.length).padStart(5)}  ${seconds(tookMs).padStart(5)}`;
  console.log(`${name.padEnd(mutantWidth)}  ${verdict.padEnd(9)}  ${figures}  ${caughtBy}`);
  if (showsTraces) {
    console.log(`    ${breaks}`);
    if (violation !== undefined) console.log(`${traceText(trace)}\n`);
  }
  return violation !== undefined;
}

function list(): void {
  for (const { name, title } of cases) console.log(`${name.padEnd(caseWidth)}  ${title}`);
  console.log();
  for (const { name, breaks } of mutants) console.log(`${name.padEnd(mutantWidth)}  ${breaks}`);
}

async function exploreAll(): Promise<void> {
  const startedMs = performance.now();
  let held = 0;
  let caught = 0;
  let isFirstMutant = true;
  if (chosenCases.length > 0) {
    console.log(caseRow('case', ['threads', 'states', 'steps', 'interleavings', 's'], ''));
  }
  await performAll(({ kind, name }, found) => {
    if (kind === 'case') {
      if (tellOfCase(found)) held++;
      return;
    }
    if (isFirstMutant) console.log(`\n${'mutant'.padEnd(mutantWidth)}  caught by  trace      s  in case`);
    isFirstMutant = false;
    if (tellOfMutant(name, found)) caught++;
  });
  const summary = [
    ...(chosenCases.length > 0 ? [`cases held ${held} of ${chosenCases.length}`] : []),
    ...(chosenMutants.length > 0 ? [`mutants caught ${caught} of ${chosenMutants.length}`] : []),
    `${seconds(performance.now() - startedMs)} s`,
  ];
  console.log(`\n${summary.join('; ')}`);
  if (held < chosenCases.length || caught < chosenMutants.length) process.exitCode = 1;
}

if (values.list) list();
else await exploreAll();
