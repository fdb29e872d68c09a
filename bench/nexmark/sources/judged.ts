// A source whose tuples say whether they are late: older than the newest one before them in their partition by more than a bound.
// Promises: each tuple is judged once, by its place in its partition, and the same again after a crash: the newest time is part of the
// position. A late tuple never makes it newer.

import { type Shape, type SourceDefinition, type SourceReader, type SourceStatus, t } from '../../../src/index.ts';

interface JudgedPosition<Position> {
  readonly at: Position;
  /** Largest time so far. */
  readonly newest: number;
}

/** A tuple with `dateTime` before it is judged, and with `late` after that. */
type Judged = Record<string, unknown>;

/** @param lateMs how much older than the newest one a tuple may be and still be on time */
export function judged<Position>(
  source: SourceDefinition<Shape, Judged, Position>,
  lateMs: number,
): SourceDefinition<Shape, Judged, JudgedPosition<Position>> {
  return {
    kind: 'reader',
    fields: { ...source.fields, late: t.bool() },
    files: source.files,
    partitions: source.partitions,
    start: { at: (source.start ?? 0) as Position, newest: Number.NEGATIVE_INFINITY },
    async open(context) {
      const { at, newest } = context.position;
      const judge = new Judge<Position>(lateMs, newest);
      const reader = await source.open({
        ...context,
        position: at,
        reject: (record, error, behind) => context.reject(record, error, { at: behind, newest: judge.newest }),
      });
      return judge.reads(reader);
    },
  };
}

/** The reader of a judged partition. */
class Judge<Position> implements SourceReader<Judged, JudgedPosition<Position>> {
  newest: number;
  readonly #lateMs: number;
  #reader!: SourceReader<Judged, Position>;

  constructor(lateMs: number, newest: number) {
    this.#lateMs = lateMs;
    this.newest = newest;
  }

  reads(reader: SourceReader<Judged, Position>): this {
    this.#reader = reader;
    return this;
  }

  get position(): JudgedPosition<Position> {
    return { at: this.#reader.position, newest: this.newest };
  }

  read(emit: (tuple: Judged) => void, limit: number): SourceStatus {
    return this.#reader.read((tuple) => {
      const dateTime = tuple.dateTime as number;
      tuple.late = dateTime < this.newest - this.#lateMs;
      if (dateTime > this.newest) this.newest = dateTime;
      emit(tuple);
    }, limit);
  }

  close(): void {
    this.#reader.close();
  }
}
