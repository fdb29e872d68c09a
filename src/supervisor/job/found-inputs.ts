// The files that sources are to find: looked up when the job starts, once for all workers.

import type { Graph, OperatorNode } from '../../flow/graph.ts';

/** The graph with what its sources have found. Rejects with what their `list()` does. */
export async function foundInputs(graph: Graph): Promise<Graph> {
  return { ...graph, operators: await Promise.all(graph.operators.map(withListing)) };
}

async function withListing(node: OperatorNode): Promise<OperatorNode> {
  const { source } = node;
  if (source?.kind !== 'reader' || source.list === undefined) return node;
  return { ...node, listing: await source.list() };
}

/** True if some source has files to find. */
export const hasToFind = ({ operators }: Graph): boolean =>
  operators.some(({ source }) => source?.kind === 'reader' && source.list !== undefined);
