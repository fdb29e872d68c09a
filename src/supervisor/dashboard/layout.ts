// Where operators and edges of a job are drawn: computed once, since the graph of a job does not change.
// Promises: no two operators overlap; edges run from left to right, or from top to bottom on a narrow screen.
// Relies on dagre, which is loaded by jobs that have a page only.

import type { JobTopology } from '../readings/job-topology.ts';

/** Where the nodes and edges are, in pixels; `nodes` and `edges` are in the order of the topology. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Centres. */
  readonly nodes: readonly { readonly x: number; readonly y: number }[];
  /** Corners of each line. */
  readonly edges: readonly (readonly (readonly [x: number, y: number])[])[];
}

/** Size of an operator's box, in pixels. */
export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 86;

const SPACES = {
  LR: { ranksep: 104, nodesep: 30 },
  TB: { ranksep: 62, nodesep: 24 },
} as const;

/** @param direction `LR` from left to right, `TB` from top to bottom */
export async function layoutOf({ operators, edges }: JobTopology, direction: 'LR' | 'TB'): Promise<Layout> {
  const { Graph, layout } = await import('@dagrejs/dagre');
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, marginx: 12, marginy: 12, ...SPACES[direction] });
  for (const { name } of operators) graph.setNode(name, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const [index, { from, to }] of edges.entries()) graph.setEdge(from, to, {}, String(index));
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    nodes: operators.map(({ name }) => {
      const { x, y } = graph.node(name) as { x: number; y: number };
      return { x: Math.round(x), y: Math.round(y) };
    }),
    edges: edges.map(({ from, to }, index) => {
      const { points = [] } = graph.edge(from, to, String(index)) as { points?: { x: number; y: number }[] };
      return points.map(({ x, y }) => [Math.round(x), Math.round(y)] as const);
    }),
  };
}
