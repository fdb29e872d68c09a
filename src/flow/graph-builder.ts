// Collects the operators that a build function declares.
// Promises: an operator's id is its place in the order of declaration, so inputs come before whoever reads them.

import { errors } from '../errors.ts';
import { refuseDeferredFunction } from '../mailbox/deferred.ts';
import { jointTime } from './event-time.ts';
import { finishGraph, type Graph, type NodeInput, type NodeOutput, type OperatorNode } from './graph.ts';
import type { OperatorKind } from './kinds/kind.ts';
import type { CheckedOperator } from './operator-options.ts';

export class GraphBuilder {
  readonly name: string;
  private readonly operators: OperatorNode[] = [];

  constructor(name: string) {
    this.name = name;
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
    if (max > 1 && inputs.some(({ key, isUnordered }) => key === undefined && !isUnordered)) {
      const rule =
        '1, because its input has no key: call keyBy(field) before it, or unordered() if the order of its tuples does not matter';
      throw errors.badOption('parallelism', max, rule, `operator '${name}'`);
    }
    if (max > 1 && inputs.some(({ key }) => key?.length === 0)) {
      const rule =
        '1, because keyBy() without fields makes one key of all tuples: name a field in it, so that replicas share its keys';
      throw errors.badOption('parallelism', max, rule, `operator '${name}'`);
    }
    const id = this.operators.length;
    const read = inputs.map((input) =>
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

  nameOf(id: number): string {
    return this.operators[id].name;
  }

  finish(): Graph {
    return finishGraph(this.name, this.operators);
  }
}
