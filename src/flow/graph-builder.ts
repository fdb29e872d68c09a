// Collects the operators that a build function declares.
// Promises: an operator's id is its place in the order of declaration, so inputs come before whoever reads them.

import { errors } from '../errors.ts';
import { refuseDeferredFunction } from '../mailbox/deferred.ts';
import type { Schema, Shape } from '../mailbox/schema.ts';
import { jointTime, type StreamTime } from './event-time.ts';
import {
  finishGraph,
  type Graph,
  type NodeInput,
  type NodeOutput,
  type OperatorNode,
  type StreamRef,
} from './graph.ts';
import type { KeyedStream } from './keyed-stream.ts';
import { filter } from './kinds/filter.ts';
import type { OperatorKind } from './kinds/kind.ts';
import { type CheckedOperator, checkOperator } from './operator-options.ts';
import { type TraceMark, withTraceFields } from './traces/trace-fields.ts';

/** @throws MillraceError BAD_OPTION if several replicas cannot share what an operator reads */
function requireShareable(
  name: string,
  max: number,
  kind: OperatorKind,
  inputs: readonly NodeInput[],
  outputs: readonly NodeOutput[],
): void {
  const refuse = (rule: string): never => {
    throw errors.badOption('parallelism', max, rule, `operator '${name}'`);
  };
  for (const { key, isUnordered, isOrdered } of inputs) {
    if (key?.length === 0) {
      refuse(
        '1, because keyBy() without fields makes one key of all tuples: name a field in it, so that replicas share its keys',
      );
    }
    if (key !== undefined || isUnordered) continue;
    if (isOrdered !== true) {
      refuse(
        '1, because its input has no key: call keyBy(field) before it, ordered() if its results are to come in the order of its tuples, or unordered() if that does not matter',
      );
    }
    if (kind.mayAwait === true) {
      refuse(
        `1 behind ordered(), because its results are awaited: raise 'capacity', which keeps the order, or call unordered() instead`,
      );
    }
    if (outputs.length === 0) {
      refuse('1 behind ordered(), because it has no results whose order could be kept: call unordered() instead');
    }
  }
}

/** Makes the keyed stream of one without a key. */
export type KeyedMaker = new (
  builder: GraphBuilder,
  from: readonly StreamRef[],
  schema: Schema,
  key: readonly string[],
  time: StreamTime | undefined,
) => KeyedStream<Shape, string>;

export class GraphBuilder {
  readonly name: string;
  private readonly operators: OperatorNode[] = [];
  private readonly traceMarks: TraceMark[] = [];
  private readonly maker: KeyedMaker;

  /** @param maker the class of keyed streams, which extends that of streams: these cannot import it */
  constructor(name: string, maker: KeyedMaker) {
    this.name = name;
    this.maker = maker;
  }

  /** A stream by some of its fields. */
  keyed<Fields extends Shape, Key extends keyof Fields & string, Inputs>(
    from: readonly StreamRef[],
    schema: Schema,
    key: readonly string[],
    time: StreamTime | undefined,
  ): KeyedStream<Fields, Key, Inputs> {
    return new this.maker(this, from, schema, key, time) as unknown as KeyedStream<Fields, Key, Inputs>;
  }

  add(node: Omit<OperatorNode, 'id'>): OperatorNode {
    if (typeof node.name !== 'string' || node.name === '') {
      throw errors.badFlow(this.name, `every operator has a name, got ${String(node.name)}`);
    }
    const added = { ...node, id: this.operators.length };
    this.operators.push(added);
    return added;
  }

  /**
   * An operator of any kind, with any number of inputs and outputs.
   * @param inputs as `stream.asInput` gives them
   * @param rest what its kind needs besides
   * @throws MillraceError BAD_OPTION
   */
  operator(
    name: string,
    kind: OperatorKind,
    inputs: readonly NodeInput[],
    outputs: readonly NodeOutput[],
    checked: CheckedOperator,
    rest: Partial<
      Pick<
        OperatorNode,
        | 'sink'
        | 'state'
        | 'tables'
        | 'end'
        | 'onTimer'
        | 'isInEventTime'
        | 'onClock'
        | 'leavesOut'
        | 'eventTime'
        | 'resident'
        | 'partOf'
        | 'bridge'
        | 'into'
        | 'emitsByName'
        | 'asking'
      >
    > = {},
  ): OperatorNode {
    const isCalled =
      rest.sink === undefined && rest.resident === undefined && (kind.step !== undefined || rest.state !== undefined);
    for (const { closure } of inputs) {
      if (isCalled && typeof closure !== 'function') {
        throw errors.badOption('closure', closure, 'a function', `operator '${name}'`);
      }
      if (kind.mayAwait !== true) refuseDeferredFunction(name, closure);
    }
    refuseDeferredFunction(name, rest.end);
    refuseDeferredFunction(name, rest.onTimer);
    const { max } = checked.replicas;
    if (max > 1) requireShareable(name, max, kind, inputs, outputs);
    const dealt = inputs.map((input) => (max > 1 && input.isOrdered === true ? this.asOneRing(name, input) : input));
    const id = this.operators.length;
    const read = dealt.map((input) =>
      input.loop === undefined ? input : { ...input, from: [...input.from, { operator: id, output: input.loop }] },
    );
    const time = rest.isInEventTime === false ? undefined : jointTime(inputs.map((input) => input.time));
    return this.add({
      name,
      kind,
      inputs: read,
      // An operator's tuples have the times of those that they come of, unless it says otherwise.
      outputs: outputs.map((output) => ('time' in output ? output : { ...output, time })),
      ...checked,
      ...rest,
    });
  }

  /**
   * An input whose order several replicas keep. It comes in one ring: if it does not, an operator with one replica puts it in one, as it
   * comes.
   */
  private asOneRing(name: string, input: NodeInput): NodeInput {
    const { from, schema } = input;
    if (from.length === 1 && !this.mayHaveReplicas(from[0].operator)) return input;
    const gathered = this.operator(
      `${name}-order`,
      filter,
      [{ ...input, isOrdered: false, closure: () => true }],
      [{ name: `${name}-order`, schema }],
      // In an actor of its own there is one of it: run in those before it, it would be as many.
      checkOperator(`${name}-order`, { fuse: false }),
      { partOf: name },
    );
    return { ...input, from: [{ operator: gathered.id, output: 0 }] };
  }

  /** True if an operator has several replicas, or may run in those of one before it. */
  private mayHaveReplicas(id: number): boolean {
    const { replicas, fuse, state, inputs } = this.operators[id];
    if (replicas.max > 1) return true;
    const [stream, ...others] = inputs.flatMap(({ from }) => from);
    return (
      fuse &&
      state === undefined &&
      stream !== undefined &&
      others.length === 0 &&
      this.mayHaveReplicas(stream.operator)
    );
  }

  nameOf(id: number): string {
    return this.operators[id].name;
  }

  /** Tuples of streams have the context of a trace in a field. */
  markTraces(streams: readonly StreamRef[], field: string): void {
    this.traceMarks.push(...streams.map((stream) => ({ stream, field })));
  }

  finish(): Graph {
    return finishGraph(this.name, withTraceFields(this.operators, this.traceMarks));
  }
}
