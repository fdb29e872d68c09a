// The contract between a source and the actor that hosts it.
// A source is declared in the flow (a SourceDefinition, made on every thread that imports the flow's module) and opened on
// one worker (a SourceReader). Its position is part of the actor's commit: after a crash or a rollback the reader is opened
// again at the last committed position, and what it emits from there must be the same tuples again.
// A source may have several partitions, each with a reader and a position of its own: they are what its replicas share.

import { KEY_GROUPS } from '../mailbox/hash.ts';
import type { Shape, TupleOf } from '../mailbox/schema.ts';
import { integer } from '../options/kinds.ts';
import type { ToldDefinition } from './bridge.ts';
import type { SourceProgress } from './source-progress.ts';

/** A partition is to a source what a key group is to other operators: the least that changes hands. */
export const PARTITIONS_MAX = KEY_GROUPS;

/** Cells of a partition's memory. */
export const MEMORY_CELLS = 128;

export const PARTITIONS_OPTION = integer({
  help: 'parts that replicas can share',
  from: 1,
  to: PARTITIONS_MAX,
  default: 1,
  page: 'dataflow.md#partitions',
});

/** @throws MillraceError BAD_OPTION if a source cannot have so many partitions */
export const checkPartitions = (partitions: unknown, where: string): number =>
  PARTITIONS_OPTION.read(partitions, { where, name: 'partitions' });

/** What a partition of a source is opened with. */
export interface SourceContext<Position = number> {
  /**
   * Where to go on, in the source's own units (bytes, tuples, …): at first the definition's `start`, then what a reader's `position`
   * was at the last commit.
   */
  readonly position: Position;
  /** The operator's name, for error texts. */
  readonly operator: string;
  /** Which partition is to be opened, from 0 on. */
  readonly partition: number;
  /**
   * Shared memory of the partition that outlives its readers and their workers: 128 cells of 0 at the first
   * opening of a job, and then what its readers have stored. It is no part of the commit, and rollbacks leave it: it is for what
   * stays true, such as which file is read. Readers of files that a source of your own hands it on to take 16 cells for each path,
   * and do not notice a change of those beyond the eighth.
   */
  readonly memory: Int32Array;
  /**
   * The memory of any partition of the source: where partitions agree on something. Replicas on other threads use it at the same
   * time: by `Atomics`, so that a reader that dies between two stores leaves nothing half.
   */
  memoryOf(partition: number): Int32Array;
  /** What the definition's `list()` gave when the job started; undefined if it has none, or nobody has asked it (`testOperator`). */
  readonly listing?: readonly string[] | undefined;
  /**
   * Within read(): gives up a record that no tuple can be made of, at `position` in the source's units. The operator's `failure`
   * decides about it as about a tuple that fails: by default it is a dead letter, with `record` as its tuple, in the same
   * transaction as the tuples around it. Counts as one of the `limit` tuples of the read.
   */
  reject(record: unknown, error: Error, position: unknown): void;
  /** Asks for another read() soon: data has come in, or a time has been reached. May be called from any callback. */
  wake(): void;
  /** Fails the job, with an error that came up outside of read(). */
  fail(error: unknown): void;
}

/** What a read() ended with: there is more now; nothing now, wake() will be called; or never anything again. */
export type SourceStatus = 'more' | 'wait' | 'end';

/** A partition of a source that is open, on the worker that hosts its actor. See docs/own-connectors.md. */
export interface SourceReader<Tuple, Position = number> {
  /**
   * Behind the last tuple that read() has emitted. A small value that can be cloned, 240 bytes at most: a number, or such as
   * `{ file, byte }`. Commits keep a copy of it.
   */
  position: Position;
  /**
   * Emits (or rejects) at most `limit` tuples and moves `position` behind the last of them. Never blocks for long. May emit fewer. An
   * exception rolls back everything since the last commit.
   */
  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus;
  /**
   * How far it has come, for whoever watches the job: what has been read of how much. Undefined while the end is not known, as without
   * this method. Called after each read(); it only looks.
   */
  progress?(): SourceProgress | undefined;
  /** Releases files and timers. Called once, also after an error. */
  close(): void;
}

