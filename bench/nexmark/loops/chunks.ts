// The bytes of a file, plain or gzip-compressed, in chunks that end with a line end.
// Promises: `bytes` and `text` hold the same whole lines, one character a byte; a last line without its end gets one.

import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

function* plainBytes(path: string): Generator<Buffer> {
  const descriptor = openSync(path, 'r');
  try {
    for (;;) {
      const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(descriptor, bytes, 0, CHUNK_BYTES, null);
      if (count === 0) return;
      yield bytes.subarray(0, count);
    }
  } finally {
    closeSync(descriptor);
  }
}

const bytesOf = (path: string): Iterator<Buffer> | AsyncIterator<Buffer> =>
  path.endsWith('.gz')
    ? (createReadStream(path).pipe(createGunzip({ chunkSize: CHUNK_BYTES })) as AsyncIterable<Buffer>)[
        Symbol.asyncIterator
      ]()
    : plainBytes(path);

export class Chunks {
  bytes: Buffer = Buffer.alloc(0);
  text = '';
  readonly #input: Iterator<Buffer> | AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #isOver = false;

  constructor(path: string) {
    this.#input = bytesOf(path);
  }

  /** Takes the next chunk. Resolves to false at the end of the file. */
  async next(): Promise<boolean> {
    while (!this.#isOver) {
      const { done, value } = await this.#input.next();
      this.#isOver = done === true;
      const more = this.#isOver ? this.#lineEnd() : (value as Buffer);
      const bytes = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
      const cut = bytes.lastIndexOf(NEWLINE) + 1;
      this.#rest = bytes.subarray(cut);
      if (cut === 0) continue;
      this.bytes = bytes.subarray(0, cut);
      this.text = this.bytes.latin1Slice(0, cut);
      return true;
    }
    return false;
  }

  #lineEnd(): Buffer {
    return Buffer.from(this.#rest.length === 0 ? '' : '\n');
  }

  /** Closes the file, also before its end. */
  async close(): Promise<void> {
    await this.#input.return?.();
  }
}
