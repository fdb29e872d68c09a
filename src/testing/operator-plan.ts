// The plan of a test: one operator of a flow, with those that a job fuses behind it, between inputs and outputs of the test's own.
// Promises: the operator's stage is one actor, planned by the job's own planner; only what it reads and who reads it are
// replaced, and replicas are one.
// Relies on: build functions that declare the same graph each time.

import { errors } from '../errors.ts';
import type { Graph, NodeInput, OperatorNode, StreamRef } from '../flow/graph.ts';
import { collect } from '../flow/kinds/collect.ts';
import { sources } from '../flow/kinds/source.ts';
import { type Plan, planOf, type Stage } from '../flow/plan.ts';
import type { SinkDefinition } from '../flow/sink.ts';
import type { AnySource } from '../flow/source.ts';

import { checkFiles } from '../supervisor/job/file-conflicts.ts';

/** What a test puts around the ends of the operator's world. */
export interface WorldTaps {
  source(source: AnySource): AnySource;
  sink(sink: SinkDefinition<never>): SinkDefinition<never>;
}

/** The plan, and its one stage that is tested. */
export interface OperatorPlan {
  readonly plan: Plan;
  readonly stage: Stage;
  /** What a test may call each input of the operator by: its own name, if it has one, and those of the operators that it reads. */
  readonly inputs: readonly (readonly string[])[];
}

/** Operators that run as actors: those that can be tested. */
const isTestable = ({ kind }: OperatorNode): boolean => kind.place === 'worker';

/** As errors call what runs in the app's own thread. */
function inApp({ kind, source }: OperatorNode): string {
  if (kind.role === 'output') return 'a collect';
  if (kind.role === 'sink') return 'what hands letters on to actors';
  return source?.kind === 'told' ? 'told by actors' : 'a push source';
}

/** The operator and those fused behind it, in the plan of the whole flow. */
function chainFrom(graph: Graph, operator: string, alone: boolean): readonly OperatorNode[] {
  const named = graph.operators.find(({ name }) => name === operator);
  const known = graph.operators.filter(isTestable).map(({ name }) => name);
  if (named === undefined) throw errors.unknownName('operator to test', operator, known);
  if (!isTestable(named)) throw errors.notAnActor(operator, inApp(named), known);
  if (alone) return [named];
  const stage = planOf(graph).stages.find(({ operators }) => operators.includes(named));
  const { operators } = stage as Stage;
  return operators.slice(operators.indexOf(named));
}

const ALONE = { min: 1, max: 1 };

/** Which output of the operator before it an operator of a chain reads. */
const handedOn = (chain: readonly OperatorNode[], k: number): number => chain[k].inputs[0].from[0].output;

/** The operators that an input reads; of what gives tuples their times, the one before it. */
const writersOf = ({ operators }: Graph, { name, from }: NodeInput): string[] => {
  const writers = from.map(({ operator }) => {
    const { eventTime, inputs } = operators[operator];
    return operators[eventTime === undefined ? operator : inputs[0].from[0].operator].name;
  });
  return name === undefined ? writers : [name, ...writers];
};

/**
 * Cuts an operator out of a flow's graph.
 * @throws MillraceError UNKNOWN_NAME; BAD_OPTION for one that is no actor; FILE_CONFLICT
 */
export function operatorPlan(graph: Graph, operator: string, alone: boolean, taps: WorldTaps): OperatorPlan {
  const chain = chainFrom(graph, operator, alone);
  checkFiles({ operators: chain });
  const [head] = chain;
  const nodes: OperatorNode[] = [];
  /** @param from what each of its inputs reads */
  const add = (node: OperatorNode, ...from: readonly StreamRef[]): number => {
    const id = nodes.length;
    const inputs = node.inputs.map((input, i) => ({ ...input, from: [from[i]] }));
    nodes.push({ ...node, id, inputs, parallelism: 1, replicas: ALONE, fuse: true });
    return id;
  };
  const { supervision } = head;
  const end = {
    id: 0,
    inputs: [],
    outputs: [],
    parallelism: 1,
    replicas: ALONE,
    fuse: true,
    failure: 'deadLetter',
    supervision,
  } as const;
  for (const { from, schema, time } of head.inputs) {
    // Its name is that of the operator before, so that errors and positions read as they do in a job.
    const { name } = graph.operators[from[0].operator];
    const outputs = [{ name, schema, time }];
    add({ ...end, name, kind: sources.push, outputs, source: { kind: 'push', fields: {} } });
  }
  const first = nodes.length;
  chain.forEach(({ source, sink, ...node }, k) => {
    const from =
      k === 0
        ? node.inputs.map((_, input) => ({ operator: input, output: 0 }))
        : [{ operator: first + k - 1, output: handedOn(chain, k) }];
    add({ ...node, source: source && taps.source(source), sink: sink && taps.sink(sink) }, ...from);
  });
  // Also what nobody reads in the flow.
  chain.forEach(({ name, outputs }, k) => {
    outputs.forEach(({ name: named, schema }, output) => {
      if (k + 1 < chain.length && output === handedOn(chain, k + 1)) return;
      const input = { from: [], schema, key: undefined, isUnordered: false, time: undefined, closure: undefined };
      add({ ...end, name: `${name}/${named}`, kind: collect, inputs: [input] }, { operator: first + k, output });
    });
  });
  const plan = planOf({ name: graph.name, operators: nodes, fingerprint: graph.fingerprint });
  const stage = plan.stages.find(({ operators }) => operators[0].name === operator);
  if (stage === undefined || stage.operators.length !== chain.length) {
    throw errors.invariant(`the operators fused behind '${operator}' are one actor in a test, too`);
  }
  return { plan, stage, inputs: head.inputs.map((input) => writersOf(graph, input)) };
}
