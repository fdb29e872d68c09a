// Writes the rows of a table to its file, behind a header, in large pieces.
// Relies on: texts are latin1, as lines.ts cuts them: the file gets the bytes that were read.

import { closeSync, openSync, writeSync } from 'node:fs';

const PIECE_CHARACTERS = 256 * 1024;

export class Rows {
  count = 0;
  readonly #descriptor: number;
  #text: string;

  constructor(path: string, columns: readonly string[]) {
    this.#descriptor = openSync(path, 'w');
    this.#text = `${columns.join()}\n`;
  }

  /** @param row its cells, with commas between them */
  add(row: string): void {
    this.count++;
    this.#text += `${row}\n`;
    if (this.#text.length >= PIECE_CHARACTERS) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text, 'latin1');
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    this.#text = '';
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }
}
