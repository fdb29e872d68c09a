// The bytes of a file, plain or gzip-compressed, from any offset on.
// Promises: never blocks; the offsets are those of the uncompressed bytes; a descriptor is closed only when no read uses it.
// Every failure is the system's own error: the caller puts the file's name around it.

import * as fs from 'node:fs';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, type ZlibOptions } from 'node:zlib';

/** Bytes that are taken in one piece, one at a time. */
export interface ByteInput {
  /** Reads at least one byte into `into` from `start` up to `end`, and returns how many; 0 at the end of the file. */
  fill(into: Buffer, start: number, end: number): Promise<number>;
  /** Gives the file back, after a fill() under way has ended. */
  close(): void;
}

/** Compressed bytes read at once: inflating them takes about as long as parsing what comes out. */
const COMPRESSED_BYTES = 256 * 1024;
const SKIP_BYTES = 256 * 1024;
/** A limit of zlib's own. */
const ZLIB_CHUNK_BYTES_MIN = 64;

const openFile = promisify(fs.open);
const statFile = promisify(fs.fstat);
const closeFile = promisify(fs.close);

const endsBefore = (size: number, position: number) =>
  new RangeError(`it has ${size} bytes, but reading goes on at byte ${position}: it has changed since`);

/** Opens a file at `position`. Rejects if it cannot be read there. */
export function openInput(path: string, gzip: boolean, position: number, chunkBytes: number): Promise<ByteInput> {
  return gzip ? openGzip(path, position, chunkBytes) : openPlain(path, position);
}

async function openPlain(path: string, position: number): Promise<ByteInput> {
  const descriptor = await openFile(path, 'r');
  let seekable: boolean;
  try {
    const stat = await statFile(descriptor);
    if (stat.isDirectory()) throw new TypeError('it is a directory');
    seekable = stat.isFile();
    if (seekable && stat.size < position) throw endsBefore(stat.size, position);
    if (!seekable && position > 0) {
      throw new TypeError(`it is not a regular file, and cannot be read again from byte ${position}`);
    }
  } catch (cause) {
    await closeFile(descriptor);
    throw cause;
  }
  return new PlainInput(descriptor, seekable, position);
}

class PlainInput implements ByteInput {
  readonly #descriptor: number;
  readonly #seekable: boolean;
  #position: number;
  #reading = false;
  #closed = false;

  constructor(descriptor: number, seekable: boolean, position: number) {
    this.#descriptor = descriptor;
    this.#seekable = seekable;
    this.#position = position;
  }

  fill(into: Buffer, start: number, end: number): Promise<number> {
    this.#reading = true;
    return new Promise((resolve, reject) => {
      const from = this.#seekable ? this.#position : null;
      fs.read(this.#descriptor, into, start, end - start, from, (error, count) => {
        this.#reading = false;
        if (this.#closed) this.#release();
        if (error !== null) return reject(error);
        this.#position += count;
        resolve(count);
      });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#reading) this.#release();
  }

  #release(): void {
    // Nothing was written, so a failing close loses nothing.
    fs.close(this.#descriptor, () => {});
  }
}

async function openGzip(path: string, position: number, chunkBytes: number): Promise<ByteInput> {
  const input = new GzipInput(path, chunkBytes);
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
  readonly #inflated: AsyncIterator<Buffer>;
  readonly #close: () => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, chunkBytes: number) {
    const file = fs.createReadStream(path, { highWaterMark: COMPRESSED_BYTES });
    const options: ZlibOptions & { readableHighWaterMark: number } = {
      chunkSize: Math.max(chunkBytes, ZLIB_CHUNK_BYTES_MIN),
      // What keeps the thread pool inflating while the worker parses. A stream's option, which zlib hands on.
      readableHighWaterMark: 2 * chunkBytes,
    };
    const inflate = createGunzip(options);
    // The iterator reports the failure: pipeline hands it on to `inflate`.
    pipeline(file, inflate, () => {});
    this.#inflated = inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#close = () => {
      inflate.destroy();
      file.destroy();
    };
  }

  async fill(into: Buffer, start: number, end: number): Promise<number> {
    let at = start;
    while (at < end) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#inflated.next();
        if (done) break;
        this.#rest = value;
      }
      const count = this.#rest.copy(into, at, 0, end - at);
      this.#rest = this.#rest.subarray(count);
      at += count;
    }
    return at - start;
  }

  close(): void {
    this.#close();
  }
}
