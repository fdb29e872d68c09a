// The shared dictionary of a ring: strings that repeat, each stored once and sent as a number.
// Promises: append-only and never reset; an entry's bytes, then its place, then the count are written, all before the
// frame that uses its id is published. A new writer rebuilds its own map from the shared entries. When it is full, the
// encoder sends strings inline: slower, never wrong.
// Entries of a transaction that is rolled back stay: they are complete strings that simply are not used yet.

import { hashString } from './hash.ts';
import { allocateShared, growShared } from './shared-memory.ts';
import { LINE_BYTES, type Views, viewsOf } from './views.ts';

const DICTIONARY_ENTRIES_MAX = 1 << 20;
export const DICTIONARY_TEXT_BYTES_MAX = 1 << 26;
const ENTRIES_FIRST = 1 << 10;
const TEXT_BYTES_FIRST = 1 << 14;
const HEADER_I32 = LINE_BYTES / 4;
const COUNT = 0;
const TEXT_END = 1;
/** An entry: i32 byte offset, i32 byte length, negative if UTF-16. */
const ENTRY_I32 = 2;
/** A class without any latin1 character: V8 compiles it to a plain false for strings that it keeps as latin1. */
const WIDE = /[\u0100-\uffff]/;

/** The shared memory of one dictionary. */
export interface DictionaryMemory {
  readonly index: SharedArrayBuffer;
  readonly text: SharedArrayBuffer;
}

const PURPOSE = { of: 'the dictionary of a ring' };

export function allocateDictionary(entriesMax = DICTIONARY_ENTRIES_MAX): DictionaryMemory {
  const entryBytes = ENTRY_I32 * 4;
  return {
    index: allocateShared(
      PURPOSE,
      LINE_BYTES + Math.min(ENTRIES_FIRST, entriesMax) * entryBytes,
      LINE_BYTES + entriesMax * entryBytes,
    ),
    text: allocateShared(PURPOSE, TEXT_BYTES_FIRST, DICTIONARY_TEXT_BYTES_MAX),
  };
}

/** True if a string needs two bytes a character. Constant time on strings that V8 already keeps as latin1. */
export const isWide = (text: string): boolean => WIDE.test(text);

/** The writer's side: string to id. */
export class DictionaryWriter {
  /** Hashes by id, for key columns. */
  hashes = new Int32Array(ENTRIES_FIRST);
  private readonly memory: DictionaryMemory;
  private readonly ids = new Map<string, number>();
  private index: Int32Array;
  private text: Views;

  constructor(memory: DictionaryMemory) {
    this.memory = memory;
    this.index = new Int32Array(memory.index, 0, memory.index.byteLength >>> 2);
    this.text = viewsOf(memory.text, 0, memory.text.byteLength);
    const reader = new DictionaryReader(memory);
    const count = Atomics.load(this.index, COUNT);
    for (let id = 0; id < count; id++) this.remember(reader.get(id), id);
  }

  /** The id of a string, adding it if there is room; -1 if the dictionary is full. */
  idOf(value: string): number {
    return this.ids.get(value) ?? this.add(value);
  }

  private remember(value: string, id: number): void {
    this.ids.set(value, id);
    if (id >= this.hashes.length) {
      const wider = new Int32Array(this.hashes.length * 2);
      wider.set(this.hashes);
      this.hashes = wider;
    }
    this.hashes[id] = hashString(value);
  }

  private add(value: string): number {
    const id = this.ids.size;
    const offset = Atomics.load(this.index, TEXT_END);
    const wide = isWide(value);
    const length = wide ? value.length * 2 : value.length;
    if (!this.makeRoom(id, offset + length)) return -1;
    if (wide) this.text.text.ucs2Write(value, offset, length);
    else this.text.text.latin1Write(value, offset, length);
    const at = HEADER_I32 + id * ENTRY_I32;
    this.index[at] = offset;
    this.index[at + 1] = wide ? -length : length;
    // Even offsets keep UTF-16 text aligned.
    Atomics.store(this.index, TEXT_END, (offset + length + 1) & ~1);
    Atomics.store(this.index, COUNT, id + 1);
    this.remember(value, id);
    return id;
  }

  private makeRoom(id: number, textBytes: number): boolean {
    const { index, text } = this.memory;
    const indexBytes = (HEADER_I32 + (id + 1) * ENTRY_I32) * 4;
    if (indexBytes > index.maxByteLength || textBytes + 1 > text.maxByteLength) return false;
    if (indexBytes > this.index.byteLength) {
      growShared(index, Math.min(index.maxByteLength, index.byteLength * 2), PURPOSE);
      this.index = new Int32Array(index, 0, index.byteLength >>> 2);
    }
    if (textBytes + 1 > this.text.u8.byteLength) {
      growShared(text, Math.min(text.maxByteLength, 2 ** Math.ceil(Math.log2(textBytes + 1))), PURPOSE);
      this.text = viewsOf(text, 0, text.byteLength);
    }
    return true;
  }
}

/** A reader's side: id to string, each decoded once. */
export class DictionaryReader {
  private readonly memory: DictionaryMemory;
  private readonly strings: string[] = [];
  private index: Int32Array;
  private text: Views;
  /** Where the entry of the last seek() stands. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  wide = false;

  constructor(memory: DictionaryMemory) {
    this.memory = memory;
    this.index = new Int32Array(memory.index, 0, memory.index.byteLength >>> 2);
    this.text = viewsOf(memory.text, 0, memory.text.byteLength);
    this.bytes = this.text.u8;
  }

  /** Finds the bytes of an id that a published frame uses. */
  seek(id: number): void {
    if (id >= this.strings.length) this.decodeUpTo(id);
    const at = HEADER_I32 + id * ENTRY_I32;
    const length = this.index[at + 1];
    this.bytes = this.text.u8;
    this.start = this.index[at];
    this.wide = length < 0;
    this.end = this.start + (length < 0 ? -length : length);
  }

  /** The string of an id that a published frame uses. */
  get(id: number): string {
    return this.strings[id] ?? this.decodeUpTo(id);
  }

  private decodeUpTo(last: number): string {
    if ((HEADER_I32 + (last + 1) * ENTRY_I32) * 4 > this.index.byteLength) {
      this.index = new Int32Array(this.memory.index, 0, this.memory.index.byteLength >>> 2);
    }
    for (let id = this.strings.length; id <= last; id++) {
      const at = HEADER_I32 + id * ENTRY_I32;
      const offset = this.index[at];
      const length = this.index[at + 1];
      const end = offset + Math.abs(length);
      if (end > this.text.u8.byteLength) this.text = viewsOf(this.memory.text, 0, this.memory.text.byteLength);
      this.strings.push(length < 0 ? this.text.text.ucs2Slice(offset, end) : this.text.text.latin1Slice(offset, end));
    }
    return this.strings[last];
  }
}
