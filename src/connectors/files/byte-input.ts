// The bytes of a file's text in UTF-8, whatever its format, from any offset on.
// Promises: never blocks; the offsets are those of the bytes that come out; a descriptor is closed only when no read uses it. A
// regular file is the one that was opened first, at each opening and at its end (file-identity.ts).
// Every other failure is the system's own error: the caller puts the file's name around it.

import * as fs from 'node:fs';
import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { SourceProgress } from '../../flow/source-progress.ts';
import {
  type Compression,
  compressionOf,
  type Decompressor,
  decompressor,
  encodingOf,
  type FileFormat,
  HEAD_BYTES,
  isHeadOpen,
} from './file-format.ts';
import { FileIdentity, type LookMemory } from './file-identity.ts';
import { DecodedInput } from './text-decoding.ts';

/** Bytes that are taken in one piece, one at a time. */
export interface ByteInput {
  /** True if any offset can be come to without what is before it. */
  readonly isCuttable: boolean;
  /** Reads at least one byte into `into` from `start` up to `end`, and returns how many; 0 at the end of the file. */
  fill(into: Buffer, start: number, end: number): Promise<number>;
  /** How many of the file's own bytes have been taken, of how many; undefined where there is no end to be known. */
  progress?(): SourceProgress | undefined;
  /** Rejects if it is not the file any more that was opened first. */
  check(): Promise<void>;
  /** Gives the file back, after a fill() under way has ended. */
  close(): void;
}

/** Compressed bytes read at once: inflating them takes about as long as parsing what comes out. */
const COMPRESSED_BYTES = 256 * 1024;
const SKIP_BYTES = 256 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/** The path of standard input. */
export const STANDARD_INPUT = '-';
const STANDARD_INPUT_DESCRIPTOR = 0;
/** How long to wait for a descriptor that does not block and has nothing yet. */
const AGAIN_MS = 5;

const openFile = promisify(fs.open);
const readBytes = promisify(fs.read);
const statFile = promisify(fs.fstat);
const closeFile = promisify(fs.close);

const endsBefore = (size: number, position: number) =>
  new RangeError(`it has ${size} bytes, but reading goes on at byte ${position}: it has changed since`);

async function readFile(
  descriptor: number,
  into: Buffer,
  start: number,
  count: number,
  position: number | null,
): Promise<number> {
  for (;;) {
    try {
      return (await readBytes(descriptor, into, start, count, position)).bytesRead;
    } catch (cause) {
      // Standard input does not block if another thread of the process has said so.
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
      await sleep(AGAIN_MS);
    }
  }
}

/**
 * Opens a file at `position`. Rejects if it cannot be read there.
 * @param memory keeps what file it was
 */
export async function openInput(
  path: string,
  format: FileFormat,
  position: number,
  chunkBytes: number,
  memory: LookMemory,
): Promise<ByteInput> {
  if (memory.input !== undefined) return memory.input(position, format);
  const file = await OpenFile.open(path, memory);
  try {
    if (!file.isRegular && position > 0) {
      throw new TypeError(`it is not a regular file, and cannot be read again from byte ${position}`);
    }
    const input = await textOf(file, path, format, position, chunkBytes);
    return format.lineEnds === 'cr' ? new ReturnInput(input) : input;
  } catch (cause) {
    file.close();
    throw cause;
  }
}

/** The input of the file's text, at `position` of it. */
async function textOf(
  file: OpenFile,
  path: string,
  { compression, encoding }: FileFormat,
  position: number,
  chunkBytes: number,
): Promise<ByteInput> {
  const isToBeFound = compression === undefined || encoding === undefined;
  const head = isToBeFound ? await file.head() : Buffer.alloc(0);
  const by = compression ?? compressionOf(head, path);
  if (by === 'none') {
    const from = encoding ?? encodingOf(head);
    const isUtf8 = from === 'utf-8';
    await file.check(isUtf8 ? position : 0);
    const size = await file.size();
    if (isUtf8 && file.isRegular && size < position) throw endsBefore(size, position);
    const raw = new PlainInput(file, isUtf8 ? position : 0);
    const plain = file.isRegular || head.length === 0 ? raw : new HeadedInput(raw, head, false);
    return isUtf8 ? plain : await skipTo(new DecodedInput(plain, from, chunkBytes), position);
  }
  await file.check(0);
  const inflated = new InflatedInput(file, file.isRegular ? Buffer.alloc(0) : head, by, chunkBytes);
  const headed = encoding === undefined ? await HeadedInput.peekInto(inflated) : undefined;
  const from = encoding ?? encodingOf((headed as HeadedInput).head);
  const plain = headed ?? inflated;
  return skipTo(from === 'utf-8' ? plain : new DecodedInput(plain, from, chunkBytes), position);
}

