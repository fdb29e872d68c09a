// A source of the files that a pattern or a folder leads to: found once, when the job starts, and dealt to the partitions in order.
// Promises: each file that was found is read once, whole, in the order of its partition; what comes into the folder later is not. The
// position is the file and the place in it, so that a crash goes on in the middle of a file. A partition has one file open, and the
// next one; what is wrong with that is told when its turn comes.
// Relies on: the list being the same for every opening (SourceDefinition.list).

import { MillraceError } from '../../errors.ts';
import {
  PARTITIONS_MAX,
  type SourceContext,
  type SourceDefinition,
  type SourceReader,
  type SourceStatus,
} from '../../flow/source.ts';
import type { SourceProgress } from '../../flow/source-progress.ts';
import type { Shape, TupleOf } from '../../mailbox/schema.ts';
import { findFiles } from './file-patterns.ts';
import { FileSizes } from './file-sizes.ts';
import type { FileSource } from './file-source.ts';
import { emptyReader } from './later-reader.ts';
import { turningSlot } from './look-slot.ts';

/** Partitions for each replica that there may be: files are of many sizes, and a partition is the least that changes hands. */
const PARTITIONS_A_REPLICA = 4;

/** Where a reader of several files is. */
export interface FilePlace<Position> {
  /** Which of the partition's files it is in, from 0 on. */
  readonly file: number;
  /** Where in it. */
  readonly at: Position;
}

/** The source of files that are found when the job starts, with so many partitions. */
export function foundFiles<Fields extends Shape, Position>(
  paths: readonly string[],
  of: (path: string) => FileSource<Fields, Position>,
  partitions = 1,
): SourceDefinition<Fields, TupleOf<Fields>, FilePlace<Position>> {
  const { fields, start } = of(paths[0]);
  const sizes = new FileSizes();
  const list = (): Promise<readonly string[]> => findFiles(paths);
  return {
    kind: 'reader',
    fields,
    start: { file: 0, at: start },
    partitions,
    isUnordered: true,
    cut: (replicas) => {
      const parts = replicas === 1 ? 1 : Math.min(PARTITIONS_MAX, replicas * PARTITIONS_A_REPLICA);
      return foundFiles(paths, of, parts);
    },
    list,
    async open(context) {
      const listing = context.listing ?? (await list());
      const files = listing.filter((_, index) => index % partitions === context.partition);
      const reader = new FoundFilesReader(files, of, start, context, sizes.of(listing, context.partition, files));
      await reader.begin();
      return context.position.file < files.length ? reader : emptyReader(context.position);
    },
  };
}

/** True if a file lacks its header, and everything else: one that was made and not written yet has no record that could be lost. */
const isEmpty = (error: unknown): boolean => error instanceof MillraceError && error.details.isEmpty === true;

class FoundFilesReader<Fields extends Shape, Position> implements SourceReader<TupleOf<Fields>, FilePlace<Position>> {
  readonly #files: readonly string[];
  readonly #of: (path: string) => FileSource<Fields, Position>;
  readonly #start: Position;
  readonly #context: SourceContext<FilePlace<Position>>;
  readonly #sizes: Promise<readonly number[]>;
  /** Bytes of the files before each one, and of all; undefined while they are being looked for. */
  #before: readonly number[] | undefined;
  #file: number;
  /** Of the file in work; undefined while that is being opened. */
  #reader: SourceReader<TupleOf<Fields>, Position> | undefined;
  /** The file behind it. */
  #next: Promise<SourceReader<TupleOf<Fields>, Position>> | undefined;
  #isClosed = false;

  constructor(
    files: readonly string[],
    of: (path: string) => FileSource<Fields, Position>,
    start: Position,
    context: SourceContext<FilePlace<Position>>,
    sizes: Promise<readonly number[]>,
  ) {
    this.#files = files;
    this.#of = of;
    this.#start = start;
    this.#context = context;
    this.#file = context.position.file;
    this.#sizes = sizes;
  }

  /** Opens the file that reading goes on in. Rejects if it cannot be opened. */
  async begin(): Promise<void> {
    if (this.#file >= this.#files.length) return;
    this.#reader = await this.#open(this.#file, this.#context.position.at);
    this.#openNext();
    // Nobody waits for it.
    void this.#sizes.then((sizes) => {
      let sum = 0;
      this.#before = [0, ...sizes.map((size) => (sum += size))];
    });
  }

  get position(): FilePlace<Position> {
    return { file: this.#file, at: this.#reader?.position ?? this.#start };
  }

  read(emit: (tuple: TupleOf<Fields>) => void, limit: number): SourceStatus {
    if (this.#reader === undefined) return this.#file < this.#files.length ? 'wait' : 'end';
    const status = this.#reader.read(emit, limit);
    if (status !== 'end') return status;
    this.#reader.close();
    this.#reader = undefined;
    this.#file++;
    const next = this.#next;
    if (next === undefined) return 'end';
    next.then(
      (reader) => {
        if (this.#isClosed) return;
        this.#reader = reader;
        this.#openNext();
        this.#context.wake();
      },
      (error: unknown) => {
        if (!this.#isClosed) this.#context.fail(error);
      },
    );
    return 'wait';
  }

  progress(): SourceProgress | undefined {
    const before = this.#before;
    if (before === undefined) return undefined;
    const total = before[before.length - 1];
    if (this.#file >= this.#files.length) return { done: total, total };
    const [start, end] = [before[this.#file], before[this.#file + 1]];
    // Between two files, and in one that has grown, there is no telling how far it is.
    const done = this.#reader?.progress?.()?.done ?? 0;
    return { done: Math.min(end, start + done), total };
  }

  close(): void {
    this.#isClosed = true;
    this.#reader?.close();
    this.#next?.then((reader) => reader.close()).catch(() => {});
  }

  #openNext(): void {
    const file = this.#file + 1;
    this.#next = file < this.#files.length ? this.#open(file, this.#start) : undefined;
    // Whoever takes it hears of it.
    this.#next?.catch(() => {});
  }

  async #open(file: number, position: Position): Promise<SourceReader<TupleOf<Fields>, Position>> {
    const path = this.#files[file];
    const { memory } = this.#context;
    try {
      return await this.#of(path).open({ ...this.#context, position }, turningSlot(file, path, memory));
    } catch (error) {
      if (isEmpty(error)) return emptyReader(position);
      throw error;
    }
  }
}
