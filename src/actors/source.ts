// The contract between a source and the actor that hosts it.
// A source is declared in the flow (a SourceDefinition, made on every thread that imports the flow's module) and opened on
// one worker (a SourceReader). Its position is part of the actor's commit: after a crash or a rollback the reader is opened
// again at the last committed position, and what it emits from there must be the same tuples again.

import type { Shape } from '../mailbox/schema.ts';

/** Where a source goes on. The units are the source's own (bytes, tuples, …); both numbers start at 0. */
export interface SourcePosition {
  position: number;
  aux: number;
}

export interface SourceContext extends SourcePosition {
  /** The operator's name, for error texts. */
  readonly operator: string;
  /** Asks for another read() soon: data has come in, or a time has been reached. May be called from any callback. */
  wake(): void;
  /** Fails the job, with an error that came up outside of read(). */
  fail(error: unknown): void;
}

/** What a read() ended with: there is more now; nothing now, wake() will be called; or never anything again. */
export type SourceStatus = 'more' | 'wait' | 'end';

export interface SourceReader<Tuple> extends SourcePosition {
  /**
   * Emits at most `limit` tuples and moves `position` (and `aux`) behind the last of them. Never blocks for long. May emit
   * fewer. An exception rolls back everything since the last commit.
   */
  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus;
  /** Releases files and timers. Called once, also after an error. */
  close(): void;
}

/** A source as declared in a flow. `Fields` is the shape of its tuples. */
export interface SourceDefinition<Fields extends Shape> {
  readonly fields: Fields;
  readonly kind: 'reader';
  /** Opens the source on a worker. Called again, at the committed position, after a rollback or a crash. */
  open(context: SourceContext): SourceReader<never> | Promise<SourceReader<never>>;
}

/** A source that computes tuple i from i: its loop is generated, so that it is as fast as a plain one. */
export interface GeneratorDefinition<Fields extends Shape> {
  readonly fields: Fields;
  readonly kind: 'generate';
  readonly make: (index: number) => never;
  readonly count: number;
  /** Tuples per second; undefined for as fast as possible. */
  readonly ratePerSecond: number | undefined;
}

/** A source that the app's own thread feeds through `job.input(name)`. */
export interface PushDefinition<Fields extends Shape> {
  readonly fields: Fields;
  readonly kind: 'push';
}

/** Anything that `flow.source(name, …)` takes. */
export type Source<Fields extends Shape> =
  | SourceDefinition<Fields>
  | GeneratorDefinition<Fields>
  | PushDefinition<Fields>;
