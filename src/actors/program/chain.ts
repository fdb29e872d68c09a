// The generated code that hands tuples from one operator of a fused chain to the next, to the outputs of the stage, or to nobody.
// Promises: whether operators are fused cannot be seen. Each gets a tuple of its own, checked and converted as if it had gone
// through a ring (tuple-copy.ts). An exception of a later operator never comes up in an earlier one's closure. When a tuple of the
// chain's input is tried alone, it is *sifted*: each operator runs to its end before the next one begins, so that a tuple that
// fails on its way is given up by itself, as dead letter of the operator that failed, and its siblings go on.
// Relies on: the program that it is part of (program.ts) sets the guard on entry, and on exit.

import type { TupleHolder } from '../../flow/aggregates/combiner.ts';
import type { OperatorNode } from '../../flow/graph.ts';
import { refusingPrototype } from '../../flow/named-outputs.ts';
import { type Destination, destinationOf, type Stage } from '../../flow/plan.ts';
import { refuseDeferred, refuseResult } from '../../mailbox/deferred.ts';
import type { Schema } from '../../mailbox/schema.ts';
import { generateTupleCopier, type TupleChecks, tupleChecks } from '../../mailbox/tuple-copy.ts';
import { TimeCell } from '../time/time-cells.ts';
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

/** One output of an operator, as the code of its chain has it. */
interface ChainOutput {
  readonly k: number;
  /** In the names of its functions and lists. */
  readonly at: string;
  readonly schema: Schema;
  readonly destination: Destination;
  /** A statement that puts `tuple` out of the chain; empty if it is handed to the next operator. */
  readonly out: string;
  /** True if it has a list of the tuples that wait while one tuple of the input is tried alone. */
  readonly isHeld: boolean;
  /** An expression of what stands in that list for `tuple`. */
  readonly held: string;
}

function outCode(destination: Destination): string {
  if (destination.to === 'next') return '';
  return destination.to === 'port' ? `out${destination.index}(tuple);` : `unread${destination.index}++;`;
}

/** What is handed on in the chain waits for its operator's end; what leaves it too, if the closure may fail after it has emitted. */
function outputsOf(stage: Stage, k: number): ChainOutput[] {
  const { kind, outputs } = stage.operators[k];
  return outputs.map(({ schema }, output) => {
    const at = `${k}_${output}`;
    const destination = destinationOf(stage, { operator: k, output });
    // If the first operator fails, the batch is rolled back as a whole.
    const isHeld = destination.to === 'next' || (k > 0 && kind.mayFailAfterEmit === true);
    const held = destination.to === 'nowhere' ? 'tuple' : `copyChecked${at}(tuple)`;
    return { k, at, schema, destination, out: outCode(destination), isHeld, held };
  });
}

/** The function that takes a tuple of an input of operator k. Only the first operator of a chain may have several inputs. */
export const stepName = (k: number, input = 0): string => `step${k}_${input}`;

/** What the closure of operator k emits with. */
export function emitName(node: OperatorNode, k: number): string {
  if (node.outputs.length === 0) return 'noEmit';
  return emitsByName(node) ? `emits${k}` : `emit${k}_0`;
}

const emitsByName = (node: OperatorNode): boolean => node.outputs.length > 1 || node.emitsByName === true;

export const rethrowCode = 'if (failure !== undefined) throw failure.error;';

/** Calls a closure whose result is not used. */
export const runClosureCode = (call: string, k: number): string =>
  `{ const result = ${call}; if (result !== undefined) refuseResult${k}(result); }`;

/** Hands the values of a tuple's fields to the holder of the last operator. */
const holdCode = ({ takes, computed }: TupleHolder, fieldOf: (field: string) => string): string => {
  const of = (field: string): string => computed[field] ?? fieldOf(field);
  return `${takes.numbers.map((field, i) => `held[${i}] = ${of(field)};`).join(' ')} hold(${takes.others.map(of).join(', ')});`;
};

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
    feed: (expression, output = 0) =>
      held?.output !== output
        ? `feed${k}_${output}(${expression});`
        : // In place, so that V8 sees that the tuple goes no further, and makes none.
          `if (guard !== ${Guard.free}) feed${k}_${output}(${expression}); else ${inPlace(expression, held)}`,
    judge: (time) => `judge(${time})`,
    keeps: (answer) => `${answer} === true || (${answer} && keeps${k}(${answer}))`,
    run: (call) => runClosureCode(call, k),
    rethrow: isLast ? '' : rethrowCode,
  }) ?? '';

