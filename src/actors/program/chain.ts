// The generated code that hands tuples from one operator of a fused chain to the next.
// Promises: whether operators are fused cannot be seen. Each gets a tuple of its own, checked and converted as if it had gone
// through a ring (tuple-copy.ts). An exception of a later operator never comes up in an earlier one's closure. When a tuple of the
// chain's input is tried alone, it is *sifted*: each operator runs to its end before the next one begins, so that a tuple that
// fails on its way is given up by itself, as dead letter of the operator that failed, and its siblings go on.
// Relies on: the program that it is part of (program.ts) sets the guard on entry, and on exit.

import type { TupleHolder } from '../../flow/aggregates/combiner.ts';
import type { OperatorNode } from '../../flow/graph.ts';
import type { Stage } from '../../flow/plan.ts';
import { refuseDeferred, refuseResult } from '../../mailbox/deferred.ts';
import { generateTupleCopier, type TupleChecks, tupleChecks } from '../../mailbox/tuple-copy.ts';
import { WorkCell } from '../vitals/vitals.ts';

/**
 * What an emitted tuple meets: the operator behind; nothing, because an operator behind has failed and the batch will be rolled
 * back; a list, to be sifted; or it fails the job, because no closure is running.
 */
const Guard = { free: 0, failed: 1, sifting: 2, outside: 3 } as const;

/** What becomes of tuples that fail on their way through a chain, while one tuple of its input is tried alone. */
export interface Sieve {
  /** Why a tuple is given up without being tried; undefined if it is to be tried. `nth` counts an operator's tuples from 1. */
  givenUp(operator: number, nth: number): { readonly error: unknown } | undefined;
  /** A tuple has failed. Returns if it has been given up, and throws if its failure is the whole actor's. */
  failed(operator: number, nth: number, tuple: unknown, error: unknown): void;
}

/** True of the last operator of a chain whose closure may fail after it has emitted: its output is held back too. */
const holdsOutput = ({ kind }: OperatorNode, k: number, isLast: boolean): boolean =>
  isLast && k > 0 && kind.mayFailAfterEmit === true;

/** The function that takes a tuple of an input of operator k. Only the first operator of a chain may have several inputs. */
export const stepName = (k: number, input = 0): string => `step${k}_${input}`;

/** What the closure of operator k emits with. */
export const emitName = ({ outputs }: OperatorNode, k: number): string =>
  outputs.length === 0 ? 'noEmit' : outputs.length === 1 ? `emit${k}_0` : `emits${k}`;

export const rethrowCode = 'if (failure !== undefined) throw failure.error;';

/** Calls a closure whose result is not used. */
export const runClosureCode = (call: string, k: number): string =>
  `{ const result = ${call}; if (result !== undefined) refuseResult${k}(result); }`;

/** Hands the values of a tuple's fields to the holder of the last operator. */
const holdCode = ({ takes }: TupleHolder, of: (field: string) => string): string =>
  `${takes.numbers.map((field, i) => `held[${i}] = ${of(field)};`).join(' ')} hold(${takes.others.map(of).join(', ')});`;

/** What operator k does with `tuple`, which comes from one of its inputs. */
const operatorCode = (
  node: OperatorNode,
  k: number,
  input: number,
  isLast: boolean,
  holder: TupleHolder | undefined,
  held: HeldFeed | undefined,
): string =>
  node.kind.step?.({
    tuple: 'tuple',
    nextRow: `work[${WorkCell.row}]++;`,
    enter: `work[${WorkCell.operator}] = ${k};`,
    closure: `closure${k}_${input}`,
    emit: emitName(node, k),
    hold: holder === undefined ? '' : holdCode(holder, (field) => `tuple.${field}`),
    writer: 'sink.writer',
    feed: (expression) =>
      held === undefined
        ? `feed${k}_0(${expression});`
        : // In place, so that V8 sees that the tuple goes no further, and makes none.
          `if (guard !== ${Guard.free}) feed${k}_0(${expression}); else ${inPlace(expression, held)}`,
    judge: (time) => `judge(${time})`,
    keeps: (answer) => `${answer} === true || (${answer} && keeps${k}(${answer}))`,
    run: (call) => runClosureCode(call, k),
    rethrow: isLast ? '' : rethrowCode,
  }) ?? '';

