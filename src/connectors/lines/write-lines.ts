// The sink that writes a line of text per tuple to a file.
// Promises: the position is the file's length in bytes at a commit; what was written behind it is cut off when the sink is
// opened or rolled back there, so the file holds each committed line once.
// Relies on: nobody else writes to the file while the job runs.

import * as fs from 'node:fs';
import { errors } from '../../errors.ts';
import type { SinkContext, SinkDefinition, SinkWriter } from '../../flow/sink.ts';
import { refuseDeferred } from '../../mailbox/deferred.ts';
import { refuseSurplus } from '../../surplus.ts';
import { checkPath } from '../source-options.ts';

/** Text that is kept before it is written, though its commit is yet to come. */
const BUFFERED_CHARACTERS_MAX = 1024 * 1024;
const WHERE = 'writeLines()';

/**
 * Writes one line per tuple, in UTF-8 and with `\n` behind it. The file is emptied when the job starts, and cut to the last
 * commit after a crash: each line is in it exactly once. What is not a regular file (a pipe, a device) takes lines as well, but
 * cannot be cut, so a crash fails the job instead.
 * @param path of the file, relative to the working directory
 * @param toLine makes the line of a tuple; what it throws is the tuple's failure, not the file's
 * @throws MillraceError BAD_OPTION at once; while it runs SINK_FAILED if the file cannot be written
 */
export function writeLines<Tuple>(
  path: string,
  toLine: (tuple: Tuple) => string,
  ...surplus: readonly never[]
): SinkDefinition<Tuple> {
  refuseSurplus('writeLines(path, toLine)', 2, surplus);
  checkPath(path, WHERE);
  if (typeof toLine !== 'function')
    throw errors.badOption('toLine', toLine, 'a function from a tuple to its line', WHERE);
  return { files: [path], open: (context) => new LineWriter(path, toLine, context) };
}

class LineWriter<Tuple> implements SinkWriter<Tuple> {
  readonly #toLine: (tuple: Tuple) => string;
  readonly #operator: string;
  readonly #descriptor: number;
  /** False for pipes and devices, which have neither a length nor positions. */
  readonly #regular: boolean;
  #text = '';
  /** Bytes written, committed or not. */
  #position: number;
  #closed = false;

  constructor(path: string, toLine: (tuple: Tuple) => string, { operator, position }: SinkContext) {
    this.#toLine = toLine;
    this.#operator = operator;
    this.#position = position;
    // At a later position the file must be there: to make a new one would lose what has been committed.
    this.#descriptor = this.#attempt(() => fs.openSync(path, position === 0 ? 'w' : 'r+'));
    try {
      const stat = this.#attempt(() => fs.fstatSync(this.#descriptor));
      this.#regular = stat.isFile();
      if (this.#regular) this.#cut(position);
      else if (position > 0) throw errors.sinkFailed(operator, new TypeError(NOT_REGULAR));
    } catch (error) {
      fs.closeSync(this.#descriptor);
      throw error;
    }
  }

  write(tuple: Tuple): void {
    const line = this.#toLine(tuple);
    refuseDeferred(this.#operator, line);
    if (typeof line !== 'string')
      throw errors.badValue(this.#operator, 'line', line, 'the result of toLine', 'a string');
    this.#text += `${line}\n`;
    if (this.#text.length >= BUFFERED_CHARACTERS_MAX) this.flush();
  }

  flush(): number {
    if (this.#text === '') return this.#position;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    for (let start = 0; start < bytes.length; ) {
      const from = this.#regular ? this.#position : null;
      const count = this.#attempt(() => fs.writeSync(this.#descriptor, bytes, start, bytes.length - start, from));
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
    this.#attempt(() => fs.closeSync(this.#descriptor));
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

const NOT_REGULAR = 'it does not write to a regular file, so what was written cannot be taken back';
