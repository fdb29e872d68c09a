// One line of a terminal that is written anew again and again, below all that is printed meanwhile.
// Promises: it is never wider than the terminal, and gone once it is cleared.

import { clip } from './live-view.ts';
import type { Sheet } from './view.ts';

const COLUMNS_DEFAULT = 80;
/** Back to the first column, and everything behind it away. */
const ERASURE = '\r\x1b[K';

export class LineInPlace {
  readonly #sheet: Omit<Sheet, 'on'>;
  #line = '';

  constructor(sheet: Omit<Sheet, 'on'>) {
    this.#sheet = sheet;
  }

  draw(line: string): void {
    // The last column stays free: a terminal may begin a new line behind it.
    this.#line = clip(line, (this.#sheet.columns || COLUMNS_DEFAULT) - 1);
    this.#sheet.write(`\r${this.#line}\x1b[K`);
  }

  /** Lets text of somebody else pass above it. */
  pass(print: () => void): void {
    if (this.#line !== '') this.#sheet.write(ERASURE);
    print();
    if (this.#line !== '') this.#sheet.write(this.#line);
  }

  clear(): void {
    if (this.#line !== '') this.#sheet.write(ERASURE);
    this.#line = '';
  }
}
