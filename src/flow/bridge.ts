// The contract between a flow and the system of actors that it is run with: what is at work in the app's thread between the two.
// Promises: a flow knows no actor; what knows both (src/system/flows/) makes the values here, which sources, sinks and steps of a
// flow are made of.
// Relies on: the app's thread outlives every worker, so what it hands on from the rings of one job to those of the other comes once.

import type { Shape } from '../mailbox/schema.ts';

/** What a system of actors is known by to the flows that are run with it. */
export const SYSTEM = Symbol.for('millrace.system');

/** A system of actors, as `flow.run({ system })` takes it. */
export interface SystemHandle {
  /** @internal */
  readonly [SYSTEM]: unknown;
}

/** What a bridge is at work between. */
export interface BridgeEnds {
  /** The operator's name. */
  readonly operator: string;
  /** What the system has for bridges. */
  readonly system: unknown;
  /** Tuples that come from the flow; none if nothing does. */
  readonly output: AsyncIterable<readonly Readonly<Record<string, unknown>>[]>;
  /** Takes a tuple into the flow; what it returns waits for room. */
  push(tuple: Readonly<Record<string, unknown>>): Promise<void> | undefined;
  /** Aborted when the job's sources are to end. */
  readonly stopping: AbortSignal;
  /** Aborted when the job is over. */
  readonly over: AbortSignal;
}

/** Resolves when nothing more is to be handed on: what it pushes into ends then. What it rejects with fails the job. */
export type Bridge = (ends: BridgeEnds) => Promise<void>;

/** A sink whose tuples are told to actors. `stream.to('deposits', tell(account, 'deposit', …))`. */
export interface TellDefinition<Tuple> {
  /** What tells it from other sinks. */
  readonly kind: 'tell';
  /** @internal What is told, as it travels to the app's thread. */
  readonly letter: Shape;
  /** @internal Makes a letter of a tuple, on the worker. */
  readonly write: (tuple: Tuple, operator: string) => Record<string, unknown>;
  /** @internal */
  readonly bridge: Bridge;
}

/** A step that asks actors, and adds their replies to its tuples. `stream.through('balances', ask(account, 'balance', …))`. */
export interface AskDefinition<Tuple, Reply extends Shape> {
  /** What tells it from other steps. */
  readonly kind: 'ask';
  /** @internal */
  readonly letter: Shape;
  /** @internal */
  readonly write: (tuple: Tuple, operator: string) => Record<string, unknown>;
  /** The fields of the reply, which tuples have besides their own. */
  readonly reply: Reply;
  /** @internal @param names of the tuples' own fields */
  readonly bridge: (names: readonly string[]) => Bridge;
}

/** A source that actors tell. `flow.source('alarms', told(alarms, 'raised'))`. */
export interface ToldDefinition<Fields extends Shape> {
  /** The schema of its tuples. */
  readonly fields: Fields;
  /** What tells it from the sources of other kinds. */
  readonly kind: 'told';
  /** @internal */
  readonly bridge: Bridge;
}
