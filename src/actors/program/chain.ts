// The generated code that hands tuples from one operator of a fused chain to the next.
// Promises: whether operators are fused cannot be seen. Each gets a tuple of its own, checked and converted as if it had gone
// through a ring (tuple-copy.ts). An exception of a later operator never comes up in an earlier one's closure. When a tuple of the
// chain's input is tried alone, it is *sifted*: each operator runs to its end before the next one begins, so that a tuple that
// fails on its way is given up by itself, as dead letter of the operator that failed, and its siblings go on.
// Relies on: the program that it is part of (program.ts) sets the guard on entry, and on exit.

import type { OperatorNode } from '../../flow/graph.ts';
import type { Stage } from '../../flow/plan.ts';
import { refuseDeferred, refuseResult } from '../../mailbox/deferred.ts';
import type { Schema } from '../../mailbox/schema.ts';
import { generateTupleCopier } from '../../mailbox/tuple-copy.ts';
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
const holdsOutput = (node: OperatorNode, k: number, isLast: boolean): boolean =>
  isLast && k > 0 && node.kind === 'flatMap';

export const rethrowCode = 'if (failure !== undefined) throw failure.error;';

/** Calls a closure whose result is not used. */
export const runClosureCode = (call: string, k: number): string =>
  `{ const result = ${call}; if (result !== undefined) refuseResult${k}(result); }`;

/** Calls operator k's closure with `tuple`, and hands what it returns or emits to operator k + 1. */
function operatorCode(node: OperatorNode, k: number, isLast: boolean): string {
  const enter = `work[${WorkCell.operator}] = ${k};`;
  switch (node.kind) {
    case 'source':
      // A read may take many slow tuples: whoever watches for hangs sees each.
      return node.source?.kind === 'reader' ? `work[${WorkCell.row}]++; emit${k}(tuple);` : `feed${k}(tuple);`;
    case 'map':
      return `${enter} feed${k}(closure${k}(tuple));`;
    case 'filter':
      return `${enter} const keep = closure${k}(tuple); if (keep === true || (keep && keeps${k}(keep))) feed${k}(tuple);`;
    case 'flatMap':
      return `${enter} ${runClosureCode(`closure${k}(tuple, emit${k})`, k)} ${isLast ? '' : rethrowCode}`;
    case 'forEach':
      return `${enter} ${runClosureCode(`closure${k}(tuple)`, k)}`;
    case 'sink':
      return `${enter} ${runClosureCode('sink.writer.write(tuple)', k)}`;
    case 'process':
    case 'collect':
      return '';
  }
}

/** feed<k>(tuple): takes a tuple that operator k has produced. emit<k>: the same, as its closure sees it. */
function feedCode(node: OperatorNode, k: number, isLast: boolean): string {
  if (node.output === undefined) return '';
  if (isLast) {
    const held = holdsOutput(node, k, isLast) ? `held${k}.push(copyChecked${k}(tuple));` : '';
    return `const feed${k} = emit;
function emit${k}(tuple) { if (guard === ${Guard.free}) emit(tuple); else guarded${k}(tuple); }
function guarded${k}(tuple) { if (guard === ${Guard.outside}) lateEmit(${k}); else ${held === '' ? 'emit(tuple);' : `{ ${held} }`} }`;
  }
  return `
function feed${k}(tuple) {
if (guard === ${Guard.free}) step${k + 1}(copy${k}(tuple)); else held${k}.push(copyChecked${k}(tuple));
}
function emit${k}(tuple) {
if (guard !== ${Guard.free}) { guarded${k}(tuple); return; }
const own = copy${k}(tuple);
try { step${k + 1}(own); } catch (error) { fail(error); }
work[${WorkCell.operator}] = ${k};
}
function guarded${k}(tuple) {
if (guard === ${Guard.outside}) lateEmit(${k});
if (guard === ${Guard.sifting}) held${k}.push(copyChecked${k}(tuple));
}`;
}

/** sift<k>(): hands the tuples that operator k has made, and that are held, to operator k + 1, one by one to the chain's end. */
function siftCode(node: OperatorNode, k: number, isLast: boolean): string {
  if (isLast) {
    if (!holdsOutput(node, k, isLast)) return `function sift${k}() {}`;
    return `function sift${k}() { for (const tuple of held${k}.splice(0)) emit(tuple); }`;
  }
  const next = k + 1;
  // What it had emitted when it failed is dropped, as in a batch of its own; and its letter tells the tuple as it came.
  return `function sift${k}() {
for (const tuple of held${k}.splice(0)) {
const nth = ++entered[${next}];
work[${WorkCell.nth}] = nth;
work[${WorkCell.operator}] = ${next};
try {
const given = sieve.givenUp(${next}, nth);
if (given !== undefined) { passed${next}++; throw given.error; }
step${next}(copy${k}(tuple));
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

/** The functions of a chain: step<k>(tuple) for each operator, and sift0(). Needs `work`, `emit`, `sink` and `sieve` around it. */
export function chainCode({ operators }: Stage): string {
  const isLast = (k: number): boolean => k === operators.length - 1;
  const counters = ['passed', 'leftOut'].flatMap((count) => operators.slice(1).map((_, i) => `${count}${i + 1}`));
  const steps = operators.map((node, k) => {
    const count = k === 0 ? '' : `passed${k}++; `;
    const isStateful = node.state !== undefined;
    return isStateful ? '' : `function step${k}(tuple) { ${count}${operatorCode(node, k, isLast(k))} }`;
  });
  return `
let guard = ${Guard.outside}, sieve, failure;
${counters.map((counter) => `let ${counter} = 0;`).join(' ')}
${operators.map((_, k) => `const held${k} = [];`).join(' ')}
const helds = [${operators.map((_, k) => `held${k}`).join(', ')}], entered = new Int32Array(${operators.length});
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
${operators.map((node, k) => feedCode(node, k, isLast(k))).join('\n')}
${steps.join('\n')}
${operators
  .map((node, k) => siftCode(node, k, isLast(k)))
  .reverse()
  .join('\n')}`;
}

/** What the code of a chain is generated with. */
export function chainConstants({ operators }: Stage, ringBytes: number, lateEmit: (operator: string) => void) {
  const constants: Record<string, unknown> = { lateEmit: (k: number): void => lateEmit(operators[k].name) };
  operators.forEach((node, k) => {
    const isLast = k === operators.length - 1;
    constants[`closure${k}`] = node.closure;
    constants[`refuseResult${k}`] = (result: unknown): void => refuseResult(node.name, result);
    constants[`keeps${k}`] = (result: unknown): boolean => {
      refuseDeferred(node.name, result);
      return true;
    };
    if (node.output === undefined || (isLast && !holdsOutput(node, k, isLast))) return;
    const { copy, copyChecked } = generateTupleCopier(node.name, node.output as Schema, ringBytes);
    constants[`copy${k}`] = copy;
    constants[`copyChecked${k}`] = copyChecked;
  });
  return constants;
}