/** All outputs of operator k: feed<k>_<output> and emit<k>_<output>, and emits<k> if there are several. */
function outputsCode(node: OperatorNode, k: number, isLast: boolean, held: HeldFeed | undefined): string {
  const feeds = node.outputs.map((_, output) => feedCode(node, k, output, isLast, held));
  if (node.outputs.length < 2) return feeds.join('');
  const members = node.outputs.map(({ name }, output) => `${JSON.stringify(name)}: emit${k}_${output}`);
  return `${feeds.join('\n')}\nconst emits${k} = Object.freeze({ ${members.join(', ')} });`;
}

/** feed<k>_<output>(tuple): takes a tuple that operator k has produced. emit<k>_<output>: the same, as its closure sees it. */
function feedCode(node: OperatorNode, k: number, output: number, isLast: boolean, held: HeldFeed | undefined): string {
  const at = `${k}_${output}`;
  const hold = `held${at}.push(copyChecked${at}(tuple));`;
  if (isLast) {
    const out = `out${output}(tuple);`;
    return `const feed${at} = out${output};
function emit${at}(tuple) { if (guard === ${Guard.free}) ${out} else guarded${at}(tuple); }
function guarded${at}(tuple) { if (guard === ${Guard.outside}) lateEmit(${k}); else { ${holdsOutput(node, k, isLast) ? hold : out} } }`;
  }
  const next = stepName(k + 1);
  const [check, give] = held ?? [`const own = copy${at}(tuple);`, `${next}(own);`];
  return `
function feed${at}(tuple) {
if (guard !== ${Guard.free}) { ${hold} return; }
${check}
${give}
}
function emit${at}(tuple) {
if (guard !== ${Guard.free}) { guarded${at}(tuple); return; }
${check}
try { ${give} } catch (error) { fail(error); }
work[${WorkCell.operator}] = ${k};
}
function guarded${at}(tuple) {
if (guard === ${Guard.outside}) lateEmit(${k});
if (guard === ${Guard.sifting}) ${hold}
}`;
}

/** sift<k>(): hands the tuples that operator k has made, and that are held, to operator k + 1, one by one to the chain's end. */
function siftCode(node: OperatorNode, k: number, isLast: boolean): string {
  if (isLast) {
    if (!holdsOutput(node, k, isLast)) return `function sift${k}() {}`;
    const emits = node.outputs.map(
      (_, output) => `for (const tuple of held${k}_${output}.splice(0)) out${output}(tuple);`,
    );
    return `function sift${k}() { ${emits.join(' ')} }`;
  }
  const next = k + 1;
  // What it had emitted when it failed is dropped, as in a batch of its own; and its letter tells the tuple as it came.
  return `function sift${k}() {
for (const tuple of held${k}_0.splice(0)) {
const nth = ++entered[${next}];
work[${WorkCell.nth}] = nth;
work[${WorkCell.operator}] = ${next};
try {
const given = sieve.givenUp(${next}, nth);
if (given !== undefined) { passed${next}++; throw given.error; }
${stepName(next)}(copy${k}_0(tuple));
} catch (error) {
for (const held of helds) held.length = 0;
leftOut${next}++;
failure = { error, at: ${next} };
sieve.failed(${next}, nth, tuple, error);
failure = undefined;
continue;
}
sift${next}();
}
}`;
}

/** How a tuple comes to a holder: statements that check it, and that hand on its values, with no copy of it. */
type HeldFeed = readonly [check: string, give: string];

/** Hands what an expression gives to a holder. The expression may name another `tuple`. */
const inPlace = (expression: string, held: HeldFeed): string =>
  `{ const made = ${expression}; { const tuple = made; ${held.join('\n')} } }`;

/** The checks in front of the holder of the last operator, and what they refer to. */
export function heldChecks({ operators }: Stage, ringBytes: number): TupleChecks | undefined {
  const before = operators[operators.length - 2];
  if (before === undefined || operators[operators.length - 1].holder === undefined) return undefined;
  return tupleChecks(before.name, before.outputs[0].schema, ringBytes);
}

