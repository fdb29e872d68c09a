// What can be iterated, at once or by awaiting.

export const isIterable = <Item>(value: unknown): value is Iterable<Item> =>
  typeof (value as Partial<Iterable<Item>> | null | undefined)?.[Symbol.iterator] === 'function';

export const isAsyncIterable = <Item>(value: unknown): value is AsyncIterable<Item> =>
  typeof (value as Partial<AsyncIterable<Item>> | null | undefined)?.[Symbol.asyncIterator] === 'function';