/** All outputs of operator k: feed<k>_<output> and emit<k>_<output>, and emits<k> if there are several. */
function outputsCode(stage: Stage, k: number, held: HeldFeed | undefined): string {
  const node = stage.operators[k];
  const feeds = outputsOf(stage, k).map((output, i) =>
    output.destination.to === 'next' ? handOnCode(output, held?.output === i ? held : undefined) : putOutCode(output),
  );
  return emitsByName(node) ? `${feeds.join('\n')}\n${emitsCode(node, k)}` : feeds.join('');
}

/** emits<k>: what a closure emits with by the names of its outputs. It reads as an object of these; any other name is refused. */
function emitsCode({ outputs }: OperatorNode, k: number): string {
  const functions = outputs.map((_, output) => `emit${k}_${output}`);
  const members = outputs.map(({ name }, output) => `this[${JSON.stringify(name)}] = e${output};`);
  return `function Emits${k}(${outputs.map((_, output) => `e${output}`).join(', ')}) { ${members.join(' ')} }
Emits${k}.prototype = refusing${k};
const emits${k} = Object.freeze(new Emits${k}(${functions.join(', ')}));`;
}

/**
 * feed<k>_<output>(tuple): takes a tuple that operator k has produced. emit<k>_<output>: the same, as its closure sees it. Both of an
 * output that leaves the chain, or that nobody reads.
 */
function putOutCode({ at, k, destination, out, isHeld, held }: ChainOutput): string {
  const tried = isHeld ? holdBackCode(at, held) : out;
  const feed = isHeld
    ? `function feed${at}(tuple) { if (guard === ${Guard.sifting}) { ${tried} } else { ${out} } }`
    : destination.to === 'port'
      ? `const feed${at} = out${destination.index};`
      : `function feed${at}() { ${out} }`;
  return `
${feed}
function emit${at}(tuple) { if (guard === ${Guard.free}) { ${out} } else guarded${at}(tuple); }
function guarded${at}(tuple) {
if (guard === ${Guard.outside}) lateEmit(${k});
if (guard === ${Guard.sifting}) { ${tried} }
}`;
}

