// The text of keys on a thread's own heap.
// Promises: strings are compared by their UTF-16 code units, whatever V8 made them of.

const CHARACTERS_FIRST = 1 << 12;

/** The characters of many strings, one behind the other; in front of each its length, in two elements. */
export class Texts {
  characters = new Uint16Array(CHARACTERS_FIRST);
  private used = 0;

  /** Returns where the text begins. */
  add(text: string): number {
    const start = this.used;
    const { length } = text;
    const end = start + 2 + length;
    if (end > this.characters.length) {
      const wider = new Uint16Array(2 ** Math.ceil(Math.log2(end)));
      wider.set(this.characters);
      this.characters = wider;
    }
    this.characters[start] = length & 0xffff;
    this.characters[start + 1] = length >>> 16;
    for (let i = 0; i < length; i++) this.characters[start + 2 + i] = text.charCodeAt(i);
    this.used = end;
    return start;
  }

  clear(): void {
    this.used = 0;
  }
}

/** True if the text that begins at `start` is `text`. */
export function isText(characters: Uint16Array, start: number, text: string): boolean {
  const { length } = text;
  if (characters[start] !== (length & 0xffff) || characters[start + 1] !== length >>> 16) return false;
  for (let i = 0; i < length; i++) if (characters[start + 2 + i] !== text.charCodeAt(i)) return false;
  return true;
}

const PRIME = 0x9e3779b1;

/** A hash of a string for a table of this thread only: faster than that of routing, and not so well mixed. */
export function hashCharacters(text: string): number {
  const { length } = text;
  let hash = length;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  // The product's low bits depend on those of all characters, its high bits on all bits of them.
  return hash ^ (hash >>> 15);
}

/** From this length on V8 makes a part of a string that refers to the whole. */
const SLICE_LENGTH_MIN = 13;

/** The same text in memory of its own. */
export function ownText(text: string): string {
  if (text.length < SLICE_LENGTH_MIN) return text;
  const bytes = Buffer.from(text, 'utf16le');
  return bytes.ucs2Slice(0, bytes.length);
}
