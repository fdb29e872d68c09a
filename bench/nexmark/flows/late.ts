// Late lines of each stream: what the queries leave out.

import { nexmark } from './flow.ts';

const row = ({ seq, dateTime }: { seq: number; dateTime: number }): string => `${seq},${dateTime}`;

export const latePersons = nexmark(import.meta.url, 'late_persons', (query) =>
  query.write(query.late({ persons: ['seq', 'dateTime'] }).persons, row),
);

export const lateAuctions = nexmark(import.meta.url, 'late_auctions', (query) =>
  query.write(query.late({ auctions: ['seq', 'dateTime'] }).auctions, row),
);

export const lateBids = nexmark(import.meta.url, 'late_bids', (query) =>
  query.write(query.late({ bids: ['seq', 'dateTime'] }).bids, row),
);

export const lateLines = nexmark(import.meta.url, 'late_lines', (query) =>
  query.write(query.late({ lines: ['seq', 'dateTime'] }).lines, row),
);

/** Those that are later than the allowed lateness. */
export const lateBidsAllowed = nexmark(import.meta.url, 'late_bids_allowed', (query) =>
  query.write(query.late({ bids: ['seq', 'dateTime'] }, query.params.allowedMs).bids, row),
);
