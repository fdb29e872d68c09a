// What a build function returns, so that the job's outputs and inputs have types: the ends of its streams.
// Promises: types only. A handle's value is the name of the operator that ends the stream.

import type { Shape, TupleOf } from '../mailbox/schema.ts';

declare const TUPLE: unique symbol;
declare const INPUTS: unique symbol;

/** The end of a stream: what `forEach` and `to` return. `Inputs` are the tuples that an app pushes into it, by source. */
export interface StreamEnd<Inputs = unknown> {
  /** Name of the operator that ends the stream. */
  readonly operator: string;
  /** @internal */
  readonly [INPUTS]?: Inputs;
}

/** A stream that the app reads: what `collect` returns. Return it from the build function to type `job.output(name)`. */
export interface OutputHandle<Name extends string = string, Tuple = unknown, Inputs = unknown>
  extends StreamEnd<Inputs> {
  /** Name of the output: what `job.output(name)` takes. */
  readonly output: Name;
  /** @internal */
  readonly [TUPLE]?: Tuple;
}

/** The ends in what a build function returns: an end, an array with ends, or an object of ends. */
type EndsIn<Built> = Built extends StreamEnd
  ? Built
  : Built extends readonly (infer Each)[]
    ? EndsIn<Each>
    : Built extends Readonly<Record<string, infer Each>>
      ? Extract<Each, StreamEnd>
      : never;

/** The tuples of the outputs, by name. */
export type OutputsOf<Built> = {
  [End in Extract<EndsIn<Built>, OutputHandle> as End['output']]: End extends OutputHandle<string, infer Tuple>
    ? Tuple
    : never;
};

/** A & B of A | B. */
type Both<Union> = (Union extends unknown ? (each: Union) => void : never) extends (each: infer All) => void
  ? All
  : never;

type KnownInputs<Built> = Both<
  EndsIn<Built> extends infer End ? (End extends StreamEnd<infer Inputs> ? Inputs : never) : never
>;

/** Of a flow whose build function does not say which inputs it has. */
export type AnyInputs = Record<string, object>;

/** The tuples of the push sources, by name, as far as the ends of their streams tell. */
export type InputsOf<Built> = [keyof KnownInputs<Built>] extends [never] ? AnyInputs : KnownInputs<Built>;

/** Of a stream that the app pushes nothing into. */
export type NoInputs = Record<never, never>;

/** Of a push source. */
export type PushedInto<Name extends string, Fields extends Shape> = { [Each in Name]: TupleOf<Fields> };