/** The same of an output that the next operator of the chain reads. */
function handOnCode({ at, k, held: kept }: ChainOutput, held: HeldFeed | undefined): string {
  const hold = holdBackCode(at, kept);
  const { check, give } = held ?? { check: `const own = copy${at}(tuple);`, give: `${stepName(k + 1)}(own);` };
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

/** Keeps a tuple that is made while its operator is tried, with the event time that it was made at: others may be made after it. */
const holdBackCode = (at: string, kept: string): string =>
  `held${at}.push({ tuple: ${kept}, atMs: time[${TimeCell.inWork}] });`;
const TAKE_UP_TIME = `time[${TimeCell.inWork}] = atMs;`;

/**
 * sift<k>(): operator k has run to its end. What it has put out of the chain, and was held, goes there; what it has made for operator
 * k + 1 is handed on, one by one to the chain's end.
 */
function siftCode(stage: Stage, k: number): string {
  const held = outputsOf(stage, k).filter(({ isHeld }) => isHeld);
  // First, as a failure further on drops all that is held.
  const put = held
    .filter(({ out }) => out !== '')
    .map(({ at, out }) => `for (const { tuple, atMs } of held${at}.splice(0)) { ${TAKE_UP_TIME} ${out} }`);
  const handed = held.filter(({ out }) => out === '').map(({ at }) => siftNextCode(at, k + 1));
  return `function sift${k}() {
${[...put, ...handed].join('\n')}
}`;
}

/** Hands the tuples that are held at an output to operator `next`. */
function siftNextCode(at: string, next: number): string {
  // What it had emitted when it failed is dropped, as in a batch of its own; and its letter tells the tuple as it came.
  return `for (const { tuple, atMs } of held${at}.splice(0)) {
${TAKE_UP_TIME}
const nth = ++entered[${next}];
work[${WorkCell.nth}] = nth;
work[${WorkCell.operator}] = ${next};
try {
const given = sieve.givenUp(${next}, nth);
if (given !== undefined) { passed${next}++; throw given.error; }
${stepName(next)}(copy${at}(tuple));
} catch (error) {
for (const held of helds) held.length = 0;
leftOut${next}++;
failure = { error, at: ${next} };
sieve.failed(${next}, nth, tuple, error);
failure = undefined;
continue;
}
sift${next}();
}`;
}

/** How a tuple comes to a holder: statements that check it, and that hand on its values, with no copy of it. */
interface HeldFeed {
  /** Which output of the operator before it is. */
  readonly output: number;
  readonly check: string;
  readonly give: string;
}

/** Hands what an expression gives to a holder. The expression may name another `tuple`. */
const inPlace = (expression: string, { check, give }: HeldFeed): string =>
  `{ const made = ${expression}; { const tuple = made; ${check}\n${give} } }`;

/** The output of the operator before it that the last operator of a chain reads. */
const outputBeforeLast = ({ operators }: Stage): number => operators[operators.length - 1].inputs[0].from[0].output;

/** The checks in front of the holder of the last operator, and what they refer to. */
export function heldChecks(stage: Stage, ringBytes: number): TupleChecks | undefined {
  const { operators } = stage;
  const before = operators[operators.length - 2];
  if (before === undefined || operators[operators.length - 1].holder === undefined) return undefined;
  return tupleChecks(before.name, before.outputs[outputBeforeLast(stage)].schema, ringBytes);
}

function heldFeed(stage: Stage, checks: TupleChecks, holder: TupleHolder): HeldFeed {
  const k = stage.operators.length - 1;
  const output = outputBeforeLast(stage);
  const { schema } = stage.operators[k - 1].outputs[output];
  const give = holdCode(holder, (field) => checks.values[schema.indexOf(field)]);
  return { output, check: checks.code, give: `passed${k}++; work[${WorkCell.operator}] = ${k}; ${give}` };
}

/** The functions of a chain: the steps of each operator, and sift0(). Needs `work`, `out<output>` and `sink` around it. */
export function chainCode(stage: Stage, checks: TupleChecks | undefined, holder: TupleHolder | undefined): string {
  const { operators } = stage;
  const held = checks && holder && heldFeed(stage, checks, holder);
  const isLast = (k: number): boolean => k === operators.length - 1;
  const heldBy = (k: number): HeldFeed | undefined => (k === operators.length - 2 ? held : undefined);
  const inChain = ['passed', 'leftOut'].flatMap((count) => operators.slice(1).map((_, i) => `${count}${i + 1}`));
  const counters = [...inChain, ...stage.unread.map((_, i) => `unread${i}`)];
  const steps = operators.flatMap((node, k) => {
    const count = k === 0 ? '' : `passed${k}++; `;
    if (node.state !== undefined) return [];
    // A source has no input, and a step for what it gives.
    const inputs = Array.from({ length: Math.max(1, node.inputs.length) }, (_, input) => input);
    return inputs.map(
      (i) => `function ${stepName(k, i)}(tuple) { ${count}${operatorCode(node, k, i, isLast(k), holder, heldBy(k))} }`,
    );
  });
  const lists = operators.flatMap((_, k) =>
    outputsOf(stage, k).flatMap(({ at, isHeld }) => (isHeld ? [`held${at}`] : [])),
  );
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
${operators.map((_, k) => outputsCode(stage, k, heldBy(k))).join('\n')}
${steps.join('\n')}
${operators
  .map((_, k) => siftCode(stage, k))
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
    // What the first one reads may have been combined on its way.
    (k === 0 ? inputs : node.inputs).forEach(({ closure }, input) => {
      constants[`closure${k}_${input}`] = closure;
    });
    const names = node.outputs.map(({ name }) => name);
    if (emitsByName(node)) constants[`refusing${k}`] = refusingPrototype(node.name, names);
    constants[`refuseResult${k}`] = (result: unknown): void => refuseResult(node.name, result);
    constants[`keeps${k}`] = (result: unknown): boolean => {
      refuseDeferred(node.name, result);
      return true;
    };
    for (const { at, schema, isHeld, destination } of outputsOf(stage, k)) {
      if (!isHeld || destination.to === 'nowhere') continue;
      const { copy, copyChecked } = generateTupleCopier(node.name, schema, ringBytes);
      constants[`copy${at}`] = copy;
      constants[`copyChecked${at}`] = copyChecked;
    }
  });
  return constants;
}
