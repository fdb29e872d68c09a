// A file that a sink writes text to, so that it holds what has been committed exactly once.
// Promises: the position is the file's length in bytes at a commit; what was written behind it is cut off when the file is opened or
// rolled back there. Compressed text is written in members that stand for themselves, one or more a commit, so the same holds.
// Relies on: nobody else writes to the file while the job runs.

import * as fs from 'node:fs';
import { errors } from '../../errors.ts';
import type { SinkContext, SinkWriter } from '../../flow/sink.ts';
import { choice } from '../../options/kinds.ts';
import { compressionByName, compressorOf } from './file-format.ts';

/** Text that is kept before it is written, though its commit is yet to come. */
const BUFFERED_CHARACTERS_MAX = 1024 * 1024;

/** The path of standard output. */
const STANDARD_OUTPUT = '-';
const STANDARD_OUTPUT_DESCRIPTOR = 1;
/** How long to wait for a descriptor that does not block and has no room. */
const AGAIN_MS = 5;

const WRITTEN = ['none', 'gzip', 'zstd'] as const;
type WrittenCompression = (typeof WRITTEN)[number];

export const WRITE_COMPRESSION_OPTION = choice(WRITTEN, {
  help: 'how the file is compressed',
  defaultText: 'by its name: `.gz`, `.zst`',
});

/**
 * How a file is compressed.
 * @throws MillraceError BAD_OPTION if it cannot be
 */
export function writtenCompression(
  path: string,
  compression: WrittenCompression | undefined,
  where: string,
): WrittenCompression {
  const chosen = compression ?? compressionByName(path);
  if (chosen === 'brotli') {
    const rule = 'no file of brotli, which cannot go on behind a commit: name it .gz or .zst, or pass { compression }';
    throw errors.badOption('path', path, rule, where);
  }
  if (chosen !== 'none' && compressorOf(chosen) === undefined) {
    const rule = `'gzip' or 'none' on ${process.version}: zstd needs Node.js 22.15 or 23.8`;
    throw errors.badOption('compression', chosen, rule, where);
  }
  return chosen;
}

/** The paths that a sink of one file writes, as its definition has them: standard output may be anybody's. */
export const filesOf = (path: string): readonly string[] => (path === STANDARD_OUTPUT ? [] : [path]);

/** What makes the text of tuples. */
export interface TextMaker<Tuple> {
  /** The text of a tuple, with its line end. What it throws is the tuple's failure. */
  textOf(tuple: Tuple): string;
  /** What stands before the first tuple of a file. */
  headOf?(tuple: Tuple): string;
}

export class FileWriter<Tuple> implements SinkWriter<Tuple> {
  readonly #maker: TextMaker<Tuple>;
  readonly #operator: string;
  readonly #descriptor: number;
  readonly #isOwned: boolean;
  readonly #compress: ((bytes: Uint8Array) => Buffer) | undefined;
  /** False for pipes and devices, which have neither a length nor positions. */
  readonly #regular: boolean;
  #text = '';
  /** Bytes written, committed or not. */
  #position: number;
  #closed = false;

  constructor(
    path: string,
    compression: WrittenCompression,
    maker: TextMaker<Tuple>,
    { operator, position }: SinkContext,
  ) {
    this.#maker = maker;
    this.#operator = operator;
    this.#position = position;
    this.#compress = compression === 'none' ? undefined : compressorOf(compression);
    this.#isOwned = path !== STANDARD_OUTPUT;
    // At a later position the file must be there: to make a new one would lose what has been committed.
    this.#descriptor = this.#isOwned
      ? this.#attempt(() => fs.openSync(path, position === 0 ? 'w' : 'r+'))
      : STANDARD_OUTPUT_DESCRIPTOR;
    try {
      const stat = this.#attempt(() => fs.fstatSync(this.#descriptor));
      // What standard output leads to may hold more than this job's.
      this.#regular = this.#isOwned && stat.isFile();
      if (this.#regular) this.#cut(position);
      else if (position > 0) throw errors.sinkFailed(operator, new TypeError(NOT_REGULAR));
    } catch (error) {
      if (this.#isOwned) fs.closeSync(this.#descriptor);
      throw error;
    }
  }

  write(tuple: Tuple): void {
    const text = this.#maker.textOf(tuple);
    const isFirst = this.#position === 0 && this.#text === '';
    this.#text += isFirst && this.#maker.headOf !== undefined ? this.#maker.headOf(tuple) + text : text;
    if (this.#text.length >= BUFFERED_CHARACTERS_MAX) this.flush();
  }

  flush(): number {
    if (this.#text === '') return this.#position;
    const plain = Buffer.from(this.#text);
    const bytes = this.#compress === undefined ? plain : this.#compress(plain);
    this.#text = '';
    for (let start = 0; start < bytes.length; ) {
      const from = this.#regular ? this.#position : null;
      const count = this.#attempt(() => writeSome(this.#descriptor, bytes, start, from));
      start += count;
      this.#position += count;
    }
    return this.#position;
  }

  rollback(position: number): void {
    this.#text = '';
    if (position === this.#position) return;
    if (!this.#regular) throw errors.sinkFailed(this.#operator, new TypeError(NOT_REGULAR));
    this.#cut(position);
    this.#position = position;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#text = '';
    // Other programs take a file without a member for one that was cut.
    if (this.#position === 0 && this.#compress !== undefined && this.#regular) this.#writeEmpty(this.#compress);
    if (this.#isOwned) this.#attempt(() => fs.closeSync(this.#descriptor));
  }

  /** Puts a member in the file that holds nothing. The next opening empties it. */
  #writeEmpty(compress: (bytes: Uint8Array) => Buffer): void {
    const bytes = compress(Buffer.alloc(0));
    this.#attempt(() => fs.writeSync(this.#descriptor, bytes, 0, bytes.length, 0));
  }

  #cut(position: number): void {
    const { size } = this.#attempt(() => fs.fstatSync(this.#descriptor));
    // ftruncate would fill the gap with zeros, in place of lines that have been committed.
    if (size < position) {
      const problem = `the file has ${size} bytes, but ${position} have been committed: it has been cut since`;
      throw errors.sinkFailed(this.#operator, new RangeError(problem));
    }
    if (size > position) this.#attempt(() => fs.ftruncateSync(this.#descriptor, position));
  }

  #attempt<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      throw errors.sinkFailed(this.#operator, cause);
    }
  }
}

function writeSome(descriptor: number, bytes: Buffer, start: number, position: number | null): number {
  for (;;) {
    try {
      return fs.writeSync(descriptor, bytes, start, bytes.length - start, position);
    } catch (cause) {
      // Standard output does not block if another thread of the process has said so.
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
    }
  }
}

const NOT_REGULAR = 'it does not write to a regular file, so what was written cannot be taken back';