/** The input, behind its first `position` bytes. */
async function skipTo(input: ByteInput, position: number): Promise<ByteInput> {
  try {
    const skipped = position > 0 ? Buffer.allocUnsafe(SKIP_BYTES) : Buffer.alloc(0);
    for (let at = 0; at < position; ) {
      const count = await input.fill(skipped, 0, Math.min(SKIP_BYTES, position - at));
      if (count === 0) throw endsBefore(at, position);
      at += count;
    }
  } catch (cause) {
    input.close();
    throw cause;
  }
  return input;
}

/** A descriptor, and whether its file is still the same. */
class OpenFile {
  readonly descriptor: number;
  /** False for standard input, which is the process's. */
  readonly #isOwned: boolean;
  /** Undefined for pipes and devices, which are read once and in order. */
  readonly #identity: FileIdentity | undefined;
  /** When it was opened. */
  readonly #bytes: number;
  #uses = 0;
  #closed = false;

  static async open(path: string, memory: LookMemory): Promise<OpenFile> {
    const descriptor = path === STANDARD_INPUT ? STANDARD_INPUT_DESCRIPTOR : await openFile(path, 'r');
    try {
      const stat = await statFile(descriptor);
      if (stat.isDirectory()) throw new TypeError(`it is a directory: write '${path}/' for the files in it`);
      return new OpenFile(
        descriptor,
        path !== STANDARD_INPUT,
        stat.isFile() ? new FileIdentity(path, memory) : undefined,
        stat.size,
      );
    } catch (cause) {
      if (path !== STANDARD_INPUT) await closeFile(descriptor);
      throw cause;
    }
  }

  private constructor(descriptor: number, isOwned: boolean, identity: FileIdentity | undefined, bytes: number) {
    this.descriptor = descriptor;
    this.#isOwned = isOwned;
    this.#identity = identity;
    this.#bytes = bytes;
  }

  get isRegular(): boolean {
    return this.#identity !== undefined;
  }

