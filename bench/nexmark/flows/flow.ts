// What the flows of the queries have in common: the streams that they read, on time or late, and the file that they write.
// A flow is `nexmark(import.meta.url, table, (query) => …)`, and a line in flows.ts.

import { join } from 'node:path';
import {
  dataflow,
  type FlowBuilder,
  type Shape,
  type SourceDefinition,
  type Stream,
  type TimedStream,
  type TupleOf,
} from '../../../src/index.ts';
import { writeLines } from '../../../src/sinks.ts';
import { readCsv } from '../../../src/sources.ts';
import { fileOf } from '../files.ts';
import { type Layout, partsOf } from '../layouts.ts';
import { FIELDS, type FieldName, type Some, some } from '../records.ts';
import { dealtLines } from '../sources/dealt-lines.ts';
import { MERGED, mergedLines } from '../sources/merged-lines.ts';
import type { StreamName } from '../tables.ts';

export interface NexmarkParams {
  /** Folder of the trace. */
  readonly input: string;
  /** Folder of the tables that are written. */
  readonly output: string;
  readonly layout: Layout;
  /** Replicas of each keyed operator, and of each source that has so many partitions. */
  readonly parallelism: number;
  readonly boundMs: number;
  readonly allowedMs: number;
}

/** The fields that a query asks for of each of its streams. */
type Asked = { readonly [Name in StreamName]?: readonly FieldName<Name>[] };
type Streams<Names extends Asked> = {
  readonly [Name in keyof Names & StreamName]: Stream<Some<Name, NonNullable<Names[Name]>[number] & FieldName<Name>>>;
};

/** A stream before it is told what its fields are. */
type AnyStream = TimedStream<Shape>;

/** What the build function of a flow is given. */
export class Query {
  readonly params: NexmarkParams;
  readonly #flow: FlowBuilder;

  constructor(flow: FlowBuilder, params: NexmarkParams) {
    this.#flow = flow;
    this.params = params;
  }

  /** Options of an operator that has a key. */
  get keyed(): { readonly parallelism: number; readonly failure: 'stop' } {
    return { parallelism: this.params.parallelism, failure: 'stop' };
  }

  /**
   * The events of streams that are on time.
   * @param allowedMs by how much they may be late
   */
  onTime<const Names extends Asked>(names: Names, allowedMs = 0): Streams<Names> {
    return this.#streams(names, allowedMs, (stream) => stream);
  }

  /**
   * The events of streams that are late.
   * @param allowedMs what they may be later than the watermark, and still be left out here
   */
  late<const Names extends Asked>(names: Names, allowedMs = 0): Streams<Names> {
    return this.#streams(names, allowedMs, ({ late }) => late);
  }

  /**
   * Ends a stream in the file of this table.
   * @param isApart gives the file an actor of its own: two threads then share a query without a key, of which many rows come
   */
  write<Fields extends Shape>(
    stream: Stream<Fields>,
    toLine: (tuple: TupleOf<Fields>) => string,
    { isApart = false } = {},
  ): void {
    const file = writeLines(join(this.params.output, `${this.#flow.name}.csv`), toLine);
    stream.to('rows', file, { fuse: !isApart });
  }

  #streams<Names extends Asked>(
    asked: Names,
    allowedLatenessMs: number,
    choose: (stream: AnyStream) => Stream<Shape>,
  ): Streams<Names> {
    const { input, layout, boundMs: outOfOrderMs } = this.params;
    const names = timed(asked);
    const streams = Object.keys(names) as StreamName[];
    const pathOf = (stream: StreamName): string => fileOf(input, stream);
    const read = (name: string, source: SourceDefinition<Shape, never, never>): Stream<Shape> => {
      const parallelism = Math.min(this.params.parallelism, source.partitions ?? 1);
      const lines: Stream<Shape> = this.#flow.source(name, source as never, { parallelism, failure: 'stop' });
      // The times of a trace are made up: they may well be ahead of the clock.
      const options = { outOfOrderMs, allowedLatenessMs, maxAheadMs: Number.POSITIVE_INFINITY };
      return choose(lines.withEventTime('dateTime' as never, options));
    };
    if (layout === 'merged' && streams.every((stream) => MERGED.includes(stream))) {
      // Lines of all three say how far their one partition has come, also those that nobody asks for.
      const all = { ...Object.fromEntries(MERGED.map((stream) => [stream, ['dateTime']])), ...names };
      const events = read('events', mergedLines(pathOf, all) as never);
      const kinds = streams.map((stream) => [stream, MERGED.indexOf(stream)] as const);
      return Object.fromEntries(
        kinds.map(([stream, kind]) => [stream, events.filter(stream, (event) => event.kind === kind)]),
      ) as unknown as Streams<Names>;
    }
    const parts = partsOf(layout);
    return Object.fromEntries(
      streams.map((stream) => {
        const path = pathOf(stream);
        const chosen = names[stream] ?? [];
        const source =
          parts === 1 ? readCsv(path, some(stream, chosen), { header: true }) : dealtLines(path, stream, chosen, parts);
        return [stream, read(stream, source as never)];
      }),
    ) as unknown as Streams<Names>;
  }
}

/** What is asked for, and the time. In the order of the columns, whatever the query's. */
function timed(asked: Asked): Partial<Record<StreamName, readonly string[]>> {
  const streams = Object.entries(asked) as [StreamName, readonly string[]][];
  return Object.fromEntries(
    streams.map(([stream, names]) => [
      stream,
      Object.keys(FIELDS[stream]).filter((name) => name === 'dateTime' || names.includes(name)),
    ]),
  );
}

/** @param table which the flow writes, and after which it is named */
export const nexmark = (moduleUrl: string, table: string, build: (query: Query) => void) =>
  dataflow(moduleUrl, table, (flow, params: NexmarkParams) => build(new Query(flow, params)));
