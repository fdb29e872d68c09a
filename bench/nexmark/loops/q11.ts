// q11, sessions: a bidder's bids with less than the gap between each two.
// Relies on: a session's timer may be too early, as it is set once and looks again; sessions of a bidder never overlap, so they fire in
// order.

import { SESSION_GAP_MS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Timers } from './timers.ts';

interface Session {
  readonly bidder: number;
  first: number;
  last: number;
  /** 0 once it is part of another one. */
  bids: number;
}

const isNear = ({ first, last }: Session, timeMs: number): boolean =>
  timeMs - last < SESSION_GAP_MS && first - timeMs < SESSION_GAP_MS;

export const q11: Loop = {
  open({ rows }) {
    const bidders = new Map<number, Session[]>();
    const timers = new Timers<Session>();
    const join = (into: Session, other: Session): void => {
      into.first = Math.min(into.first, other.first);
      into.last = Math.max(into.last, other.last);
      into.bids += other.bids;
      other.bids = 0;
    };
    return {
      bid({ bidder, dateTime }) {
        let sessions = bidders.get(bidder);
        if (sessions === undefined) {
          sessions = [];
          bidders.set(bidder, sessions);
        }
        const bid: Session = { bidder, first: dateTime, last: dateTime, bids: 1 };
        const near = sessions.filter((session) => isNear(session, dateTime));
        if (near.length === 0) {
          sessions.push(bid);
          timers.set(dateTime + SESSION_GAP_MS, bid);
          return;
        }
        join(near[0], bid);
        if (near.length === 1) return;
        join(near[0], near[1]);
        sessions.splice(sessions.indexOf(near[1]), 1);
      },
      watermark(timeMs) {
        timers.fire(timeMs, (session, dueMs) => {
          const { bidder, first, last, bids } = session;
          if (bids === 0) return;
          const end = last + SESSION_GAP_MS;
          if (end > dueMs) {
            timers.set(end, session);
            return;
          }
          rows.add(`${bidder},${first},${end},${bids}`);
          const sessions = bidders.get(bidder) as Session[];
          if (sessions.length === 1) bidders.delete(bidder);
          else sessions.splice(sessions.indexOf(session), 1);
        });
      },
    };
  },
};
