// What an actor is in shared memory: the row of its id, and a table of what it keeps beside its state.
// Promises: all that must survive a crash of its thread stands here: who it is, what it is at, its mail, children, timers, watchers.

import { t } from '../mailbox/schema.ts';
import { table } from '../state/rows/row-layout.ts';
import type { StateTable } from '../state/rows/state-table.ts';
import type { StateColumns } from './state.ts';

/** What an actor is at. A row of nobody's has 0. */
export const Status = {
  nobody: 0,
  /** Takes its next mail. */
  idle: 1,
  /** An async handler is under way: its mail is kept as {@link Kept.current}. */
  busy: 2,
  /** Has failed, and waits for what its parent decides. */
  suspended: 3,
  /** Waits for its children to end, to end itself. */
  stopping: 4,
  /** Waits for its children to end, to begin again. */
  restarting: 5,
  /** Waits for the time to begin again. */
  backingOff: 6,
  /** Waits for its definition to be loaded. */
  loading: 7,
  /** Mail is here, and nobody yet: whether somebody is on the way is being asked. */
  awaited: 8,
  /** Is no actor: hands mail on to its members. */
  group: 9,
  /** Is a virtual actor that had nothing to do for a while: its next mail wakes it. */
  resting: 10,
} as const;

/** How an actor restarts; virtual ones are made by the first mail to them. */
export const Restart = { transient: 0, permanent: 1, temporary: 2, virtual: 3 } as const;
/** As apps name the first of them, in their order. */
export const RESTARTS = ['transient', 'permanent', 'temporary'] as const;
export type RestartName = (typeof RESTARTS)[number];

/** What the table of an actor keeps. */
export const Kept = {
  /** Its mail, in order: from `head` to `tail`. */
  mail: 0,
  /** The mail in work, if that is async. */
  current: 1,
  /** Mail that it has put aside. */
  stashed: 2,
  /** The mail it was spawned with. */
  birth: 3,
  /** Its children, by id: `n0` is the order. */
  child: 4,
  /** Who is told of its end, by id; the app's asks by their negative tokens. */
  watcher: 5,
  /** Whom it watches, by id. */
  watching: 6,
  /** Its timers: `token` is when one is due, `from` its period, `life` {@link WAITS} while a tick of it waits in the mailbox. */
  timer: 7,
  /** Failures that are counted: `n0` of them since `token`; of itself if it has no parent, else of its children. */
  failures: 8,
  /** Why it ends. */
  end: 9,
  /** The members of a group, by id: `n0` is the order, `n1` the life, `n2` how much of the group's mail is before it. */
  member: 10,
  /** There is mail in the queue that its life needs, and that came when its definition was not loaded on the thread. */
  held: 11,
  /** `n0` is how much of the queue are reports, which take no room of the mailbox. */
  reports: 12,
} as const;

export const WAITS = 1;

/** In place of the life that a message is for: it is of a timer. */
export const OF_TIMER = -1;

export const ROW = {
  /** Number of its definition; 0 if nobody is here. */
  definition: t.u32(),
  status: t.u32(),
  behaviour: t.u32(),
  restart: t.u32(),
  children: t.u32(),
  timers: t.u32(),
  stashed: t.u32(),
  /** Whoever had the same id before had another life. */
  life: t.f64(),
  parent: t.f64(),
  head: t.f64(),
  tail: t.f64(),
  /** When it has had something to do last, of virtual actors that rest. */
  activeMs: t.f64(),
  /** How long it has nothing to do before it rests, if it has said so itself; 0 for as long as its definition says. */
  restAfterMs: t.f64(),
  name: t.string(),
  n0: t.f64(),
  n1: t.f64(),
  n2: t.f64(),
  n3: t.f64(),
  text: t.string(),
  rest: t.optional(t.bytes()),
};

const KEPT_KEY = { what: t.u32(), seq: t.f64() };
const KEPT_ROW = {
  from: t.f64(),
  token: t.f64(),
  life: t.f64(),
  kind: t.u32(),
  type: t.u32(),
  fromType: t.u32(),
  n0: t.f64(),
  n1: t.f64(),
  n2: t.f64(),
  n3: t.f64(),
  text: t.string(),
  rest: t.optional(t.bytes()),
};

export const TABLES = { kept: table(KEPT_KEY, KEPT_ROW) };

/** A row, while its mail is handled. */
export interface Row extends StateColumns {
  definition: number;
  status: number;
  behaviour: number;
  restart: number;
  children: number;
  timers: number;
  stashed: number;
  life: number;
  parent: number;
  head: number;
  tail: number;
  activeMs: number;
  restAfterMs: number;
  name: string;
  readonly kept: StateTable<typeof KEPT_KEY, typeof KEPT_ROW>;
}

/** What of mail is kept. */
export interface KeptMail {
  from: number;
  token: number;
  life: number;
  kind: number;
  type: number;
  fromType: number;
  n0: number;
  n1: number;
  n2: number;
  n3: number;
  text: string;
  rest: Uint8Array | null;
}

export function copyMail(from: KeptMail, to: KeptMail): void {
  to.from = from.from;
  to.token = from.token;
  to.life = from.life;
  to.kind = from.kind;
  to.type = from.type;
  to.fromType = from.fromType;
  to.n0 = from.n0;
  to.n1 = from.n1;
  to.n2 = from.n2;
  to.n3 = from.n3;
  to.text = from.text;
  to.rest = from.rest;
}

/** A copy of mail that is a view of a frame or of a row. */
export const plainMail = (mail: KeptMail): KeptMail => {
  const { from, token, life, kind, type, fromType, n0, n1, n2, n3, text, rest } = mail;
  return { from, token, life, kind, type, fromType, n0, n1, n2, n3, text, rest };
};
