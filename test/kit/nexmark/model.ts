// What the tables of Nexmark must have: each query told naively over all events that are on time, by the words of docs/nexmark.md.
// Promises: shares nothing with the flows and loops of bench/nexmark, neither code nor constants, but the names of layouts.

import type { Layout } from '../../../bench/nexmark/layouts.ts';
import type { Auction, Bid, Trace } from './trace.ts';

interface Times {
  readonly layout: Layout;
  readonly boundMs: number;
  readonly allowedMs: number;
}

/** A row, cell by cell. */
export type Row = readonly (string | number)[];

interface Event {
  readonly seq: number;
  readonly dateTime: number;
}

type Name = 'persons' | 'auctions' | 'bids' | 'lines';

/** All events of a trace that are late by more than so much, each source partition by itself. */
function lateOf(trace: Trace, { layout, boundMs }: Times, allowedMs: number): Set<Event> {
  const names: readonly Name[] = ['persons', 'auctions', 'bids', 'lines'];
  const partitions: Event[][] = [];
  if (layout === 'merged') {
    const { persons, auctions, bids, lines } = trace;
    partitions.push(
      [...persons, ...auctions, ...bids].sort((one, other) => one.seq - other.seq),
      [...lines],
    );
  } else {
    const parts = { types: 1, dealt2: 2, dealt4: 4 }[layout];
    for (const name of names)
      for (let part = 0; part < parts; part++) partitions.push(trace[name].filter((_, i) => i % parts === part));
  }
  const late = new Set<Event>();
  for (const partition of partitions) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const event of partition) {
      if (event.dateTime < largest - boundMs - allowedMs) late.add(event);
      largest = Math.max(largest, event.dateTime);
    }
  }
  return late;
}

const by = <Item>(items: readonly Item[], keyOf: (item: Item) => string | number): Map<string | number, Item[]> => {
  const groups = new Map<string | number, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};

const startOf = (ms: number, size: number): number => ms - (ms % size);
const bySize = <Item extends Event>(items: readonly Item[], size: number): [number, Item[]][] =>
  [...by(items, ({ dateTime }) => startOf(dateTime, size))].map(([start, own]) => [Number(start), own]);
const distinct = (values: readonly number[]): number => new Set(values).size;

/** From the best: by price, then time, then number. */
const ranked = (bids: readonly Bid[]): Bid[] =>
  bids.toSorted((one, other) => other.price - one.price || one.dateTime - other.dateTime || one.seq - other.seq);

function winners({ auctions, bids }: OnTime): { readonly auction: Auction; readonly bid: Bid }[] {
  const ofAuction = by(bids, ({ auction }) => auction);
  return auctions.flatMap((auction) => {
    const own = (ofAuction.get(auction.id) ?? []).filter(
      ({ dateTime, price }) => dateTime >= auction.dateTime && dateTime < auction.expires && price >= auction.reserve,
    );
    const [bid] = ranked(own);
    return bid === undefined ? [] : [{ auction, bid }];
  });
}

function statistics(bids: readonly Bid[]): number[] {
  const groups = [
    bids,
    bids.filter(({ price }) => price < 10_000),
    bids.filter(({ price }) => price >= 10_000 && price < 1_000_000),
    bids.filter(({ price }) => price >= 1_000_000),
  ];
  return [
    ...groups.map(({ length }) => length),
    ...groups.map((group) => distinct(group.map(({ bidder }) => bidder))),
    ...groups.map((group) => distinct(group.map(({ auction }) => auction))),
  ];
}

const bidsPerUser = (bids: readonly Bid[]): Row[] =>
  bySize(bids, 10_000)
    .sort(([one], [other]) => one - other)
    .flatMap(([start, own]) =>
      [...by(own, ({ bidder }) => bidder)].map(([bidder, { length }]) => [start, bidder, length]),
    );

function sessions(bids: readonly Bid[]): Row[] {
  return [...by(bids, ({ bidder }) => bidder)].flatMap(([bidder, own]) => {
    const times = own.map(({ dateTime }) => dateTime).sort((one, other) => one - other);
    const found: number[][] = [];
    times.forEach((ms, i) => {
      if (i > 0 && ms - times[i - 1] < 10_000) found[found.length - 1].push(ms);
      else found.push([ms]);
    });
    return found.map((session) => [bidder, session[0], session[session.length - 1] + 10_000, session.length]);
  });
}

function hot(bids: readonly Bid[]): Row[] {
  const windows = new Map<number, Bid[]>();
  for (const bid of bids) {
    for (let start = startOf(bid.dateTime, 2000); start + 10_000 > bid.dateTime; start -= 2000) {
      const own = windows.get(start) ?? [];
      own.push(bid);
      windows.set(start, own);
    }
  }
  return [...windows].flatMap(([start, own]) => {
    const counts = [...by(own, ({ auction }) => auction)].map(([auction, { length }]) => [auction, length] as const);
    const most = Math.max(...counts.map(([, count]) => count));
    return counts.filter(([, count]) => count === most).map(([auction, count]) => [start, auction, count]);
  });
}

function sellersLast(onTime: OnTime): Row[] {
  const bySeller = by(winners(onTime), ({ auction }) => auction.seller);
  return [...bySeller].flatMap(([seller, won]) => {
    const inOrder = won.toSorted(
      ({ auction: one }, { auction: other }) => one.expires - other.expires || one.id - other.id,
    );
    return inOrder.map(({ auction, bid }, i) => {
      const last = inOrder.slice(Math.max(0, i - 9), i + 1).map((each) => each.bid.price);
      const sum = last.reduce((total, price) => total + price, 0);
      return [seller, auction.id, auction.expires, bid.price, Math.floor(sum / last.length)];
    });
  });
}