  /** What it is to have read so many bytes of it. */
  progress(done: number): SourceProgress | undefined {
    return this.isRegular ? { done, total: this.#bytes } : undefined;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Makes sure that it is the file that was opened first, and holds what has been read of it. */
  async check(readBytes: number): Promise<void> {
    await this.use(async () => this.#identity?.check(this.descriptor, readBytes));
  }

  async size(): Promise<number> {
    return (await this.use(() => statFile(this.descriptor))).size;
  }

  /** The file's first bytes, which are taken from what is no regular file. */
  async head(): Promise<Buffer> {
    return await this.use(async () => {
      const head = Buffer.alloc(HEAD_BYTES);
      let count = 0;
      while (count < HEAD_BYTES && (this.isRegular || isHeadOpen(head.subarray(0, count)))) {
        const from = this.isRegular ? count : null;
        const bytes = await readFile(this.descriptor, head, count, HEAD_BYTES - count, from);
        if (bytes === 0) break;
        count += bytes;
      }
      return head.subarray(0, count);
    });
  }

  /** The descriptor stays open until `action` has ended. Rejects once it is closed: another file may have its number. */
  async use<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('it has been closed');
    this.#uses++;
    try {
      return await action();
    } finally {
      this.#uses--;
      this.#releaseIfUnused();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#releaseIfUnused();
  }

  #releaseIfUnused(): void {
    // Nothing was written, so a failing close loses nothing.
    if (this.#closed && this.#uses === 0 && this.#isOwned) fs.close(this.descriptor, () => {});
  }
}

class PlainInput implements ByteInput {
  readonly isCuttable: boolean;
  readonly #file: OpenFile;
  #position: number;

  constructor(file: OpenFile, position: number) {
    this.isCuttable = file.isRegular;
    this.#file = file;
    this.#position = position;
  }

  fill(into: Buffer, start: number, end: number): Promise<number> {
    const file = this.#file;
    return file.use(async () => {
      const from = file.isRegular ? this.#position : null;
      const bytesRead = await readFile(file.descriptor, into, start, end - start, from);
      if (bytesRead === 0) await file.check(this.#position);
      this.#position += bytesRead;
      return bytesRead;
    });
  }

  progress(): SourceProgress | undefined {
    return this.#file.progress(this.#position);
  }

  check(): Promise<void> {
    return this.#file.check(this.#position);
  }

  close(): void {
    this.#file.close();
  }
}

/** An input whose first bytes have been taken already. */
class HeadedInput implements ByteInput {
  readonly isCuttable = false;
  readonly #input: ByteInput;
  readonly #fillsUp: boolean;
  #head: Buffer;

  /** Takes the first bytes of an input, to be looked at. */
  static async peekInto(input: ByteInput): Promise<HeadedInput> {
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      let count = 0;
      while (count < HEAD_BYTES) {
        const bytes = await input.fill(head, count, HEAD_BYTES);
        if (bytes === 0) break;
        count += bytes;
      }
      return new HeadedInput(input, head.subarray(0, count), true);
    } catch (cause) {
      input.close();
      throw cause;
    }
  }

  /** @param fillsUp whether a piece with the first bytes has more of the input, if there is room: a pipe may have no more yet */
  constructor(input: ByteInput, head: Buffer, fillsUp: boolean) {
    this.#fillsUp = fillsUp;
    this.#input = input;
    this.#head = head;
  }

  get head(): Buffer {
    return this.#head;
  }

  async fill(into: Buffer, start: number, end: number): Promise<number> {
    if (this.#head.length === 0) return this.#input.fill(into, start, end);
    const count = this.#head.copy(into, start, 0, end - start);
    this.#head = this.#head.subarray(count);
    if (!this.#fillsUp || start + count === end) return count;
    return count + (await this.#input.fill(into, start + count, end));
  }

  progress(): SourceProgress | undefined {
    return this.#input.progress?.();
  }

  check(): Promise<void> {
    return this.#input.check();
  }

  close(): void {
    this.#input.close();
  }
}

/** An input whose lines end with a return. */
class ReturnInput implements ByteInput {
  readonly isCuttable: boolean;
  readonly #input: ByteInput;

  constructor(input: ByteInput) {
    this.isCuttable = input.isCuttable;
    this.#input = input;
  }

  async fill(into: Buffer, start: number, end: number): Promise<number> {
    const count = await this.#input.fill(into, start, end);
    const bytes = into.subarray(start, start + count);
    for (let at = bytes.indexOf(RETURN); at >= 0; at = bytes.indexOf(RETURN, at + 1)) bytes[at] = NEWLINE;
    return count;
  }

  progress(): SourceProgress | undefined {
    return this.#input.progress?.();
  }

  check(): Promise<void> {
    return this.#input.check();
  }

  close(): void {
    this.#input.close();
  }
}

class InflatedInput implements ByteInput {
  readonly isCuttable = false;
  readonly #file: OpenFile;
  readonly #inflated: AsyncIterator<Buffer>;
  readonly #inflate: Decompressor;
  readonly #compression: Compression;
  #rest: Buffer = Buffer.alloc(0);
  /** True once something has come out. */
  #isBegun = false;

  /** @param head bytes of the file that have been taken already */
  constructor(file: OpenFile, head: Buffer, compression: Exclude<Compression, 'none'>, chunkBytes: number) {
    this.#file = file;
    this.#compression = compression;
    const inflate = decompressor(compression, chunkBytes);
    this.#inflate = inflate;
    // The iterator reports the failure: pipeline hands it on to `inflate`.
    pipeline(compressedBytes(file, head), inflate, () => {});
    this.#inflated = inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async fill(into: Buffer, start: number, end: number): Promise<number> {
    let at = start;
    while (at < end) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#next();
        if (done) break;
        this.#rest = value;
        this.#isBegun = true;
      }
      const count = this.#rest.copy(into, at, 0, end - at);
      this.#rest = this.#rest.subarray(count);
      at += count;
    }
    if (at === start) await this.#file.check(0);
    return at - start;
  }

  progress(): SourceProgress | undefined {
    // Of the bytes that were handed to it, those that it has worked off.
    return this.#file.progress(this.#inflate.bytesWritten);
  }

  check(): Promise<void> {
    return this.#file.check(0);
  }

  async #next(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#inflated.next();
    } catch (cause) {
      // Of a file that was cut or replaced, no matter what zlib makes of it.
      await this.#file.check(0);
      throw this.#isBegun ? cause : notCompressed(this.#compression, cause as Error);
    }
  }

  close(): void {
    this.#inflate.destroy();
    this.#file.close();
  }
}

/** What an end that comes too early is told by: such a file may well have been begun as it should. */
const CUT = /unexpected end/;

function notCompressed(compression: Compression, cause: Error): Error {
  if (CUT.test(cause.message)) return cause;
  const remedy = "leave `compression` out where that is told by the file, or pass { compression: 'none' }";
  return new TypeError(`it does not begin as ${compression} does (${cause.message}): ${remedy}`, { cause });
}

/** A stream of a descriptor of its own would close it while it is being looked at. */
async function* compressedBytes(file: OpenFile, head: Buffer): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let at = 0; !file.isClosed; ) {
    const bytes = Buffer.allocUnsafeSlow(COMPRESSED_BYTES);
    const from = file.isRegular ? at : null;
    const bytesRead = await file.use(() => readFile(file.descriptor, bytes, 0, COMPRESSED_BYTES, from));
    if (bytesRead === 0) return;
    at += bytesRead;
    yield bytes.subarray(0, bytesRead);
  }
}
