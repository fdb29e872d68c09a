// What stands between a replica and its actors in a test: notes what they send, and has mail handled twice where that is asked for.
// Promises: what is noted has been committed; mail that is handled twice is rolled back between, with the ids that it has taken.
// Relies on: a batch whose first piece of mail throws is rolled back, and begins again with the same piece alone.

import { isDeepStrictEqual } from 'node:util';
import type { Resident } from '../../flow/resident.ts';
import type { Definitions } from '../../system/definitions.ts';
import type { LogLine } from '../../system/log.ts';
import { definitionOf, Mail, MailKind } from '../../system/mail.ts';
import type { Row } from '../../system/rows.ts';
import type { SystemEmit } from '../../system/worker/desk.ts';
import type { SystemResident } from '../../system/worker/system-resident.ts';
import { differenceOf, type Witness, witnessOf } from './witness.ts';

/** Thrown on purpose, to have a batch rolled back. */
class HandledOnce extends Error {}

/** What a tap tells, and asks. */
export interface TapEvents {
  /** Mail that an actor has sent is committed. */
  sent(mail: Mail): void;
  /** An actor has logged a line. */
  logged(line: LogLine): void;
  /** Takes mail in place of its receiver. Returns what is to be done when that is committed, and undefined if it is not for a stand-in. */
  takes(mail: Mail, emit: SystemEmit): (() => void) | undefined;
  /** Mail that was handled twice has not come to the same. */
  differs(mail: Mail, difference: string): void;
}

/** A copy of mail that is a view, or is filled again. */
function copyOf({ to, kind, type, from, life, token, fromType, n0, n1, n2, n3, text, key, rest }: Mail): Mail {
  const copy = new Mail().address(to, kind, type);
  return Object.assign(copy, { from, life, token, fromType, n0, n1, n2, n3, text, key, rest: rest?.slice() ?? null });
}

type Context = Parameters<SystemResident['receive']>[3];

export class ActorTap implements Resident {
  readonly resident: SystemResident;
  /** True to have the next piece of mail handled twice. */
  isTwice = false;
  /** True once mail was handled that a new start does not bring again. */
  hasHandled = false;
  private readonly definitions: Definitions;
  private readonly events: TapEvents;
  /** Mail that was handled once, and rolled back. */
  private first: { readonly mail: Mail; readonly witness: Witness } | undefined;
  private readonly open: (() => void)[] = [];
  /** True while a handler runs whose batch may be rolled back on purpose. */
  private isHandling = false;

  constructor(resident: SystemResident, definitions: Definitions, events: TapEvents) {
    this.resident = resident;
    this.definitions = definitions;
    this.events = events;
  }

  get dueAtMs(): number {
    return this.resident.dueAtMs;
  }

  next(emit: SystemEmit): Mail | undefined {
    return this.resident.next(emit);
  }

  readonly receive = (mail: Mail, row: Row, emit: SystemEmit, context: Context): void => {
    const taken = this.events.takes(mail, emit);
    if (taken !== undefined) {
      context.remove();
      this.open.push(taken);
      this.hasHandled = true;
      return;
    }
    const { first } = this;
    this.first = undefined;
    const copy = copyOf(mail);
    // What a replica has to say itself may have come before what was rolled back.
    const isAgain = first !== undefined && isDeepStrictEqual(copy, first.mail);
    const isTwice = this.isTwice && mail.kind !== MailKind.goOn;
    if (!isTwice && !isAgain) {
      this.handle(mail, row, emit, context);
      return;
    }
    const ids = this.definitions.nextIds;
    const before = row.definition;
    const sent = this.handle(mail, row, emit, context);
    const loaded = this.definitions.at(before === 0 ? row.definition : before);
    const witness = witnessOf(row, sent, loaded);
    if (!isAgain) {
      this.isTwice = false;
      this.hasHandled = false;
      this.first = { mail: copy, witness };
      this.definitions.idsFrom(ids);
      throw new HandledOnce('rolled back on purpose');
    }
    const difference = differenceOf(first.witness, witness, (type) => this.definitions.at(definitionOf(type)));
    if (difference !== undefined) this.events.differs(copy, difference);
  };

  private handle(mail: Mail, row: Row, emit: SystemEmit, context: Context): Mail[] {
    const { to, kind } = mail;
    const [head, status] = [row.head, row.status];
    const sent: Mail[] = [];
    this.isHandling = true;
    try {
      this.resident.receive(mail, row, this.noting(emit, sent, to), context);
    } finally {
      this.isHandling = false;
    }
    // Whoever begins anew has its actors look what there is to do.
    if (kind !== MailKind.goOn || row.head !== head || row.status !== status) this.hasHandled = true;
    return sent;
  }

  /** A line of a handler that is run twice on purpose is told once. */
  logged(line: LogLine): void {
    if (this.isHandling) this.open.push(() => this.events.logged(line));
    else this.events.logged(line);
  }

  /** @param from whose mail it is that is told of; undefined for anybody's: a group hands on what others have sent */
  private noting(emit: SystemEmit, sent: Mail[], from?: number): SystemEmit {
    const note = (mail: Mail): void => {
      const copy = copyOf(mail);
      sent.push(copy);
      if (from === undefined || mail.from === from) this.open.push(() => this.events.sent(copy));
    };
    return {
      mail: (mail) => {
        note(mail);
        emit.mail(mail);
      },
      app: (mail) => {
        note(mail);
        emit.app(mail);
      },
    };
  }

  work(nowMs: number, emit: SystemEmit, eachRow: Parameters<SystemResident['work']>[2]): void {
    this.resident.work(nowMs, this.noting(emit, []), eachRow);
  }

  committed(): void {
    this.resident.committed();
    for (const tell of this.open.splice(0)) tell();
  }

  rolledBack(): void {
    this.open.length = 0;
    this.resident.rolledBack();
  }

  ownersChanged(groups: readonly number[]): void {
    this.resident.ownersChanged(groups);
  }

  close(): void {
    this.resident.close();
  }
}
