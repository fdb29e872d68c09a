// Collects the operators that a build function declares.
// Promises: an operator's id is its place in the order of declaration, so inputs come before whoever reads them.

import { errors } from '../errors.ts';
import { finishGraph, type Graph, type OperatorNode } from './graph.ts';

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

  nameOf(id: number): string {
    return this.operators[id].name;
  }

  finish(): Graph {
    return finishGraph(this.name, this.operators);
  }
}
