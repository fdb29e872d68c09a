// Which inputs of a flow's operators have tuples with the context of a trace, and in which field: it begins where the flow says so, and
// goes with the tuples as far as operators hand on a field of that name.
// Promises: a flow that says nothing has the graph that it had.

import { errors } from '../../errors.ts';
import type { Schema } from '../../mailbox/schema.ts';
import type { OperatorNode, StreamRef } from '../graph.ts';

/** A stream whose tuples have a context in a field. */
export interface TraceMark {
  readonly stream: StreamRef;
  readonly field: string;
}

interface Typed {
  readonly type: string;
  readonly parameters?: readonly unknown[];
}

const isText = ({ type, parameters }: Typed): boolean =>
  type === 'string' || type === 'dictionary' || (type === 'optional' && isText(parameters?.[0] as Typed));

const hasField = ({ fields }: Schema, field: unknown): boolean =>
  fields.some(({ name, declared }) => name === field && isText(declared));

/**
 * The field as it was given.
 * @throws MillraceError BAD_OPTION
 */
export function checkTraceField(before: string, schema: Schema, field: unknown): string {
  if (hasField(schema, field)) return field as string;
  const texts = schema.fields.flatMap(({ name, declared }) => (isText(declared) ? [`'${name}'`] : []));
  throw errors.badOption(
    'field',
    field,
    `a field with a traceparent, which is one of ${texts.join(', ') || '(none)'}: a string, a dictionary, or an optional one`,
    `withTraceContext() after '${before}'`,
  );
}

const placeOf = ({ operator, output }: StreamRef): string => `${operator}.${output}`;

/** The operators, those of them told that read a context. Each comes after those that it reads. */
export function withTraceFields(
  operators: readonly OperatorNode[],
  marks: readonly TraceMark[],
): readonly OperatorNode[] {
  if (marks.length === 0) return operators;
  const fields = new Map(marks.map(({ stream, field }) => [placeOf(stream), field]));
  return operators.map((node) => {
    const inputs = node.inputs.map((input) => {
      const field = input.from.map((stream) => fields.get(placeOf(stream))).find((each) => each !== undefined);
      return field === undefined || !hasField(input.schema, field) ? input : { ...input, traceField: field };
    });
    const handed = inputs.flatMap(({ traceField }) => traceField ?? []);
    node.outputs.forEach(({ schema }, output) => {
      const place = placeOf({ operator: node.id, output });
      const field = handed.find((each) => hasField(schema, each));
      if (field !== undefined && !fields.has(place)) fields.set(place, field);
    });
    return handed.length === 0 ? node : { ...node, inputs };
  });
}

/** True if some operator reads a context. */
export const readsContexts = (operators: readonly OperatorNode[]): boolean =>
  operators.some(({ inputs }) => inputs.some(({ traceField }) => traceField !== undefined));
