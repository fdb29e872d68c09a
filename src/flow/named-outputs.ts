// Several outputs of one operator, by name: what an app declares them with, and what it gets of them.
// Promises: each output is a stream of its own, with its schema and its consumers; a name that was not declared is a typed error, where
// the flow is built as where a closure emits, and costs nothing where the name is right.

import { errors } from '../errors.ts';
import { isFieldName, Schema, type Shape } from '../mailbox/schema.ts';
import { refuseSurplus } from '../surplus.ts';
import type { NodeOutput, OperatorNode } from './graph.ts';
import type { Emit } from './keyed-options.ts';

/** The fields of each output, by the output's name. */
export type OutputShapes = Readonly<Record<string, Shape>>;

/** Of an operator whose outputs have no names. */
export type NoOutputs = Readonly<Record<never, never>>;

/** No field is called so. */
const SHAPES = Symbol('shapes of outputs');

/** Outputs by name, as {@link outputs} declares them: in place of the schema of one output. */
export class NamedOutputs<Shapes extends OutputShapes> {
  /** @internal */
  readonly [SHAPES]: Shapes;

  /** @internal */
  constructor(shapes: Shapes) {
    this[SHAPES] = shapes;
  }
}

/** What a closure emits with, if its operator has named outputs: a function for each. */
export type EmitTo<Shapes extends OutputShapes> = { readonly [Name in keyof Shapes]: Emit<Shapes[Name]> };

/** What a closure emits with: one function, or one for each named output. `Outputs` has no names where there are none. */
export type EmitOf<Output extends Shape, Outputs extends OutputShapes> = keyof Outputs extends never
  ? Emit<Output>
  : EmitTo<Outputs>;

/**
 * Declares several outputs of one operator, each with a name and fields of its own: in place of the output of `flatMap`, and of the
 * `output` of `process`, also where two streams are connected. The closure then emits by name, `emit.valid(tuple)`, and the method returns a stream for each name. An output
 * that nobody reads costs nothing, and its tuples are counted: see docs/dataflow.md.
 * @param shapes the fields of each output, by its name
 * @throws MillraceError BAD_SCHEMA, SURPLUS_ARGUMENTS
 */
export function outputs<const Shapes extends OutputShapes>(
  shapes: Shapes,
  ...surplus: readonly never[]
): NamedOutputs<Shapes> {
  refuseSurplus('outputs(shapes)', 1, surplus);
  if (typeof shapes !== 'object' || shapes === null || Object.keys(shapes).length === 0) {
    throw errors.badSchema('outputs()', 'must be an object of outputs such as { valid: { n: t.u32() } }');
  }
  for (const [name, shape] of Object.entries(shapes)) {
    if (!isFieldName(name)) {
      throw errors.badSchema('outputs()', `'${name}' cannot be an output's name: use letters, digits, _ and $`);
    }
    Schema.of(shape, `output '${name}'`);
  }
  return new NamedOutputs(shapes);
}

/** The outputs of an operator's node. Nobody needs to read all of them. */
const nodeOutputs = (operator: string, { [SHAPES]: shapes }: NamedOutputs<OutputShapes>): NodeOutput[] =>
  Object.entries(shapes).map(([name, shape]) => ({
    name,
    schema: Schema.of(shape, `output '${name}' of operator '${operator}'`),
    isOptional: true,
  }));

/**
 * What an operator's node has of its output, or outputs, as an app declares them.
 * @param output undefined for none
 * @throws MillraceError BAD_SCHEMA
 */
export function emitting(
  operator: string,
  output: Shape | NamedOutputs<OutputShapes> | undefined,
): Pick<OperatorNode, 'outputs' | 'emitsByName'> {
  if (output === undefined) return { outputs: [], emitsByName: false };
  if (output instanceof NamedOutputs) return { outputs: nodeOutputs(operator, output), emitsByName: true };
  const schema = Schema.of(output, `operator '${operator}'`);
  return { outputs: [{ name: operator, schema }], emitsByName: false };
}

/** What the method that has added an operator returns: its stream, or a stream for each of its named outputs. */
export const emittedStreams = <Stream>(
  { name, outputs, emitsByName }: OperatorNode,
  streamOf: (output: number) => Stream,
): Stream | Record<string, Stream> => (emitsByName === true ? byOutput(name, outputs, streamOf) : streamOf(0));

/** What may be asked of any object, though it has no such property: by `await`, by `console.log`, and the like. */
const isHarmless = (property: string | symbol): boolean =>
  typeof property === 'symbol' || property in Object.prototype || property === 'then' || property === 'toJSON';

/**
 * The prototype of an object that has a property for each output of an operator: reading any other one throws. V8 looks there only for
 * what the object itself does not have.
 * @param names of the outputs
 */
export const refusingPrototype = (operator: string, names: readonly string[]): object =>
  new Proxy(Object.prototype, {
    get(target, property, receiver) {
      if (isHarmless(property)) return Reflect.get(target, property, receiver);
      throw errors.unknownOutput(operator, String(property), names);
    },
  });

/** An object with a value for each output. */
function byOutput<Value>(
  operator: string,
  named: readonly NodeOutput[],
  make: (output: number) => Value,
): Record<string, Value> {
  const names = named.map(({ name }) => name);
  const values = Object.fromEntries(names.map((name, output) => [name, { value: make(output), enumerable: true }]));
  return Object.freeze(Object.create(refusingPrototype(operator, names), values)) as Record<string, Value>;
}
