// A graph whose closures tell how long they take for tuples with the context of a sampled trace.
// Promises: it is as it was to everybody else: the generated code is the same, since only the closures that it calls are others; what a
// closure returns or throws comes through. A tuple without such a context costs a look at its field.

import { declaredName, type Graph, type NodeInput, type OperatorNode } from '../graph.ts';
import { isSampled, type TraceParent, traceParentOf } from './trace-parent.ts';

type Closure = NonNullable<NodeInput['closure']>;

/** Told of what closures do. */
export interface TraceRecorder {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A closure took a tuple. */
  took(operator: string, context: TraceParent, startedMs: number, error: unknown): void;
  /** A field has what is no context. */
  bad(operator: string): void;
}

export const tracedGraph = (graph: Graph, recorder: TraceRecorder): Graph => ({
  ...graph,
  operators: graph.operators.map((node) => tracedNode(node, recorder)),
});

function tracedNode(node: OperatorNode, recorder: TraceRecorder): OperatorNode {
  // These closures are not of the app's operators, or say when and not what.
  if (node.partOf !== undefined || node.eventTime !== undefined) return node;
  const inputs = node.inputs.map((input) => tracedInput(declaredName(node), input, recorder));
  return { ...node, inputs };
}

function tracedInput(operator: string, input: NodeInput, recorder: TraceRecorder): NodeInput {
  const { closure, traceField, combined } = input;
  // What may be combined on its way has no closure that gets it as it is.
  return typeof closure !== 'function' || traceField === undefined || combined !== undefined
    ? input
    : { ...input, closure: tracedClosure(operator, closure, traceField, recorder) };
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';

function tracedClosure(operator: string, closure: Closure, field: string, recorder: TraceRecorder): Closure {
  const call = closure as (...args: unknown[]) => unknown;
  const traced = (...args: unknown[]): unknown => {
    const text = (args[0] as Record<string, unknown>)[field];
    // Without a request behind it a tuple has none.
    if (text === '' || text === null) return call(...args);
    const context = traceParentOf(text);
    if (context === undefined) recorder.bad(operator);
    if (context === undefined || !isSampled(context)) return call(...args);
    const startedMs = recorder.now();
    const told = (error?: unknown): void => recorder.took(operator, context, startedMs, error);
    try {
      const result = call(...args);
      if (isPromise(result)) result.then(() => told(), told);
      else told();
      return result;
    } catch (error) {
      told(error);
      throw error;
    }
  };
  return traced as Closure;
}
