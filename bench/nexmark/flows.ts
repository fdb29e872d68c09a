// The flows of the queries, by the tables that they write.

import type { nexmark } from './flows/flow.ts';
import { interval } from './flows/interval.ts';
import { lateAuctions, lateBids, lateBidsAllowed, lateLines, latePersons } from './flows/late.ts';
import { q0 } from './flows/q0.ts';
import { q1 } from './flows/q1.ts';
import { q2 } from './flows/q2.ts';
import { q3 } from './flows/q3.ts';
import { q4 } from './flows/q4.ts';
import { q5 } from './flows/q5.ts';
import { q6 } from './flows/q6.ts';
import { q7 } from './flows/q7.ts';
import { q8 } from './flows/q8.ts';
import { q9 } from './flows/q9.ts';
import { q11 } from './flows/q11.ts';
import { q12, q12Allowed } from './flows/q12.ts';
import { q13 } from './flows/q13.ts';
import { q18 } from './flows/q18.ts';
import { q19 } from './flows/q19.ts';
import { q15, q16 } from './flows/statistics.ts';
import { words } from './flows/words.ts';

export const flows: Readonly<Record<string, ReturnType<typeof nexmark>>> = {
  late_persons: latePersons,
  late_auctions: lateAuctions,
  late_bids: lateBids,
  late_lines: lateLines,
  q0,
  q1,
  q2,
  q3,
  q4,
  q5,
  q6,
  q7,
  q8,
  q9,
  q11,
  q12,
  q12_allowed: q12Allowed,
  late_bids_allowed: lateBidsAllowed,
  q13,
  q15,
  q16,
  q18,
  q19,
  interval,
  words,
};
