// Kinds of operators with outputs that leave the chain that they run in: one without a closure of its own, one that may fail after it
// has emitted.

import type { OperatorNode } from '../../../src/flow/graph.ts';
import type { OperatorKind } from '../../../src/flow/kinds/kind.ts';
import { checkOperator } from '../../../src/flow/operator-options.ts';
import { Stream } from '../../../src/flow/stream.ts';
import { dataflow, t } from '../../../src/index.ts';
import { Schema } from '../../../src/mailbox/schema.ts';
import { generate } from '../../../src/sources.ts';

const N = { n: t.u32() };
type Numbered = { n: number };

/** Hands every tenth tuple to its second output, all others to its first. */
const tenth: OperatorKind = {
  name: 'tenth',
  role: 'operator',
  place: 'worker',
  step: ({ enter, feed, tuple }) => `${enter} if (${tuple}.n % 10 === 9) { ${feed(tuple, 1)} } else { ${feed(tuple)} }`,
};

/** Emits into several outputs. */
const fork: OperatorKind = {
  name: 'fork',
  role: 'operator',
  place: 'worker',
  mayFailAfterEmit: true,
  step: ({ enter, run, closure, tuple, emit, rethrow }) =>
    `${enter} ${run(`${closure}(${tuple}, ${emit})`)} ${rethrow}`,
};

interface ForkEmit {
  main(tuple: Numbered): void;
  side(tuple: Numbered): void;
}

export interface SideParams {
  readonly count: number;
  /** Whether the optional output is read. */
  readonly late: boolean;
  /** False to give each operator an actor of its own. */
  readonly fuse: boolean;
}

/** What `fork` puts out before it fails at each seventh tuple, and `double` fails at each eleventh. */
export const isForkPoison = (n: number): boolean => n % 7 === 3;
export const isDoublePoison = (n: number): boolean => n % 11 === 5;

export const sideKinds = dataflow(import.meta.url, 'side-kinds', (flow, { count, late, fuse }: SideParams) => {
  const source = flow.source(
    'numbers',
    generate(N, (n) => ({ n }), { count }),
  );
  const options = { fuse };
  const outputOf = (name: string, isOptional = false) => ({ name, schema: Schema.of(N, name), isOptional });
  const streamOf = (node: OperatorNode, output: number) => Stream.of<typeof N, unknown>(flow.graph, node, output);
  const timely = flow.graph.operator(
    'timely',
    tenth,
    [source.asInput(() => {})],
    [outputOf('onTime'), outputOf('late', true)],
    checkOperator('timely', options),
  );
  const forked = flow.graph.operator(
    'fork',
    fork,
    [
      streamOf(timely, 0).asInput(({ n }: Numbered, emit: ForkEmit) => {
        emit.side({ n });
        emit.main({ n });
        emit.main({ n: n + 1_000_000 });
        if (isForkPoison(n)) throw new Error(`no ${n}`);
      }),
    ],
    [outputOf('side'), outputOf('main')],
    checkOperator('fork', options),
  );
  const main = streamOf(forked, 1).map(
    'double',
    N,
    ({ n }) => {
      if (isDoublePoison(n)) throw new Error(`no ${n} either`);
      return { n: 2 * n };
    },
    options,
  );
  return [
    main.collect('main-out'),
    streamOf(forked, 0).collect('side-out'),
    ...(late ? [streamOf(timely, 1).collect('late-out')] : []),
  ];
});
