// A file that is followed: its bytes as they are appended, until another file has its place or it is cut.
// Promises: at its end it waits instead of ending. It ends once its path leads to another file and nothing has been appended for a
// while, since who writes may hold the old file for some time; and once it is shorter than what was read, or begins with other bytes.
// Relies on: device and inode telling files apart while one is open. A file that was renamed is found in its folder.

import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errors } from '../../errors.ts';
import type { ByteInput } from './byte-input.ts';
import { type FileFormat, HEAD_BYTES as FORMAT_BYTES, foreignFormat } from './file-format.ts';
import type { LookMemory } from './file-identity.ts';

/** How patiently a file is followed. */
export interface FollowTimes {
  /** How long to wait at the end of a file before looking again. */
  readonly lookEveryMs: number;
  /** How long a file that another one has taken the place of must have been silent. */
  readonly silenceMs: number;
}

export const FOLLOW_TIMES: FollowTimes = { lookEveryMs: 100, silenceMs: 1000 };

/** Bytes at the beginning by which a file that was cut and has grown again is found out. */
const HEAD_BYTES = 256;

const openFile = promisify(fs.open);
const readBytes = promisify(fs.read);
const statFile = promisify(fs.fstat);
const statPath = promisify(fs.stat);
const closeFile = promisify(fs.close);
const listFolder = promisify(fs.readdir);

/** Device and inode. */
const idOf = ({ dev, ino }: fs.Stats): string => `${dev}:${ino}`;

const idAt = (path: string): Promise<string | undefined> => statPath(path).then(idOf, () => undefined);

/** What goes on until it is closed. */
export class Pursuit {
  readonly times: FollowTimes;
  isClosed = false;
  #end = (): void => {};

  constructor(times: FollowTimes) {
    this.times = times;
  }

  close(): void {
    this.isClosed = true;
    this.#end();
  }

  /** Waits until it is time to look again, or it is closed. */
  pause(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.times.lookEveryMs);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

export class FollowedFile implements LookMemory {
  readonly id: string;
  /** True once it is shorter than it was, or begins with other bytes: it is to be read from its beginning. */
  isCut = false;
  /** True once something was in it. */
  hasBytes = false;
  /** True once another file has its place, and it is silent. */
  isReplaced = false;
  readonly #path: string;
  readonly #pursuit: Pursuit;

