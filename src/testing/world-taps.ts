// What stands between an operator under test and the world: taps that note what its source gives, and what its sink takes.
// Promises: the real source and sink see what they would see in a job; a note is kept only of what the sink has flushed, and
// an actor flushes right before it commits. Where the sink stays closed, tuples fail that it has refused elsewhere.
// Relies on: one actor at a time; a tap outlives the actors that use it.

import { errors } from '../errors.ts';
import type { SinkDefinition, SinkWriter } from '../flow/sink.ts';
import { type AnySource, MEMORY_CELLS, partitionsOf } from '../flow/source.ts';
import type { Schema } from '../mailbox/schema.ts';
import { textOf } from './comparison.ts';
import type { WorldTaps } from './operator-plan.ts';

export class WorldTap implements WorldTaps {
  /** Tuples that the source's reader has emitted, those of batches that were rolled back included. */
  readTuples = 0;
  /** True to keep the end of the source from its actor, which would commit; {@link endHeld} says that it has come. */
  holdsEnd = false;
  endHeld = false;
  /** What a sink takes, for its copies: set when the plan is known. */
  sinkSchema: Schema | undefined;
  /** Tuples of a generator source per second: its own pace would begin anew with each actor. */
  ratePerSecond: number | undefined;
  private readonly opensSink: boolean;
  private readonly partition: number;
  /** What the open sink of a test has thrown, by tuple. */
  private readonly refused: Map<string, unknown>;
  private flushed: unknown[] = [];
  private flushedCount = 0;

  /**
   * @param partition of a source, which is read as if there were no other
   * @param openElsewhere the tap of the actor that has the sink open, if this one's stays closed
   */
  constructor(opensSink: boolean, partition = 0, openElsewhere?: WorldTap) {
    this.opensSink = opensSink;
    this.partition = partition;
    this.refused = openElsewhere?.refused ?? new Map();
  }

  source(source: AnySource): AnySource {
    if (source.kind === 'push' || source.kind === 'told') return source;
    const { partition } = this;
    const partitions = partitionsOf(source);
    if (partition >= partitions)
      throw errors.badOption('partition', partition, `below ${partitions}, the partitions of the source`);
    if (source.kind === 'generate') {
      const { make, count, ratePerSecond } = source;
      this.ratePerSecond = ratePerSecond && ratePerSecond / partitions;
      return {
        ...source,
        make: (index) => make(index * partitions + partition, partition),
        partitions: 1,
        count: Math.ceil((count - partition) / partitions),
        ratePerSecond: undefined,
      };
    }
    const others = Array.from({ length: partitions }, () => new Int32Array(MEMORY_CELLS));
    return {
      kind: 'reader',
      fields: source.fields,
      start: source.start,
      open: async (context) => {
        const memoryOf = (of: number): Int32Array => (of === partition ? context.memory : others[of]);
        const reader = await source.open({ ...context, partition, memoryOf });
        return {
          get position() {
            return reader.position;
          },
          read: (emit, limit) => {
            const status = reader.read((tuple) => {
              this.readTuples++;
              emit(tuple);
            }, limit);
            this.endHeld = this.holdsEnd && status === 'end';
            return this.endHeld ? 'wait' : status;
          },
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
            const copy = this.copy(tuple);
            this.writeTo(writer, tuple, textOf(copy));
            pending.push(copy);
          },
          flush: () => {
            const position = writer?.flush();
            this.flushedCount += pending.length;
            for (const tuple of pending) this.flushed.push(tuple);
            pending = [];
            return position ?? this.flushedCount;
          },
          commit: (position) => writer?.commit?.(position),
          rollback: (position) => {
            pending = [];
            writer?.rollback(position);
          },
          close: () => writer?.close(),
        };
      },
    };
  }

  private writeTo(writer: SinkWriter<never> | undefined, tuple: never, text: string): void {
    if (writer === undefined) {
      if (this.refused.has(text)) throw this.refused.get(text);
      return;
    }
    try {
      writer.write(tuple);
    } catch (error) {
      this.refused.set(text, error);
      throw error;
    }
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
