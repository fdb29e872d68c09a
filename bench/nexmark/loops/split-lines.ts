// The lines of a stream's file as most loops read them: by node:readline, split at their commas, an object each.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { StreamName } from '../tables.ts';
import type { EventFile, Events } from './loop.ts';

/** Lines that are read ahead before the file waits; those of its chunk still come. */
const AHEAD_LINES = 4096;

/** The cells of a line; those with commas in them stand in quotes. */
export function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells = line.match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^,]*)(?=,|$)/g) ?? [];
  return cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}

const EVENTS: { readonly [Name in StreamName]: (cells: readonly string[]) => Events[Name] } = {
  persons: ([seq, id, name, , , city, state, dateTime]) => ({
    seq: Number(seq),
    id: Number(id),
    name,
    city,
    state,
    dateTime: Number(dateTime),
  }),
  auctions: ([seq, id, , , , reserve, dateTime, expires, seller, category]) => ({
    seq: Number(seq),
    id: Number(id),
    reserve: Number(reserve),
    dateTime: Number(dateTime),
    expires: Number(expires),
    seller: Number(seller),
    category: Number(category),
  }),
  bids: ([seq, auction, bidder, price, channel, url, dateTime]) => ({
    seq: Number(seq),
    auction: Number(auction),
    bidder: Number(bidder),
    price: Number(price),
    channel,
    url,
    dateTime: Number(dateTime),
  }),
  lines: ([seq, dateTime, line]) => ({ seq: Number(seq), dateTime: Number(dateTime), line }),
};

/** A file of `stream`; texts are latin1, as those of lines.ts. */
export function splitLines<Name extends StreamName>(stream: Name, path: string): EventFile<Events[Name]> {
  const bytes = createReadStream(path);
  const input = path.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  input.setEncoding('latin1');
  const reader = createInterface({ input });
  // By its events: `for await` of the reader takes several times as long.
  let lines: string[] = [];
  let isOver = false;
  let wake = (): void => {};
  let isHeader = true;
  reader.on('line', (line) => {
    if (!isHeader) lines.push(line);
    isHeader = false;
    if (lines.length === AHEAD_LINES) reader.pause();
    wake();
  });
  reader.on('close', () => {
    isOver = true;
    wake();
  });
  const toEvent = EVENTS[stream];
  let taken: string[] = [];
  let at = 0;
  let index = -1;
  let event: Events[Name];
  return {
    get index() {
      return index;
    },
    get event() {
      return event;
    },
    get seq() {
      return event.seq;
    },
    get dateTime() {
      return event.dateTime;
    },
    async fill() {
      while (lines.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      taken = lines;
      lines = [];
      at = 0;
      if (!isOver) reader.resume();
      return taken.length > 0;
    },
    next() {
      if (at === taken.length) return false;
      event = toEvent(cellsOf(taken[at++]));
      index++;
      return true;
    },
    async close() {
      reader.close();
      bytes.destroy();
    },
  };
}
