// A window of bytes that moves over a file: what has been read and not yet taken, in one piece.
// Promises: never blocks; one chunk is read ahead while the window is parsed; bytes that are not taken stay in the window
// when the next chunk comes behind them, without a copy of the chunk itself; a piece of n bytes costs O(n), however long.
// Relies on: only `start` is moved from outside, and only forwards.

import { errors, MillraceError } from '../../errors.ts';
import type { SourceContext, SourceStatus } from '../../flow/source.ts';
import type { SourceProgress } from '../../flow/source-progress.ts';
import { type ByteInput, openInput } from './byte-input.ts';
import type { FileFormat } from './file-format.ts';
import type { LookMemory } from './file-identity.ts';

/** Large enough that waiting for the event loop costs little, small enough to stay in the processor's cache. */
export const CHUNK_BYTES = 1024 * 1024;
/** Room in front of each chunk, for the piece that its predecessor ended in the middle of. */
const HEADROOM_BYTES = 64 * 1024;
/** Room behind each chunk, for the line end that the file's last line may lack. */
const TAIL_BYTES = 1;
const NEWLINE = 10;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

const allocate = (chunkBytes: number) => Buffer.allocUnsafeSlow(HEADROOM_BYTES + chunkBytes + TAIL_BYTES);

/** What of a source's context a file needs. */
type FileContext = Pick<SourceContext, 'wake' | 'fail'>;

/** Which bytes of which file a window moves over. */
export interface FilePart {
  readonly path: string;
  readonly format: FileFormat;
  /** Where it begins. */
  readonly position: number;
  /** Where what is wanted ends, for all that is known: what lies behind is read when it is asked for, and not ahead. */
  readonly end?: number;
  readonly chunkBytes: number;
  /** Keeps what file it was. */
  readonly memory: LookMemory;
}

/** Bytes of a file between two offsets; the end is infinite if it is that of the file. */
export interface FilePiece {
  readonly start: number;
  readonly end: number;
}

export const WHOLE_FILE: FilePiece = { start: 0, end: Number.POSITIVE_INFINITY };

/** What is ahead of a window: the end of the file, a chunk that is on its way, or one that nobody has asked for. */
const AT_END = 0;
const ON_THE_WAY = -1;
const NOT_ASKED_FOR = -2;

export class FileWindow {
  /** The window is bytes[start..end); bytes[end] may be written as well. */
  bytes: Buffer;
  start = HEADROOM_BYTES;
  end = HEADROOM_BYTES;

  readonly #path: string;
  readonly #input: ByteInput;
  readonly #context: FileContext;
  readonly #chunkBytes: number;
  readonly #wantedEnd: number;
  /** The file's byte that bytes[0] would be. */
  #origin: number;
  #spare: Buffer;
  /** Bytes in the spare buffer, or why there are none. */
  #ahead = ON_THE_WAY;
  /** Whether it has been made sure, in front of the end of the file, that it is still the same. */
  #check: 'none' | 'on the way' | 'done' = 'none';
  #waited = false;
  #closed = false;
  #lineEnded = false;

  /**
   * @throws MillraceError (as a rejection) INPUT_FILE if the file cannot be read at `position`, INPUT_CHANGED if it is not the one
   * that was opened first
   */
  static async open(part: FilePart, context: FileContext): Promise<FileWindow> {
    const { path, format, position, chunkBytes, memory } = part;
    let input: ByteInput | undefined;
    try {
      input = await openInput(path, format, position, chunkBytes, memory);
      const window = new FileWindow(part, input, context);
      // The first chunk belongs to opening: a corrupt file is found here, and the first read() has data.
      window.#ahead = await input.fill(window.#spare, HEADROOM_BYTES, HEADROOM_BYTES + chunkBytes);
      return window;
    } catch (cause) {
      input?.close();
      throw failureOf(path, cause);
    }
  }

  private constructor({ path, position, end, chunkBytes }: FilePart, input: ByteInput, context: FileContext) {
    this.#path = path;
    this.#input = input;
    this.#context = context;
    this.#chunkBytes = chunkBytes;
    this.#wantedEnd = end ?? Number.POSITIVE_INFINITY;
    this.#origin = position - this.start;
    this.bytes = allocate(chunkBytes);
    this.#spare = allocate(chunkBytes);
  }

  /** Where the window starts in the file: at its end at the latest, also behind a line end that endLine() has put there. */
  get position(): number {
    return this.#origin + (this.#lineEnded && this.start === this.end ? this.start - 1 : this.start);
  }