/** A source as declared in a flow. `Fields` is the shape of its tuples, `Position` what its readers say where they are with. */
export interface SourceDefinition<Fields extends Shape, Tuple = TupleOf<Fields>, Position = number> {
  /** The schema of its tuples. */
  readonly fields: Fields;
  /** What tells it from the sources of other kinds. */
  readonly kind: 'reader';
  /** Where each partition begins; 0 if it is left out. */
  readonly start?: Position;
  /**
   * Into how many parts the source is cut, 1 to 256; 1 by default. Each is opened by itself, and read by one replica at a time:
   * tuples keep their order within a partition, and have none between partitions.
   */
  readonly partitions?: number;
  /**
   * The same source with its parts cut so small that so many replicas can share it, without an order between the parts. It is
   * called when the flow is declared, on every thread, and depends on nothing but its argument. See docs/dataflow.md#ranges-of-a-file.
   */
  readonly cut?: (replicas: number) => SourceDefinition<Fields, Tuple, Position>;
  /** True if it is to be cut for as many replicas as its operator may have. */
  readonly isUnordered?: boolean;
  /**
   * The paths of files that are to be found first. The app's thread calls it once, when the job starts, and hands the list to each
   * open() as `listing`, so that all partitions and all openings see the same.
   */
  readonly list?: () => Promise<readonly string[]>;
  /** Paths of the files that it reads, if any: a job whose sink would write one of them does not start. */
  readonly files?: readonly string[];
  /**
   * Opens a partition on a worker. Called again, at the committed position, after a rollback or a crash, and on another worker
   * when the partition changes hands: by then the reader before it has been closed, unless its worker has died.
   */
  open(context: SourceContext<Position>): SourceReader<Tuple, Position> | Promise<SourceReader<Tuple, Position>>;
}

/**
 * A source that computes tuple i from i: its loop is generated, so that it is as fast as a plain one. Of `n` partitions, partition
 * p makes tuples p, p + n, p + 2n and so on.
 */
export interface GeneratorDefinition<Fields extends Shape, Tuple = TupleOf<Fields>> {
  /** The schema of its tuples. */
  readonly fields: Fields;
  /** What tells it from the sources of other kinds. */
  readonly kind: 'generate';
  /** Tuple `index` (0 to `count` - 1), which partition `partition` gives. Depends on nothing else: it is called again after a crash. */
  make(index: number, partition: number): Tuple;
  /** Parts that replicas can share, 1 to 256. */
  readonly partitions: number;
  /** Tuples of all partitions. */
  readonly count: number;
  /** Tuples of all partitions per second; undefined for as fast as possible. */
  readonly ratePerSecond: number | undefined;
}

/** A source that the app's own thread feeds through `job.input(name)`. */
export interface PushDefinition<Fields extends Shape> {
  /** The schema of its tuples. */
  readonly fields: Fields;
  /** What tells it from the sources of other kinds. */
  readonly kind: 'push';
}

/** Anything that `flow.source(name, …)` takes. */
export type Source<Fields extends Shape> =
  | SourceDefinition<Fields, TupleOf<Fields>, unknown>
  | GeneratorDefinition<Fields>
  | PushDefinition<Fields>
  | ToldDefinition<Fields>;

/** A source as the graph holds it: whatever its tuples are. */
export type AnySourceDefinition = SourceDefinition<Shape, never, unknown>;
export type AnyGeneratorDefinition = GeneratorDefinition<Shape, never>;
export type AnySource = AnySourceDefinition | AnyGeneratorDefinition | PushDefinition<Shape> | ToldDefinition<Shape>;

/** Forgets the type of a source's tuples. What it emits is checked against its schema where it is read. */
export const eraseSource = <Fields extends Shape>(source: Source<Fields>): AnySource => source as unknown as AnySource;

/** The partitions of a source: 1 unless it is declared with more. */
export const partitionsOf = <Fields extends Shape>(source: Source<Fields> | AnySource): number =>
  source.kind === 'push' || source.kind === 'told' ? 1 : (source.partitions ?? 1);

/**
 * The source as an operator reads it that may have so many replicas: cut for them, if it can be, and if the order between its parts
 * does not matter.
 */
export const cutFor = <Fields extends Shape>(
  source: Source<Fields>,
  replicas: number,
  isUnordered = source.kind === 'reader' && source.isUnordered === true,
): Source<Fields> => {
  const cut = source.kind === 'reader' && isUnordered ? source.cut?.(replicas) : undefined;
  if (source.kind !== 'reader' || cut === undefined) return source;
  // That more replicas could share it is told where one is too slow (supervisor/readings/load-hints.ts).
  return replicas === 1 ? { ...cut, cut: source.cut, isUnordered } : cut;
};
