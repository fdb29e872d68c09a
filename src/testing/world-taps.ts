// What stands between an operator under test and the world: taps that note what its source gives, and what its sink takes.
// Promises: the real source and sink see what they would see in a job; a note is kept only of what the sink has flushed, and
// an actor flushes right before it commits.
// Relies on: one actor at a time; a tap outlives the actors that use it.

import type { SinkDefinition, SinkWriter } from '../actors/sink.ts';
import type { Source } from '../actors/source.ts';
import type { Schema, Shape } from '../mailbox/schema.ts';
import type { WorldTaps } from './operator-plan.ts';

export class WorldTap implements WorldTaps {
  /** Tuples that the source's reader has emitted, those of batches that were rolled back included. */
  readTuples = 0;
  /** What a sink takes, for its copies: set when the plan is known. */
  sinkSchema: Schema | undefined;
  /** Tuples of a generator source per second: its own pace would begin anew with each actor. */
  ratePerSecond: number | undefined;
  private readonly opensSink: boolean;
  private flushed: unknown[] = [];
  private flushedCount = 0;

  constructor(opensSink: boolean) {
    this.opensSink = opensSink;
  }

  source(source: Source<Shape>): Source<Shape> {
    if (source.kind === 'generate') {
      this.ratePerSecond = source.ratePerSecond;
      return { ...source, ratePerSecond: undefined };
    }
    if (source.kind === 'push') return source;
    return {
      kind: 'reader',
      fields: source.fields,
      open: async (context) => {
        const reader = await source.open(context);
        return {
          get position() {
            return reader.position;
          },
          get aux() {
            return reader.aux;
          },
          read: (emit, limit) =>
            reader.read((tuple) => {
              this.readTuples++;
              emit(tuple);
            }, limit),
          close: () => reader.close(),
        };
      },
    };
  }

  sink(sink: SinkDefinition<never>): SinkDefinition<never> {
    return {
      open: (context) => {
        const writer: SinkWriter<never> | undefined = this.opensSink ? sink.open(context) : undefined;
        let pending: unknown[] = [];
        return {
          write: (tuple) => {
            writer?.write(tuple);
            pending.push(this.copy(tuple));
          },
          flush: () => {
            const position = writer?.flush();
            this.flushedCount += pending.length;
            for (const tuple of pending) this.flushed.push(tuple);
            pending = [];
            return position ?? this.flushedCount;
          },
          rollback: (position) => {
            pending = [];
            writer?.rollback(position);
          },
          close: () => writer?.close(),
        };
      },
    };
  }

  /** The tuples that the sink has flushed since the last call. */
  takeWritten(): unknown[] {
    const taken = this.flushed;
    this.flushed = [];
    return taken;
  }

  /** A tuple may be changed by whoever made it. */
  private copy(tuple: Readonly<Record<string, unknown>>): unknown {
    const names = this.sinkSchema?.names ?? Object.keys(tuple);
    return Object.fromEntries(names.map((name) => [name, structuredClone(tuple[name])]));
  }
}
