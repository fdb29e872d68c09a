// The contract between a sink and the actor that hosts it.
// A sink's position is part of the actor's commit: what it wrote beyond the committed position does not count and is
// overwritten after a rollback or a crash. What must not be seen before it counts is prepared before the commit, and
// committed after it.

import { type Schema, type Shape, shapeOf } from '../mailbox/schema.ts';

/** What a sink is opened with. */
export interface SinkContext {
  /** The operator's name, for error texts. */
  readonly operator: string;
  /** The committed position: 0 at the first open. */
  readonly position: number;
  /** The fields of its tuples; undefined where a test opens a sink without a flow. */
  readonly fields?: Shape;
}

/** A sink that is open, on the worker that hosts its actor. See docs/own-connectors.md. */
export interface SinkWriter<Tuple> {
  /** Takes one tuple. May keep it in memory until flush(). */
  write(tuple: Tuple): void;
  /**
   * Writes what was taken since the last flush, and returns the position behind it. Called before every commit. A sink that has
   * {@link commit} only *prepares* here: what it writes must outlive the worker, and count only later.
   */
  flush(): number;
  /**
   * Makes what was flushed up to `position` count. Called after the commit that recorded the position, and whenever the sink is
   * opened, with the committed position: a worker may have died between the two. Doing it again must change nothing.
   */
  commit?(position: number): void;
  /** Forgets what was taken since the last flush, and goes back to a committed position. */
  rollback(position: number): void;
  /** Called once, after the last commit or an error. */
  close(): void;
}

/** A sink as declared in a flow: `stream.to('out', writeLines(…))`. */
export interface SinkDefinition<Tuple> {
  /** Paths of the files that it writes, if any: a job in which a source reads one of them, or another sink writes it, does not start. */
  readonly files?: readonly string[];
  /** Opens the sink on a worker. Called again, at the committed position, after a rollback or a crash. */
  open(context: SinkContext): SinkWriter<Tuple>;
}

/**
 * A sink as the graph holds it: whatever its tuples are, and opened with their fields.
 * @param schema what its stream's tuples fit
 */
export const sinkOf = <Tuple>(sink: SinkDefinition<Tuple>, schema: Schema): SinkDefinition<never> => {
  const fields = shapeOf(schema.fields);
  const { files } = sink;
  const open = (context: SinkContext): SinkWriter<Tuple> => sink.open({ ...context, fields });
  return { ...(files !== undefined && { files }), open } as unknown as SinkDefinition<never>;
};
