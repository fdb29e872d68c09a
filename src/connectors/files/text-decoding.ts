// Characters of other encodings as UTF-8, piece by piece.
// Promises: what comes out does not depend on where pieces end; what is no character is U+FFFD.

import { StringDecoder } from 'node:string_decoder';
import type { SourceProgress } from '../../flow/source-progress.ts';
import type { ByteInput } from './byte-input.ts';
import type { Encoding } from './file-format.ts';

/** Windows-1252 from 0x80 to 0x9f; the rest is latin1. The five that it leaves free stand for themselves, as browsers have it. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const OTHERS = /[\x80-\x9f]/g;

/** Bytes of one encoding, one piece after the other. */
interface Decoder {
  write(bytes: Buffer): string;
  /** What is left behind the last piece. */
  end(): string;
}

/** Pairs of bytes that a piece may end in the middle of. */
class Utf16Decoder implements Decoder {
  readonly #decoder = new StringDecoder('utf16le');
  readonly #isBigEndian: boolean;
  #odd: number | undefined;

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian;
  }

  write(bytes: Buffer): string {
    const before = this.#odd === undefined ? 0 : 1;
    const whole = (before + bytes.length) & ~1;
    const pairs = Buffer.allocUnsafe(whole);
    if (before === 1 && whole > 0) pairs[0] = this.#odd as number;
    bytes.copy(pairs, before, 0, whole - before);
    if (before + bytes.length > whole) {
      if (bytes.length > 0) this.#odd = bytes[bytes.length - 1];
    } else this.#odd = undefined;
    return this.#decoder.write(this.#isBigEndian ? pairs.swap16() : pairs);
  }

  end(): string {
    // Half of a pair is no character.
    return this.#decoder.end() + (this.#odd === undefined ? '' : '\ufffd');
  }
}

function decoderOf(encoding: Exclude<Encoding, 'utf-8'>): Decoder {
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return new Utf16Decoder(encoding === 'utf-16be');
  if (encoding === 'latin1') return { write: (bytes) => bytes.toString('latin1'), end: () => '' };
  const character = (other: string): string => WINDOWS_1252[other.charCodeAt(0) - 0x80];
  return { write: (bytes) => bytes.toString('latin1').replace(OTHERS, character), end: () => '' };
}

/** Bytes decoded at once. */
const PIECE_BYTES = 256 * 1024;

/** The text of another input as UTF-8. Its offsets are those of the UTF-8. */
export class DecodedInput implements ByteInput {
  readonly isCuttable = false;
  readonly #input: ByteInput;
  readonly #decoder: Decoder;
  readonly #piece: Buffer;
  #rest = Buffer.alloc(0);
  #ended = false;

  constructor(input: ByteInput, encoding: Exclude<Encoding, 'utf-8'>, chunkBytes: number) {
    this.#input = input;
    this.#decoder = decoderOf(encoding);
    this.#piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, chunkBytes));
  }

  async fill(into: Buffer, start: number, end: number): Promise<number> {
    while (this.#rest.length === 0 && !this.#ended) {
      const count = await this.#input.fill(this.#piece, 0, this.#piece.length);
      this.#ended = count === 0;
      const text = this.#ended ? this.#decoder.end() : this.#decoder.write(this.#piece.subarray(0, count));
      this.#rest = Buffer.from(text);
    }
    const count = this.#rest.copy(into, start, 0, end - start);
    this.#rest = this.#rest.subarray(count);
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
