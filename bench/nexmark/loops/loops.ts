// The plain loops, by the tables that they write.

import { interval } from './interval.ts';
import { late, lateAllowed } from './late.ts';
import type { Loop } from './loop.ts';
import { q0 } from './q0.ts';
import { q1 } from './q1.ts';
import { q2 } from './q2.ts';
import { q3 } from './q3.ts';
import { q4 } from './q4.ts';
import { q5 } from './q5.ts';
import { q6 } from './q6.ts';
import { q7 } from './q7.ts';
import { q8 } from './q8.ts';
import { q9 } from './q9.ts';
import { q11 } from './q11.ts';
import { q12 } from './q12.ts';
import { q12Allowed } from './q12-allowed.ts';
import { q13 } from './q13.ts';
import { q15 } from './q15.ts';
import { q16 } from './q16.ts';
import { q18 } from './q18.ts';
import { q19 } from './q19.ts';
import { words } from './words.ts';

export const loops: Readonly<Record<string, Loop>> = {
  late_persons: late,
  late_auctions: late,
  late_bids: late,
  late_lines: late,
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
  late_bids_allowed: lateAllowed,
  q13,
  q15,
  q16,
  q18,
  q19,
  interval,
  words,
};