  /**
   * The file that is at a path now, or comes there; or a certain one, wherever in its folder it is by now. Resolves to undefined if it
   * is closed before there is one.
   * @throws MillraceError (as a rejection) INPUT_CHANGED if that one is not there any more
   */
  static async find(path: string, id: string | undefined, pursuit: Pursuit): Promise<FollowedFile | undefined> {
    for (;;) {
      if (pursuit.isClosed) return undefined;
      const found = await idAt(path);
      const wanted = id ?? found;
      if (wanted !== undefined) {
        const file = new FollowedFile(path, wanted, pursuit);
        // It may be renamed between two looks, but not for ever.
        if ((await file.#whereabouts()) !== undefined) return file;
        if (id !== undefined) throw errors.followedLost(path, id);
      }
      await pursuit.pause();
    }
  }

  private constructor(path: string, id: string, pursuit: Pursuit) {
    this.#path = path;
    this.id = id;
    this.#pursuit = pursuit;
  }

  /** Its bytes from a position on. */
  async input(position: number, format: FileFormat): Promise<ByteInput> {
    const descriptor = await this.#open();
    const { size } = await statFile(descriptor);
    if (size > 0) this.hasBytes = true;
    if (size < position) this.isCut = true;
    return new FollowedInput(this, this.#path, this.#pursuit, descriptor, position, format);
  }

  /** Bytes that it has. */
  async size(): Promise<number> {
    const descriptor = await this.#open();
    try {
      return (await statFile(descriptor)).size;
    } finally {
      await closeFile(descriptor);
    }
  }

  kept(): undefined {}
  keep(): boolean {
    return true;
  }
  grow(): void {}

  async #open(): Promise<number> {
    const path = await this.#whereabouts();
    if (path === undefined) throw errors.followedLost(this.#path, this.id);
    const descriptor = await openFile(path, 'r');
    if (idOf(await statFile(descriptor)) === this.id) return descriptor;
    // It was renamed just now.
    await closeFile(descriptor);
    return await this.#open();
  }

  /** Where it is: at its path, or beside it under another name, which mostly begins with its own. */
  async #whereabouts(): Promise<string | undefined> {
    if ((await idAt(this.#path)) === this.id) return this.#path;
    const folder = dirname(this.#path);
    const names = await listFolder(folder).catch(() => []);
    const isLikely = (name: string): boolean => name.startsWith(basename(this.#path));
    for (const name of [...names.filter(isLikely), ...names.filter((each) => !isLikely(each))]) {
      const path = join(folder, name);
      if ((await idAt(path)) === this.id) return path;
    }
    return (await idAt(this.#path)) === this.id ? this.#path : undefined;
  }
}

class FollowedInput implements ByteInput {
  readonly isCuttable = false;
  readonly #file: FollowedFile;
  readonly #path: string;
  readonly #pursuit: Pursuit;
  readonly #descriptor: number;
  readonly #format: FileFormat;
  #position: number;
  #head: Buffer | undefined;
  #isAtEnd = false;
  /** Since when another file has been at its path, and nothing has come. */
  #silentSinceMs: number | undefined;
  #isClosed = false;
  #isReading = false;

  constructor(
    file: FollowedFile,
    path: string,
    pursuit: Pursuit,
    descriptor: number,
    position: number,
    format: FileFormat,
  ) {
    this.#format = format;
    this.#file = file;
    this.#path = path;
    this.#pursuit = pursuit;
    this.#descriptor = descriptor;
    this.#position = position;
  }

  async fill(into: Buffer, start: number, end: number): Promise<number> {
    this.#isReading = true;
    try {
      while (!this.#isClosed && !this.#pursuit.isClosed && !this.#file.isCut) {
        const { bytesRead } = await readBytes(this.#descriptor, into, start, end - start, this.#position);
        if (bytesRead > 0) {
          if (this.#isAtEnd && (await this.#isRewritten())) break;
          this.#isAtEnd = false;
          this.#silentSinceMs = undefined;
          this.#file.hasBytes = true;
          if (this.#position < FORMAT_BYTES) await this.#requireText();
          this.#keepHead(into.subarray(start, start + bytesRead));
          this.#position += bytesRead;
          return bytesRead;
        }
        if (await this.#hasEnded()) break;
        await this.#pursuit.pause();
      }
      return 0;
    } finally {
      this.#isReading = false;
      this.#release();
    }
  }

  async check(): Promise<void> {}

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #isReleased = false;

  #release(): void {
    if (!this.#isClosed || this.#isReading || this.#isReleased) return;
    this.#isReleased = true;
    fs.close(this.#descriptor, () => {});
  }

  /** Refuses a file whose first bytes say that it is no UTF-8, unless the options say what it is. */
  async #requireText(): Promise<void> {
    const head = Buffer.alloc(FORMAT_BYTES);
    const { bytesRead } = await readBytes(this.#descriptor, head, 0, FORMAT_BYTES, 0);
    const other = foreignFormat(head.subarray(0, bytesRead), this.#format);
    if (other !== undefined) throw errors.notFollowed(this.#path, other);
  }

  /** At the end of what there is: whether there is to be no more. */
  async #hasEnded(): Promise<boolean> {
    this.#isAtEnd = true;
    const { size } = await statFile(this.#descriptor);
    if (size < this.#position || (await this.#isRewritten())) {
      this.#file.isCut = true;
      return true;
    }
    const atPath = await idAt(this.#path);
    if (atPath === undefined || atPath === this.#file.id) {
      this.#silentSinceMs = undefined;
      return false;
    }
    this.#silentSinceMs ??= performance.now();
    if (performance.now() - this.#silentSinceMs < this.#pursuit.times.silenceMs) return false;
    this.#file.isReplaced = true;
    return true;
  }

  /** Keeps the first bytes as they were read: by the first look at the end others may stand there, and as many. */
  #keepHead(read: Buffer): void {
    const head = this.#head ?? Buffer.alloc(0);
    if (head.length !== this.#position || head.length >= HEAD_BYTES) return;
    this.#head = Buffer.concat([head, read.subarray(0, HEAD_BYTES - head.length)]);
  }

  /** True if the first bytes are others than they were. */
  async #isRewritten(): Promise<boolean> {
    const before = this.#head;
    const head = Buffer.alloc(Math.min(HEAD_BYTES, this.#position));
    const { bytesRead } =
      head.length === 0 ? { bytesRead: 0 } : await readBytes(this.#descriptor, head, 0, head.length, 0);
    this.#head = head.subarray(0, bytesRead);
    if (before === undefined || this.#head.subarray(0, before.length).equals(before)) return false;
    this.#file.isCut = true;
    return true;
  }
}
