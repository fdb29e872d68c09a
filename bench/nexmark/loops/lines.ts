// The lines of a stream's file, one after the other, in an object that is the same for all of them: nothing is made per line but
// the texts that a query asks for.
// Relies on: no field holds a line break, lines end with \n, numbers are plain digits. Texts are latin1, a character a byte: what
// is written as latin1 is what was read.

import { Chunks } from './chunks.ts';

const COMMA = 44;
const NEWLINE = 10;
const QUOTE = 34;
const ZERO = 48;

/** One of the files: its present line's `seq` and `dateTime`, and in subclasses all others. */
abstract class LineFile {
  seq = -1;
  dateTime = 0;
  /** Of the present line, from 0 behind the header. */
  index = -1;
  protected text = '';
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  readonly #chunks: Chunks;

  /** The file itself is its present line. */
  get event(): this {
    return this;
  }

  constructor(path: string) {
    this.#chunks = new Chunks(path);
  }

  /** Goes to the next line of the chunk; false if there is none. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    this.index++;
    this.parse();
    return true;
  }

  /** Takes the next chunk; resolves to false at the end of the file. */
  async fill(): Promise<boolean> {
    const isFirst = this.index < 0 && this.#bytes.length === 0;
    if (!(await this.#chunks.next())) return false;
    this.#bytes = this.#chunks.bytes;
    this.text = this.#chunks.text;
    this.#at = isFirst ? this.#bytes.indexOf(NEWLINE) + 1 : 0;
    return this.#at < this.#bytes.length || this.fill();
  }

  close(): Promise<void> {
    return this.#chunks.close();
  }

  /** Reads the fields of a line, in the order of the columns. */
  protected abstract parse(): void;

  /** The number at the present place, and goes behind the comma or line end after it. */
  protected number(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    for (let byte = bytes[at]; byte >= ZERO; byte = bytes[++at]) value = value * 10 + (byte - ZERO);
    this.#at = at + 1;
    return value;
  }

  /** Where the field at the present place begins, and goes behind the comma or line end after it. */
  protected field(): number {
    const from = this.#at;
    const bytes = this.#bytes;
    let at = from;
    if (bytes[at] === QUOTE) at = this.#behindQuotes(at + 1);
    for (let byte = bytes[at]; byte !== COMMA && byte !== NEWLINE; ) byte = bytes[++at];
    this.#at = at + 1;
    return from;
  }

  /** Where the field that was gone over last ends. */
  protected get fieldEnd(): number {
    return this.#at - 1;
  }

  /** The text of a field without its quotes. */
  protected textOf(from: number, end: number): string {
    if (this.#bytes[from] !== QUOTE) return this.text.substring(from, end);
    return this.text.substring(from + 1, end - 1).replaceAll('""', '"');
  }

  #behindQuotes(from: number): number {
    const bytes = this.#bytes;
    for (let at = from; ; at++) {
      if (bytes[at] !== QUOTE) continue;
      if (bytes[at + 1] !== QUOTE) return at + 1;
      at++;
    }
  }
}

export class PersonFile extends LineFile {
  id = 0;
  #name = 0;
  #nameEnd = 0;
  #city = 0;
  #cityEnd = 0;
  #state = 0;
  #stateEnd = 0;

  get name(): string {
    return this.textOf(this.#name, this.#nameEnd);
  }

  get city(): string {
    return this.textOf(this.#city, this.#cityEnd);
  }

  get state(): string {
    return this.textOf(this.#state, this.#stateEnd);
  }

  protected parse(): void {
    this.seq = this.number();
    this.id = this.number();
    this.#name = this.field();
    this.#nameEnd = this.fieldEnd;
    this.field();
    this.field();
    this.#city = this.field();
    this.#cityEnd = this.fieldEnd;
    this.#state = this.field();
    this.#stateEnd = this.fieldEnd;
    this.dateTime = this.number();
  }
}

export class AuctionFile extends LineFile {
  id = 0;
  reserve = 0;
  expires = 0;
  seller = 0;
  category = 0;

  protected parse(): void {
    this.seq = this.number();
    this.id = this.number();
    this.field();
    this.field();
    this.number();
    this.reserve = this.number();
    this.dateTime = this.number();
    this.expires = this.number();
    this.seller = this.number();
    this.category = this.number();
  }
}

export class BidFile extends LineFile {
  auction = 0;
  bidder = 0;
  price = 0;
  #channel = 0;
  #channelEnd = 0;
  #url = 0;
  #urlEnd = 0;

  get channel(): string {
    return this.textOf(this.#channel, this.#channelEnd);
  }

  get url(): string {
    return this.textOf(this.#url, this.#urlEnd);
  }

  protected parse(): void {
    this.seq = this.number();
    this.auction = this.number();
    this.bidder = this.number();
    this.price = this.number();
    this.#channel = this.field();
    this.#channelEnd = this.fieldEnd;
    this.#url = this.field();
    this.#urlEnd = this.fieldEnd;
    this.dateTime = this.number();
  }
}

export class TextFile extends LineFile {
  #line = 0;
  #lineEnd = 0;

  get line(): string {
    return this.textOf(this.#line, this.#lineEnd);
  }

  protected parse(): void {
    this.seq = this.number();
    this.dateTime = this.number();
    this.#line = this.field();
    this.#lineEnd = this.fieldEnd;
  }
}
