// What a plain loop is: the steps that it takes at each event, and what it is run with.

import type { AuctionFile, BidFile, LineFile, PersonFile, TextFile } from './lines.ts';
import type { Rows } from './rows.ts';

/**
 * The steps of a query. Events are on time, and are only valid within the call: each object is the same for all lines of its file.
 */
export interface Steps {
  person?(person: PersonFile): void;
  auction?(auction: AuctionFile): void;
  bid?(bid: BidFile): void;
  line?(line: TextFile): void;
  /** A line that is late. */
  late?(line: LineFile): void;
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