function wordCounts(lines: OnTime['lines']): Row[] {
  return bySize(lines, 30_000)
    .sort(([one], [other]) => one - other)
    .flatMap(([start, own]) => {
      const words = own.flatMap(({ line }) => [
        ...line.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).matchAll(/[a-z']+/g),
      ]);
      return [...by(words, ([word]) => word)].map(([word, { length }]) => [start, word, length]);
    });
}

type OnTime = Pick<Trace, Name>;

const withoutLate = ({ persons, auctions, bids, lines }: Trace, late: ReadonlySet<Event>): OnTime => ({
  persons: persons.filter((event) => !late.has(event)),
  auctions: auctions.filter((event) => !late.has(event)),
  bids: bids.filter((event) => !late.has(event)),
  lines: lines.filter((event) => !late.has(event)),
});

const places = (events: readonly Event[]): Row[] => events.map(({ seq, dateTime }) => [seq, dateTime]);

/** The rows of every table, as they may stand in its file. */
export function nexmarkModel(trace: Trace, times: Times): Readonly<Record<string, readonly Row[]>> {
  const late = lateOf(trace, times, 0);
  const tooLate = lateOf(trace, times, times.allowedMs);
  const onTime = withoutLate(trace, late);
  const { persons, auctions, bids, lines } = onTime;
  const values = new Map(trace.side.map(({ key, value }) => [key, value]));
  const won = winners(onTime);
  return {
    late_persons: places(trace.persons.filter((event) => late.has(event))),
    late_auctions: places(trace.auctions.filter((event) => late.has(event))),
    late_bids: places(trace.bids.filter((event) => late.has(event))),
    late_lines: places(trace.lines.filter((event) => late.has(event))),
    late_bids_allowed: places(trace.bids.filter((event) => tooLate.has(event))),
    q0: bids.map(({ seq, auction, bidder, price, channel, url, dateTime }) =>
      // Columns in the order of the table's.
      [seq, auction, bidder, price, channel, url, dateTime],
    ),
    q1: bids.map(({ seq, auction, bidder, price, dateTime }) => [
      seq,
      auction,
      bidder,
      Number((BigInt(price) * 908n) / 1000n),
      dateTime,
    ]),
    q2: bids.filter(({ auction }) => auction % 123 === 0).map(({ seq, auction, price }) => [seq, auction, price]),
    q3: auctions.flatMap(({ id, seller, category }) =>
      persons
        .filter((person) => category === 10 && person.id === seller && ['OR', 'ID', 'CA'].includes(person.state))
        .map(({ name, city, state }) => [id, seller, name, city, state]),
    ),
    q4: [...by(won, ({ auction }) => auction.category)].map(([category, own]) => {
      const total = own.reduce((sum, { bid }) => sum + bid.price, 0);
      return [category, own.length, total, Math.floor(total / own.length)];
    }),
    q5: hot(bids),
    q6: sellersLast(onTime),
    q7: bySize(bids, 10_000).flatMap(([start, own]) => {
      const highest = Math.max(...own.map(({ price }) => price));
      return own
        .filter(({ price }) => price === highest)
        .map(({ seq, auction, bidder, price, dateTime }) => [start, seq, auction, bidder, price, dateTime]);
    }),
    q8: persons.flatMap(({ id, name, dateTime }) => {
      const start = startOf(dateTime, 10_000);
      const own = auctions.filter((auction) => auction.seller === id && startOf(auction.dateTime, 10_000) === start);
      return own.length === 0 ? [] : [[start, id, name, own.length]];
    }),
    q9: won.map(({ auction: { id, seller, category, expires }, bid: { seq, bidder, price, dateTime } }) =>
      // Columns in the order of the table's.
      [id, seller, category, expires, seq, bidder, price, dateTime],
    ),
    q11: sessions(bids),
    q12: bidsPerUser(bids),
    q12_allowed: bidsPerUser(trace.bids.filter((event) => !tooLate.has(event))),
    q13: bids.flatMap(({ seq, auction, bidder, price, dateTime }) => {
      const value = values.get(auction % 500);
      return value === undefined ? [] : [[seq, auction, bidder, price, dateTime, value]];
    }),
    q15: bySize(bids, 86_400_000)
      .sort(([one], [other]) => one - other)
      .map(([start, own]) => [start, ...statistics(own)]),
    q16: [...by(bids, ({ channel }) => channel)].flatMap(([channel, ofChannel]) =>
      bySize(ofChannel, 60_000)
        .sort(([one], [other]) => one - other)
        .map(([start, own]) => [channel, start, ...statistics(own)]),
    ),
    q18: [...by(bids, ({ bidder, auction }) => `${bidder} ${auction}`).values()].map((own) => {
      const { bidder, auction, seq, price, channel, dateTime } = own.toSorted(
        (one, other) => other.dateTime - one.dateTime || other.seq - one.seq,
      )[0];
      return [bidder, auction, seq, price, channel, dateTime];
    }),
    q19: [...by(bids, ({ auction }) => auction)].flatMap(([auction, own]) =>
      ranked(own)
        .slice(0, 10)
        .map(({ seq, bidder, price, dateTime }, i) => [auction, i + 1, seq, bidder, price, dateTime]),
    ),
    interval: auctions.flatMap(({ id, dateTime: opens }) =>
      bids
        .filter(({ auction, dateTime }) => auction === id && dateTime >= opens && dateTime < opens + 5000)
        .map(({ seq, bidder, price, dateTime }) => [id, seq, bidder, price, dateTime]),
    ),
    words: wordCounts(lines),
  };
}
