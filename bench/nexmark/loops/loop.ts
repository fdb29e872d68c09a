// What a plain loop is: the steps that it takes at each event, and what it is run with.

import type { Rows } from './rows.ts';

interface Timed {
  readonly seq: number;
  /** In milliseconds since the epoch. */
  readonly dateTime: number;
}

/** What the lines of the files are. */
export interface Events {
  readonly persons: Timed & {
    readonly id: number;
    readonly name: string;
    readonly city: string;
    readonly state: string;
  };
  readonly auctions: Timed & {
    readonly id: number;
    readonly reserve: number;
    readonly expires: number;
    readonly seller: number;
    readonly category: number;
  };
  readonly bids: Timed & {
    readonly auction: number;
    readonly bidder: number;
    readonly price: number;
    readonly channel: string;
    readonly url: string;
  };
  readonly lines: Timed & { readonly line: string };
}

/** A file while it is read. */
export interface EventFile<Event extends Timed = Timed> extends Timed {
  /** Of the present line, from 0 behind the header. */
  readonly index: number;
  readonly event: Event;
  /** Takes lines to go through; resolves to false at the end of the file. */
  fill(): Promise<boolean>;
  /** Goes to the next line of those that were taken; false if there is none. */
  next(): boolean;
  /** Closes the file, also before its end. */
  close(): Promise<void>;
}

/** The steps of a query. Events are on time, and are only valid within the call: an object may be the same for all lines of its file. */
export interface Steps {
  person?(person: Events['persons']): void;
  auction?(auction: Events['auctions']): void;
  bid?(bid: Events['bids']): void;
  line?(line: Events['lines']): void;
  /** A line that is late. */
  late?(line: Timed): void;
  /** No event before this time is to come: called when it has grown, and at last with Infinity. */
  watermark?(timeMs: number): void;
  /** Behind everything: the time to write what is upserted. */
  end?(): void;
}

interface LoopContext {
  /** Where the rows of the table go. */
  readonly rows: Rows;
  /** Folder of the trace. */
  readonly input: string;
  readonly allowedMs: number;
}

export interface Loop {
  /** True if only what is later than the allowed lateness counts as late. */
  readonly allows?: boolean;
  open(context: LoopContext): Steps;
}
