// A source that follows files, as `tail -F` does: what is appended, then what takes a file's place. It ends when the job is stopped.
// Promises: each line once, also through crashes: the position is which file it is (device and inode) and the place in it, so that a
// file that was rotated meanwhile is read to its end first. A last line is held until its end has come, or its file has ended.
// Relies on: followed-file.ts for when a file has ended, and the source of one file for what is in it.

import { errors, MillraceError } from '../../errors.ts';
import type { SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../flow/source.ts';
import type { Shape, TupleOf } from '../../mailbox/schema.ts';
import { toggle } from '../../options/kinds.ts';
import { STANDARD_INPUT } from './byte-input.ts';
import { compressionByName, type FileFormat } from './file-format.ts';
import { isPattern } from './file-patterns.ts';
import type { FileSource } from './file-source.ts';
import { FOLLOW_TIMES, FollowedFile, type FollowTimes, Pursuit } from './followed-file.ts';

export const FOLLOW_OPTION = toggle({
  help: 'whether reading goes on at the end with what is appended, and with the file that takes the place of one that was rotated, until the job is stopped',
  default: false,
  page: 'dataflow.md#followed-files',
});

/** Where a reader is that follows a file. */
export interface FollowPlace<Position> {
  /** Device and inode; '' until there was a file. */
  readonly file: string;
  /** Where in it. */
  readonly at: Position;
}

/**
 * The source that follows files, each of them a partition.
 * @param where whose option it is
 * @throws MillraceError BAD_OPTION for what cannot be followed
 */
export function followFiles<Fields extends Shape, Position>(
  files: readonly FileSource<Fields, Position>[],
  where: string,
  times: FollowTimes = FOLLOW_TIMES,
): SourceDefinition<Fields, TupleOf<Fields>, FollowPlace<Position>> {
  for (const { path, format } of files) {
    const rule = ruleAgainst(path, format);
    if (rule !== undefined) throw errors.badOption('follow', true, rule, where);
  }
  const [{ fields, start }] = files;
  return {
    kind: 'reader',
    fields,
    start: { file: '', at: start },
    partitions: files.length,
    files: files.map(({ path }) => path),
    open: (context) => new FollowReader(files[context.partition], context, times),
  };
}

function ruleAgainst(path: string, { compression, encoding, lineEnds }: FileFormat): string | undefined {
  if (path === STANDARD_INPUT || isPattern(path))
    return 'left out of standard input, folders and patterns: name the files';
  const isPlain = (compression ?? compressionByName(path)) === 'none' && (encoding ?? 'utf-8') === 'utf-8';
  return isPlain && lineEnds === 'lf' ? undefined : 'left out of files that are compressed, or not UTF-8 with \\n';
}

/** How far a place in a file is. */
const byteOf = (position: unknown): number =>
  typeof position === 'number' ? position : (position as { readonly byte: number }).byte;

const isLost = (error: unknown): boolean => error instanceof MillraceError && error.code === 'INPUT_CHANGED';

class FollowReader<Fields extends Shape, Position> implements SourceReader<TupleOf<Fields>, FollowPlace<Position>> {
  position: FollowPlace<Position>;
  readonly #source: FileSource<Fields, Position>;
  readonly #context: SourceContext<FollowPlace<Position>>;
  readonly #pursuit: Pursuit;
  #file: FollowedFile | undefined;
  /** Of the file in work; undefined until there is something in it. */
  #reader: SourceReader<TupleOf<Fields>, Position> | undefined;

  constructor(source: FileSource<Fields, Position>, context: SourceContext<FollowPlace<Position>>, times: FollowTimes) {
    this.#pursuit = new Pursuit(times);
    this.#source = source;
    this.#context = context;
    this.position = context.position;
    this.#goOn(this.position);
  }

  read(emit: (tuple: TupleOf<Fields>) => void, limit: number): SourceStatus {
    const reader = this.#reader;
    const file = this.#file;
    if (reader === undefined || file === undefined) return 'wait';
    const status = reader.read(emit, limit);
    this.position = { file: file.id, at: reader.position };
    if (status !== 'end') return status;
    reader.close();
    this.#reader = undefined;
    const next = this.#behind(file);
    // What is written in place of what was cut would be taken for the old file's by whoever goes on at the old place.
    if (file.isCut) this.position = next;
    this.#goOn(next);
    return 'wait';
  }

  close(): void {
    this.#pursuit.close();
    this.#reader?.close();
  }

  /** Where to go on when a file has ended: at its beginning if it was cut, or in the one that has its place. */
  #behind({ isCut, id }: FollowedFile): FollowPlace<Position> {
    return { file: isCut ? id : '', at: this.#source.start };
  }

  /** Opens the file of a place, once there is something in it. */
  #goOn(place: FollowPlace<Position>): void {
    this.#open(place).then(
      (reader) => {
        if (this.#pursuit.isClosed) reader?.close();
        else if (reader !== undefined) {
          this.#reader = reader;
          this.#context.wake();
        }
      },
      (error: unknown) => {
        if (!this.#pursuit.isClosed) this.#context.fail(error);
      },
    );
  }

  async #open(place: FollowPlace<Position>): Promise<SourceReader<TupleOf<Fields>, Position> | undefined> {
    for (let next = place; ; ) {
      const { path, start } = this.#source;
      const file = await FollowedFile.find(path, next.file === '' ? undefined : next.file, this.#pursuit);
      if (file === undefined) return undefined;
      this.#file = file;
      try {
        // It was cut while nobody looked.
        const at = (await file.size()) < byteOf(next.at) ? start : next.at;
        return await this.#source.open({ ...this.#context, position: at }, file);
      } catch (error) {
        // A file that has ended without a byte has no header either, and one of which nothing was read may go as it came.
        const isNothing = !file.hasBytes && (file.isReplaced || file.isCut || (next.file === '' && isLost(error)));
        if (!isNothing || this.#pursuit.isClosed) throw error;
        next = this.#behind(file);
        await this.#pursuit.pause();
      }
    }
  }
}
