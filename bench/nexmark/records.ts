// The events of a trace as tuples, and the columns of its files.

import { type Field, type Shape, t } from '../../src/index.ts';
import type { StreamName } from './tables.ts';

/** The fields of each stream, in the order of its file's columns. */
export const FIELDS = {
  persons: {
    seq: t.u32(),
    id: t.u32(),
    name: t.string(),
    emailAddress: t.string(),
    creditCard: t.string(),
    city: t.string(),
    state: t.string(),
    dateTime: t.timestamp(),
  },
  auctions: {
    seq: t.u32(),
    id: t.u32(),
    itemName: t.string(),
    description: t.string(),
    initialBid: t.u32(),
    reserve: t.u32(),
    dateTime: t.timestamp(),
    expires: t.timestamp(),
    seller: t.u32(),
    category: t.u32(),
  },
  bids: {
    seq: t.u32(),
    auction: t.u32(),
    bidder: t.u32(),
    price: t.u32(),
    channel: t.string(),
    url: t.string(),
    dateTime: t.timestamp(),
  },
  lines: {
    seq: t.u32(),
    dateTime: t.timestamp(),
    line: t.string(),
  },
} as const;

type FieldsOf<Stream extends StreamName> = (typeof FIELDS)[Stream];
/** Names of fields of a stream. */
export type FieldName<Stream extends StreamName> = keyof FieldsOf<Stream> & string;
/** Some of the fields of a stream. */
export type Some<Stream extends StreamName, Name extends FieldName<Stream>> = {
  readonly [Each in Name]: FieldsOf<Stream>[Each] extends Field<infer Value> ? Field<Value> : never;
};

export const columnsOf = (stream: StreamName): readonly string[] => Object.keys(FIELDS[stream]);

/** The fields of a stream by these names, in the order of its columns. */
export const some = (stream: StreamName, names: readonly string[]): Shape =>
  Object.fromEntries(Object.entries(FIELDS[stream]).filter(([name]) => names.includes(name)));

/** Columns of texts: all others are numbers. */
const TEXTS: ReadonlySet<string> = new Set([
  'name',
  'emailAddress',
  'creditCard',
  'city',
  'state',
  'itemName',
  'description',
  'channel',
  'url',
  'line',
]);

/** What a field is before it is read. */
export const emptyOf = (name: string): number | string => (TEXTS.has(name) ? '' : 0);
