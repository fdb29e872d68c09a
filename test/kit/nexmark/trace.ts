// Random traces of Nexmark's auction site, small and full of edges: for traces of other seeds than the one that is in test/data.
// Promises: a trace depends on its options alone. Files are as docs/nexmark.md says: `seq` ascends in each, ids are unique. Which lines
// are late is not promised to be the same for each layout: model.ts judges them for the layout at hand.

import { Random } from '../../../src/testing/random.ts';

interface Person {
  readonly seq: number;
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
}

export interface Auction {
  readonly seq: number;
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
}

export interface Bid {
  readonly seq: number;
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
}

interface Line {
  readonly seq: number;
  readonly dateTime: number;
  readonly line: string;
}

export interface Trace {
  readonly persons: readonly Person[];
  readonly auctions: readonly Auction[];
  readonly bids: readonly Bid[];
  readonly lines: readonly Line[];
  readonly side: readonly { readonly key: number; readonly value: string }[];
}

interface TraceOptions {
  readonly seed: number;
  readonly boundMs: number;
  readonly allowedMs: number;
  /** Events of persons, auctions and bids together; about an eighth as many lines. */
  readonly events: number;
}

const MIDNIGHT = 1_436_918_400_000;
const SIZES = [2000, 10_000, 30_000, 60_000];
const STATES = ['OR', 'ID', 'CA', 'WA', 'NY'];
const NAMES = ['Ann Lee', 'Bo, "the" Kid', 'Ólafur', 'Zoë', "O'Neill", 'Ida'];
const WORDS = ['the', "Don't", 'MILL', 'naïve', 'a', 'wheel—of', "'tis", 'race', 'x1y', 'élan'];
const CHANNELS = ['apple', 'Google', 'face,book', 'baidu', 'channel-1'];
const PRICES = [100, 9_999, 10_000, 999_999, 1_000_000, 4_000_000_000];

/** When things happen: a time that goes on, with silences, and edges that many fall on. */
class Clock {
  /** Of what happens now, before it is delayed. */
  nowMs: number;
  private readonly random: Random;
  private readonly options: TraceOptions;
  private readonly newest = new Map<string, number>();

  constructor(random: Random, options: TraceOptions) {
    this.random = random;
    this.options = options;
    this.nowMs = MIDNIGHT - random.below(60_000);
  }

  /** The time of the next line of a stream: out of order, at an edge of windows, or of lateness. */
  next(stream: string): number {
    const { random, options } = this;
    const { boundMs, allowedMs } = options;
    this.nowMs += random.weighted({ 0: 3, 1: 2, 40: 10, 200: 10 }) === '0' ? 0 : random.below(180);
    if (random.chance(0.004)) this.nowMs += 8000 + random.below(32_000);
    const newest = this.newest.get(stream);
    let ms = this.nowMs - (random.chance(0.35) ? random.below(boundMs + 1) : 0);
    if (random.chance(0.15)) {
      const size = random.pick(SIZES);
      ms = Math.floor(ms / size) * size - random.below(2);
    }
    if (newest !== undefined && random.chance(0.04)) {
      const edge = newest - boundMs;
      ms = random.pick([edge, edge - 1, edge - allowedMs, edge - allowedMs - 1, edge - allowedMs - 20_000, newest]);
    }
    if (newest === undefined || ms > newest) this.newest.set(stream, ms);
    return ms;
  }
}

const textOf = (random: Random, words: number): string =>
  Array.from({ length: words }, () => random.pick(WORDS)).join(random.pick([' ', ', ', ' "', '. ']));

export function randomTrace(options: TraceOptions): Trace {
  const random = new Random(options.seed);
  const clock = new Clock(random, options);
  const persons: Person[] = [];
  const auctions: Auction[] = [];
  const bids: Bid[] = [];
  const lines: Line[] = [];
  const lastBid = new Map<number, number>();
  const people = 8 + random.below(30);
  const items = 10 + random.below(300);
  const idOf = (index: number): number => 1000 + index;
  const personIds = shuffled(random, people);
  const auctionIds = shuffled(random, items);
  for (let seq = 0; seq < options.events; seq++) {
    const stream = random.weighted({ persons: 1, auctions: 3, bids: 20 });
    if (stream === 'persons' && personIds.length > 0) {
      persons.push({
        seq,
        id: idOf(personIds.pop() as number),
        name: random.pick(NAMES),
        emailAddress: 'a@b.c',
        creditCard: '1234 5678',
        city: random.pick(['San José', 'Boise, "ID"', 'Bend']),
        state: random.pick(STATES),
        dateTime: clock.next('persons'),
      });
    } else if (stream === 'auctions' && auctionIds.length > 0) {
      const dateTime = clock.next('auctions');
      const length = random.pick([1, 10, 5000, 10_000, 20_000, 1 + random.below(40_000)]);
      // Some close at the same millisecond, also those of one seller.
      const rounded = Math.ceil((dateTime + length) / 10_000) * 10_000;
      auctions.push({
        seq,
        id: idOf(auctionIds.pop() as number),
        itemName: textOf(random, 2),
        description: textOf(random, 4),
        initialBid: random.below(100),
        reserve: random.pick([0, 100, 10_000, 1_000_000]),
        dateTime,
        expires: random.chance(0.5) && rounded > dateTime ? rounded : dateTime + length,
        seller: idOf(random.below(random.chance(0.5) ? 3 : people + 3)),
        category: 10 + random.below(4),
      });
    } else {
      const bidder = idOf(random.chance(0.3) ? 0 : random.below(people + 5));
      const last = lastBid.get(bidder);
      const own = clock.next('bids');
      const known = auctions.length === 0 || random.chance(0.3) ? undefined : random.pick(auctions.slice(-12));
      let dateTime = own;
      const { boundMs } = options;
      // At the edges of sessions, and of the auction; not so far that all that comes next is late.
      const near = [
        ...(last === undefined ? [] : [last + 9999, last + 10_000, last + 10_001]),
        ...(known === undefined ? [] : [known.dateTime - 1, known.dateTime, known.dateTime + 4999]),
        ...(known === undefined ? [] : [known.dateTime + 5000, known.expires - 1, known.expires]),
      ].filter((ms) => Math.abs(ms - own) < boundMs / 2);
      if (near.length > 0 && random.chance(0.3)) dateTime = random.pick(near);
      lastBid.set(bidder, dateTime);
      const reserve = known?.reserve ?? 0;
      bids.push({
        seq,
        auction: known?.id ?? idOf(random.below(items)),
        bidder,
        price: random.pick([
          random.pick(PRICES),
          reserve,
          Math.max(0, reserve - 1),
          random.below(50),
          random.below(2_000_000),
        ]),
        channel: random.pick(CHANNELS),
        url: `https://a.b/${random.below(9)}`,
        dateTime,
      });
    }
  }
  const lineClock = new Clock(random, options);
  for (let seq = 0; seq < options.events / 8; seq++)
    lines.push({ seq, dateTime: lineClock.next('lines'), line: textOf(random, random.below(7)) });
  const side = shuffled(random, 500)
    .slice(0, 300)
    .map((key) => ({ key, value: `value ${key}${random.chance(0.1) ? ', "x"' : ''}` }));
  return { persons, auctions, bids, lines, side };
}

function shuffled(random: Random, count: number): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}