  /** Puts the next chunk behind the window's bytes: done, not there yet (wake() will be called), or there is none. */
  extend(): SourceStatus {
    if (this.#ahead === AT_END) return 'end';
    if (this.#ahead === NOT_ASKED_FOR) this.#fill(this.end - this.start);
    if (this.#ahead < 0) {
      this.#waited = true;
      return 'wait';
    }
    const kept = this.end - this.start;
    const chunk = this.#spare;
    const count = this.#ahead;
    this.#spare = this.bytes;
    let start = HEADROOM_BYTES - kept;
    if (start >= 0) {
      this.bytes.copy(chunk, start, this.start, this.end);
      this.bytes = chunk;
    } else {
      start = 0;
      const joined = Buffer.allocUnsafeSlow(kept + count + TAIL_BYTES);
      this.bytes.copy(joined, 0, this.start, this.end);
      chunk.copy(joined, kept, HEADROOM_BYTES, HEADROOM_BYTES + count);
      this.bytes = joined;
    }
    this.#origin += this.start - start;
    this.start = start;
    this.end = start + kept + count;
    if (this.#origin + this.end >= this.#wantedEnd) this.#ahead = NOT_ASKED_FOR;
    else this.#fill(kept);
    return 'more';
  }

  /** At the end of the file: puts the line end behind its last line that it may lack. */
  endLine(): void {
    if (this.start === this.end || this.bytes[this.end - 1] === NEWLINE) return;
    this.bytes[this.end++] = NEWLINE;
    this.#lineEnded = true;
  }

  /** At the start of the file, and with more than two bytes in the window or a line end: leaves a byte order mark out. */
  skipByteOrderMark(): void {
    const { bytes, start } = this;
    if (this.position > 0 || this.end - start < BYTE_ORDER_MARK.length) return;
    if (BYTE_ORDER_MARK.every((byte, i) => bytes[start + i] === byte)) this.start += BYTE_ORDER_MARK.length;
  }

  /** Ends in front of the end of the file: `'end'` once it is clear that it is still the file that was opened first. */
  leave(): SourceStatus {
    if (this.#check === 'done') return 'end';
    this.#waited = true;
    if (this.#check === 'none') {
      this.#check = 'on the way';
      this.#tell(this.#input.check(), () => {
        this.#check = 'done';
      });
    }
    return 'wait';
  }

  /**
   * How far it has come between two offsets of a file that can be read from its middle; of any other, in the whole of it: by the file's
   * own bytes, of which those count whose text has been taken.
   */
  progress({ start, end }: FilePiece = WHOLE_FILE): SourceProgress | undefined {
    const { position } = this;
    const read = this.#input.progress?.();
    if (read === undefined) return undefined;
    if (!this.#input.isCuttable) {
      const produced = this.#origin + this.end + Math.max(0, this.#ahead);
      return { done: produced === 0 ? 0 : (read.done * position) / produced, total: read.total };
    }
    const total = Math.max(0, Math.min(end, read.total) - start);
    // The last piece also has what the file grows by. The record at the end of any other goes on behind it.
    const done = Math.max(0, position - start);
    return { done: end === Number.POSITIVE_INFINITY ? done : Math.min(done, total), total };
  }

  close(): void {
    this.#closed = true;
    this.#input.close();
  }

  #fill(kept: number): void {
    // A piece that is longer than a chunk is joined from chunks as long as itself, or joining would be quadratic.
    const chunkBytes = Math.max(this.#chunkBytes, kept);
    if (this.#spare.length !== HEADROOM_BYTES + chunkBytes + TAIL_BYTES) this.#spare = allocate(chunkBytes);
    this.#ahead = ON_THE_WAY;
    const filled = this.#input.fill(this.#spare, HEADROOM_BYTES, HEADROOM_BYTES + chunkBytes);
    this.#tell(filled, (count) => {
      this.#ahead = count;
    });
  }

  /** Hands on what a promise resolves to, and wakes who waits for it; fails the job with what it rejects with. */
  #tell<Result>(promise: Promise<Result>, take: (result: Result) => void): void {
    promise.then(
      (result) => {
        take(result);
        if (!this.#waited || this.#closed) return;
        this.#waited = false;
        this.#context.wake();
      },
      (cause) => {
        if (!this.#closed) this.#context.fail(failureOf(this.#path, cause));
      },
    );
  }
}

/** A failure of the system with the file's name around it. */
export const failureOf = (path: string, cause: unknown): MillraceError =>
  cause instanceof MillraceError ? cause : errors.inputFile(path, cause);
