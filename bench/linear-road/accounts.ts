// The operators 'accounts' and 'expenditure': what vehicles have paid, and what they paid on a day of the past.
// Promises: a balance is answered once every share of the roads has come by the request in its own stream, so all that
// the vehicle was charged up to the request's second counts, on all expressways, and nothing later.
// Relies on: a share's passages and requests come in the order in which it emitted them.

import { type Emit, type StateOf, t, table } from '../../src/index.ts';
import {
  type balanceFields,
  type expenditureFields,
  LineType,
  type Passage,
  PassageKind,
  type RoadRecord,
} from './records.ts';

/** `lastAnd1` is the second of the last entering or charging report, and 1; 0 for none. */
export const accountState = { balance: t.f64(), lastAnd1: t.u32() };
/** Requests that some shares have yet to come by, with what they will be answered. */
export const accountTables = {
  requests: table({ query: t.u32() }, { time: t.u32(), shares: t.u32(), balance: t.f64(), lastAnd1: t.u32() }),
};

export function onAccount(
  passage: Passage,
  account: StateOf<typeof accountState, typeof accountTables>,
  emit: Emit<typeof balanceFields>,
  shares: number,
): void {
  const { kind, time, charge } = passage;
  if (kind === PassageKind.request) {
    answer(passage, account, emit, shares);
    return;
  }
  if (charge > 0) account.balance += charge;
  if (account.lastAnd1 <= time) account.lastAnd1 = time + 1;
  if (account.requests.size === 0) return;
  for (const request of account.requests) {
    // Shares run ahead of each other: what is later than the request came from one that is.
    if (time > request.time) continue;
    request.balance += charge;
    if (request.lastAnd1 <= time) request.lastAnd1 = time + 1;
  }
}

function answer(
  { query, time }: Passage,
  { requests, balance, lastAnd1 }: StateOf<typeof accountState, typeof accountTables>,
  emit: Emit<typeof balanceFields>,
  shares: number,
): void {
  const request = requests.upsert(query);
  if (request.shares === 0) {
    // The first share that comes by: none has said anything later yet.
    request.time = time;
    request.balance = balance;
    request.lastAnd1 = lastAnd1;
  }
  request.shares += 1;
  if (request.shares < shares) return;
  const resultTime = request.lastAnd1 === 0 ? time : request.lastAnd1 - 1;
  emit({ time, query, resultTime, balance: request.balance });
  requests.delete(query);
}

export const expenditureTables = { days: table({ day: t.u32(), xway: t.u32() }, { toll: t.u32() }) };

export function onExpenditure(
  { type, time, xway, day, query, toll }: RoadRecord,
  { days }: StateOf<Record<never, never>, typeof expenditureTables>,
  emit: Emit<typeof expenditureFields>,
): void {
  if (type === LineType.history) days.upsert(day, xway).toll = toll;
  else emit({ time, query, toll: days.get(day, xway)?.toll ?? 0 });
}
