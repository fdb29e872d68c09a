// The bytes of a file, plain or gzip-compressed, from any offset on.
// Promises: never blocks; the offsets are those of the uncompressed bytes; a descriptor is closed only when no read uses it. A
// regular file is the one that was opened first, at each opening and at its end (file-identity.ts).
// Every other failure is the system's own error: the caller puts the file's name around it.

import * as fs from 'node:fs';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, type Gunzip, type ZlibOptions } from 'node:zlib';
import { FileIdentity, type LookMemory } from './file-identity.ts';

/** Bytes that are taken in one piece, one at a time. */
export interface ByteInput {
  /** Reads at least one byte into `into` from `start` up to `end`, and returns how many; 0 at the end of the file. */
  fill(into: Buffer, start: number, end: number): Promise<number>;
  /** Rejects if it is not the file any more that was opened first. */
  check(): Promise<void>;
  /** Gives the file back, after a fill() under way has ended. */
  close(): void;
}

/** Compressed bytes read at once: inflating them takes about as long as parsing what comes out. */
const COMPRESSED_BYTES = 256 * 1024;
const SKIP_BYTES = 256 * 1024;
/** A limit of zlib's own. */
const ZLIB_CHUNK_BYTES_MIN = 64;

const openFile = promisify(fs.open);
const readFile = promisify(fs.read);
const statFile = promisify(fs.fstat);
const closeFile = promisify(fs.close);

const endsBefore = (size: number, position: number) =>
  new RangeError(`it has ${size} bytes, but reading goes on at byte ${position}: it has changed since`);

/**
 * Opens a file at `position`. Rejects if it cannot be read there.
 * @param memory keeps what file it was
 */
export async function openInput(
  path: string,
  gzip: boolean,
  position: number,
  chunkBytes: number,
  memory: LookMemory,
): Promise<ByteInput> {
  const file = await OpenFile.open(path, memory);
  try {
    if (!file.isRegular && position > 0) {
      throw new TypeError(`it is not a regular file, and cannot be read again from byte ${position}`);
    }
    if (gzip) return await openGzip(file, position, chunkBytes);
    await file.check(position);
    const size = await file.size();
    if (file.isRegular && size < position) throw endsBefore(size, position);
    return new PlainInput(file, position);
  } catch (cause) {
    file.close();
    throw cause;
  }
}

/** A descriptor, and whether its file is still the same. */
class OpenFile {
  readonly descriptor: number;
  /** Undefined for pipes and devices, which are read once and in order. */
  readonly #identity: FileIdentity | undefined;
  #uses = 0;
  #closed = false;

  static async open(path: string, memory: LookMemory): Promise<OpenFile> {
    const descriptor = await openFile(path, 'r');
    try {
      const stat = await statFile(descriptor);
      if (stat.isDirectory()) throw new TypeError('it is a directory');
      return new OpenFile(descriptor, stat.isFile() ? new FileIdentity(path, memory) : undefined);
    } catch (cause) {
      await closeFile(descriptor);
      throw cause;
    }
  }

  private constructor(descriptor: number, identity: FileIdentity | undefined) {
    this.descriptor = descriptor;
    this.#identity = identity;
  }

  get isRegular(): boolean {
    return this.#identity !== undefined;
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
    if (this.#closed && this.#uses === 0) fs.close(this.descriptor, () => {});
  }
}

class PlainInput implements ByteInput {
  readonly #file: OpenFile;
  #position: number;

  constructor(file: OpenFile, position: number) {
    this.#file = file;
    this.#position = position;
  }

  fill(into: Buffer, start: number, end: number): Promise<number> {
    const file = this.#file;
    return file.use(async () => {
      const from = file.isRegular ? this.#position : null;
      const { bytesRead } = await readFile(file.descriptor, into, start, end - start, from);
      if (bytesRead === 0) await file.check(this.#position);
      this.#position += bytesRead;
      return bytesRead;
    });
  }

  check(): Promise<void> {
    return this.#file.check(this.#position);
  }

  close(): void {
    this.#file.close();
  }
}

async function openGzip(file: OpenFile, position: number, chunkBytes: number): Promise<ByteInput> {
  await file.check(0);
  const input = new GzipInput(file, chunkBytes);
  try {
    const skipped = Buffer.allocUnsafe(SKIP_BYTES);
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

class GzipInput implements ByteInput {
  readonly #file: OpenFile;
  readonly #inflated: AsyncIterator<Buffer>;
  readonly #inflate: Gunzip;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: OpenFile, chunkBytes: number) {
    this.#file = file;
    const options: ZlibOptions & { readableHighWaterMark: number } = {
      chunkSize: Math.max(chunkBytes, ZLIB_CHUNK_BYTES_MIN),
      // What keeps the thread pool inflating while the worker parses. A stream's option, which zlib hands on.
      readableHighWaterMark: 2 * chunkBytes,
    };
    const inflate = createGunzip(options);
    this.#inflate = inflate;
    // The iterator reports the failure: pipeline hands it on to `inflate`.
    pipeline(compressedBytes(file), inflate, () => {});
    this.#inflated = inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async fill(into: Buffer, start: number, end: number): Promise<number> {
    let at = start;
    while (at < end) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#next();
        if (done) break;
        this.#rest = value;
      }
      const count = this.#rest.copy(into, at, 0, end - at);
      this.#rest = this.#rest.subarray(count);
      at += count;
    }
    if (at === start) await this.#file.check(0);
    return at - start;
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
      throw cause;
    }
  }

  close(): void {
    this.#inflate.destroy();
    this.#file.close();
  }
}

/** A stream of a descriptor of its own would close it while it is being looked at. */
async function* compressedBytes(file: OpenFile): AsyncGenerator<Buffer> {
  for (let at = 0; !file.isClosed; ) {
    const bytes = Buffer.allocUnsafeSlow(COMPRESSED_BYTES);
    const from = file.isRegular ? at : null;
    const { bytesRead } = await file.use(() => readFile(file.descriptor, bytes, 0, COMPRESSED_BYTES, from));
    if (bytesRead === 0) return;
    at += bytesRead;
    yield bytes.subarray(0, bytesRead);
  }
}
