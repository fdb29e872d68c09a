// The flows of the queries, by the tables that they write. A table that is not here has no flow yet, and the command says so.

import type { nexmark } from './flows/flow.ts';
import { lateAuctions, lateBids, lateBidsAllowed, lateLines, latePersons } from './flows/late.ts';
import { q0 } from './flows/q0.ts';
import { q1 } from './flows/q1.ts';
import { q2 } from './flows/q2.ts';
import { q3 } from './flows/q3.ts';
import { q13 } from './flows/q13.ts';
import { q18 } from './flows/q18.ts';
import { q19 } from './flows/q19.ts';

export const flows: Readonly<Record<string, ReturnType<typeof nexmark>>> = {
  late_persons: latePersons,
  late_auctions: lateAuctions,
  late_bids: lateBids,
  late_lines: lateLines,
  q0,
  q1,
  q2,
  q3,
  late_bids_allowed: lateBidsAllowed,
  q13,
  q18,
  q19,
};
