// How the bytes of a file become the bytes of its text: compression, character encoding, line ends.
// Promises: what is not stated is found out from the file's first bytes, so it is the same at each opening of the same file.
// Relies on: file-identity.ts, by which no other file, and no other beginning, takes the place of the one that was opened first.

import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { choice } from '../../options/kinds.ts';

const COMPRESSIONS = ['none', 'gzip', 'zstd', 'brotli'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'latin1', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const LINE_ENDS = ['lf', 'cr'] as const;
type LineEnds = (typeof LINE_ENDS)[number];

export const COMPRESSION_OPTION = choice(COMPRESSIONS, {
  help: 'how the file is compressed',
  defaultText: 'by its first bytes, or else its name: `.gz`, `.zst`, `.br`',
});

export const ENCODING_OPTION = choice(ENCODINGS, {
  help: 'how characters stand in the file',
  defaultText: 'by its byte order mark, or else `utf-8`',
});

export const LINE_ENDS_OPTION = choice(LINE_ENDS, {
  help: 'what ends a line: `lf` for `\\n` or `\\r\\n`, `cr` for `\\r` alone, which is then read as `\\n`, in quotes as well',
  default: 'lf',
});

/** What is known of a file before it is opened; undefined is found out. */
export interface FileFormat {
  readonly compression: Compression | undefined;
  readonly encoding: Encoding | undefined;
  readonly lineEnds: LineEnds;
}

/** As many bytes as it takes to know what is to be found out. */
export const HEAD_BYTES = 4;

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
const UTF_16LE = [0xff, 0xfe];
const UTF_16BE = [0xfe, 0xff];

const beginsWith = (head: Uint8Array, bytes: readonly number[]): boolean => bytes.every((byte, i) => head[i] === byte);

/** True if more bytes may tell something else than `head` does. */
export const isHeadOpen = (head: Uint8Array): boolean =>
  [GZIP, ZSTD, UTF_16LE, UTF_16BE].some(
    (bytes) => head.length < bytes.length && head.every((byte, i) => byte === bytes[i]),
  );

/** How names end. */
const EXTENSIONS: readonly (readonly [string, Exclude<Compression, 'none'>])[] = [
  ['.gz', 'gzip'],
  ['.zst', 'zstd'],
  ['.br', 'brotli'],
];

/** What the name of a file says of its compression. */
export const compressionByName = (path: string): Compression =>
  EXTENSIONS.find(([extension]) => path.toLowerCase().endsWith(extension))?.[1] ?? 'none';

/**
 * What the first bytes of a file say of its compression, and its name where they cannot.
 * @throws TypeError if the name says what the bytes are not
 */
export function compressionOf(head: Uint8Array, path: string): Compression {
  if (beginsWith(head, GZIP)) return 'gzip';
  if (beginsWith(head, ZSTD)) return 'zstd';
  const named = compressionByName(path);
  // A file without a byte holds nothing, whatever its name.
  if (head.length === 0) return 'none';
  if (named === 'none' || named === 'brotli') return named;
  throw new TypeError(
    `its name says ${named}, and its first bytes do not: pass { compression: 'none' } if it is not compressed`,
  );
}

export function encodingOf(head: Uint8Array): Encoding {
  if (beginsWith(head, UTF_16LE)) return 'utf-16le';
  return beginsWith(head, UTF_16BE) ? 'utf-16be' : 'utf-8';
}

/** What the first bytes of a file say that it is in place of plain UTF-8, where options do not say what it is; undefined if nothing. */
export function foreignFormat(head: Uint8Array, { compression, encoding }: FileFormat): string | undefined {
  if (compression === undefined && beginsWith(head, GZIP)) return 'gzip';
  if (compression === undefined && beginsWith(head, ZSTD)) return 'zstd';
  const by = encoding ?? encodingOf(head);
  return by === 'utf-8' ? undefined : by;
}

/** A stream that knows how much of what it was given it has worked off. */
export type Decompressor = Transform & Pick<zlib.Zlib, 'bytesWritten'>;

/** Not in the types of the oldest Node.js that is supported. */
interface Zstd {
  readonly createZstdDecompress?: (options: object) => Decompressor;
  readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer;
}
const { createZstdDecompress, zstdCompressSync } = zlib as Zstd;

const NO_ZSTD = `zstd needs Node.js 22.15 or 23.8, and this is ${process.version}: decompress the file first, or run a newer Node.js`;

/** A limit of zlib's own. */
const ZLIB_CHUNK_BYTES_MIN = 64;

/**
 * The stream that takes the compression away.
 * @throws TypeError if this Node.js has none
 */
export function decompressor(compression: Exclude<Compression, 'none'>, chunkBytes: number): Decompressor {
  const options = {
    chunkSize: Math.max(chunkBytes, ZLIB_CHUNK_BYTES_MIN),
    // What keeps the thread pool inflating while the worker parses. A stream's option, which zlib hands on.
    readableHighWaterMark: 2 * chunkBytes,
  };
  if (compression === 'gzip') return zlib.createGunzip(options);
  if (compression === 'brotli') return zlib.createBrotliDecompress(options);
  if (createZstdDecompress === undefined) throw new TypeError(NO_ZSTD);
  return createZstdDecompress(options);
}

/** What compresses a piece so that pieces one behind the other are a file; undefined if this Node.js has none. */
export const compressorOf = (compression: 'gzip' | 'zstd'): ((bytes: Uint8Array) => Buffer) | undefined =>
  compression === 'gzip' ? (bytes) => zlib.gzipSync(bytes) : zstdCompressSync;
