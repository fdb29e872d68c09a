// A flow as data, before it runs: its operators, who reads what, the fields of their tuples, and who shares an actor with whom.
// Promises: a pure function of the plan; plain data, which `millrace check --json` prints as it is.

import { consumersOf, type Graph, type NodeInput, type OperatorNode } from '../flow/graph.ts';
import type { OperatorKind } from '../flow/kinds/kind.ts';
import type { Plan, Stage } from '../flow/plan.ts';
import { partitionsOf } from '../flow/source.ts';
import { Schema, type Shape } from '../mailbox/schema.ts';
import type { Hint } from '../supervisor/readings/hints.ts';

/** Types of fields by name. */
type Fields = Readonly<Record<string, string>>;

export interface DescribedInput {
  /** Operators, those with several outputs as `operator.output`. */
  readonly from: readonly string[];
  /** The fields that its replicas share tuples by; none of them is one key for all. */
  readonly key?: readonly string[];
  /** How tuples are shared that have no key. */
  readonly order?: 'unordered' | 'ordered';
  /** True if tuples of a key are combined before they travel. */
  readonly isCombined?: true;
}

interface DescribedOutput {
  /** Of an operator with several. */
  readonly name?: string;
  readonly fields: Fields;
  readonly hasEventTime: boolean;
  readonly isRead: boolean;
}

export interface DescribedOperator {
  readonly name: string;
  readonly kind: string;
  readonly role: OperatorKind['role'];
  readonly place: OperatorKind['place'];
  /** At the start, and between which numbers a policy may choose. */
  readonly replicas: { readonly start: number; readonly min: number; readonly max: number };
  /** Of a source. */
  readonly partitions?: number;
  /** The operator in whose actor it runs. */
  readonly fusedInto?: string;
  readonly inputs: readonly DescribedInput[];
  readonly outputs: readonly DescribedOutput[];
  /** Fields of the state of each key. */
  readonly state?: Fields;
}

export interface FlowDescription {
  readonly flow: string;
  /** Chains of operators, each of which runs as one actor for each of its replicas. */
  readonly actors: number;
  readonly operators: readonly DescribedOperator[];
  readonly hints: readonly Hint[];
}

const fieldsOf = ({ fields }: Schema): Fields =>
  Object.fromEntries(fields.map(({ name, codec }) => [name, codec.label]));

const shapeOf = (shape: Shape, operator: string): Fields =>
  Object.keys(shape).length === 0 ? {} : fieldsOf(Schema.of(shape, `state of operator '${operator}'`));

function inputOf({ operators }: Graph, { from, key, isUnordered, isOrdered, combined }: NodeInput): DescribedInput {
  const names = from.map(({ operator, output }) => {
    const { name, outputs } = operators[operator];
    return outputs.length > 1 ? `${name}.${outputs[output].name}` : name;
  });
  const order = isOrdered ? 'ordered' : isUnordered ? 'unordered' : undefined;
  return {
    from: names,
    ...(key !== undefined && { key }),
    ...(order !== undefined && { order }),
    ...(combined !== undefined && { isCombined: true }),
  };
}

function outputsOf(graph: Graph, { id, outputs }: OperatorNode): DescribedOutput[] {
  return outputs.map(({ name, schema, time }, output) => ({
    ...(outputs.length > 1 && { name }),
    fields: fieldsOf(schema),
    hasEventTime: time !== undefined,
    isRead: consumersOf(graph, { operator: id, output }).length > 0,
  }));
}

const stageOf = ({ stages }: Plan, node: OperatorNode): Stage =>
  stages.find(({ operators }) => operators.includes(node)) as Stage;

function operatorOf(plan: Plan, node: OperatorNode): DescribedOperator {
  const { name, kind, parallelism, replicas, source, state, inputs } = node;
  const [head] = stageOf(plan, node).operators;
  return {
    name,
    kind: kind.name,
    role: kind.role,
    place: kind.place,
    replicas: { start: parallelism, ...replicas },
    ...(source !== undefined && { partitions: partitionsOf(source) }),
    ...(head !== node && { fusedInto: head.name }),
    inputs: inputs.map((input) => inputOf(plan.graph, input)),
    outputs: outputsOf(plan.graph, node),
    ...(state !== undefined && { state: shapeOf(state, name) }),
  };
}

export const describeFlow = (plan: Plan, hints: readonly Hint[]): FlowDescription => ({
  flow: plan.graph.name,
  actors: plan.stages.filter(({ place }) => place === 'worker').length,
  operators: plan.graph.operators.map((node) => operatorOf(plan, node)),
  hints,
});