function heldFeed({ operators }: Stage, checks: TupleChecks, holder: TupleHolder): HeldFeed {
  const k = operators.length - 1;
  const { schema } = operators[k - 1].outputs[0];
  const give = holdCode(holder, (field) => checks.values[schema.indexOf(field)]);
  return [checks.code, `passed${k}++; work[${WorkCell.operator}] = ${k}; ${give}`];
}

/** The functions of a chain: the steps of each operator, and sift0(). Needs `work`, `out<output>` and `sink` around it. */
export function chainCode(stage: Stage, checks: TupleChecks | undefined, holder: TupleHolder | undefined): string {
  const { operators } = stage;
  const held = checks && holder && heldFeed(stage, checks, holder);
  const isLast = (k: number): boolean => k === operators.length - 1;
  const counters = ['passed', 'leftOut'].flatMap((count) => operators.slice(1).map((_, i) => `${count}${i + 1}`));
  const steps = operators.flatMap((node, k) => {
    const count = k === 0 ? '' : `passed${k}++; `;
    if (node.state !== undefined) return [];
    // A source has no input, and a step for what it gives.
    const inputs = Array.from({ length: Math.max(1, node.inputs.length) }, (_, input) => input);
    return inputs.map(
      (i) =>
        `function ${stepName(k, i)}(tuple) { ${count}${operatorCode(node, k, i, isLast(k), holder, k === operators.length - 2 ? held : undefined)} }`,
    );
  });
  const lists = operators.flatMap(({ outputs }, k) => outputs.map((_, output) => `held${k}_${output}`));
  return `
${checks?.declare ?? ''}
let guard = ${Guard.outside}, sieve, failure;
${counters.map((counter) => `let ${counter} = 0;`).join(' ')}
${lists.map((name) => `const ${name} = [];`).join(' ')}
const helds = [${lists.join(', ')}], entered = new Int32Array(${operators.length});
function fail(error) {
if (failure === undefined) failure = { error, at: work[${WorkCell.operator}] };
guard = ${Guard.failed};
}
function enter() {
guard = sieve === undefined ? ${Guard.free} : ${Guard.sifting};
work[${WorkCell.operator}] = 0;
if (sieve !== undefined) { entered.fill(0); work[${WorkCell.nth}] = 0; }
}
function leave() { guard = ${Guard.outside}; }
const counts = [${counters.map(() => '0').join(', ')}];
function takeCounts() { ${counters.map((counter, i) => `counts[${i}] = ${counter}; ${counter} = 0;`).join(' ')} return counts; }
${operators.map((node, k) => outputsCode(node, k, isLast(k), k === operators.length - 2 ? held : undefined)).join('\n')}
${steps.join('\n')}
${operators
  .map((node, k) => siftCode(node, k, isLast(k)))
  .reverse()
  .join('\n')}`;
}

/** What the code of a chain is generated with. */
export function chainConstants(
  stage: Stage,
  ringBytes: number,
  checks: TupleChecks | undefined,
  holder: TupleHolder | undefined,
  lateEmit: (operator: string) => void,
) {
  const { operators, inputs } = stage;
  const constants: Record<string, unknown> = {
    lateEmit: (k: number): void => lateEmit(operators[k].name),
    hold: holder?.add,
    held: holder?.numbers,
    ...checks?.constants,
  };
  operators.forEach((node, k) => {
    const isLast = k === operators.length - 1;
    // What the first one reads may have been combined on its way.
    (k === 0 ? inputs : node.inputs).forEach(({ closure }, input) => {
      constants[`closure${k}_${input}`] = closure;
    });
    constants[`refuseResult${k}`] = (result: unknown): void => refuseResult(node.name, result);
    constants[`keeps${k}`] = (result: unknown): boolean => {
      refuseDeferred(node.name, result);
      return true;
    };
    if (isLast && !holdsOutput(node, k, isLast)) return;
    node.outputs.forEach(({ schema }, output) => {
      const { copy, copyChecked } = generateTupleCopier(node.name, schema, ringBytes);
      constants[`copy${k}_${output}`] = copy;
      constants[`copyChecked${k}_${output}`] = copyChecked;
    });
  });
  return constants;
}
