// What handling one piece of mail has come to: the row that it left, and the mail that it sent. Handled twice from the same rows, it
// must come to the same.
// Promises: the first difference between two of them, told in words.

import { isDeepStrictEqual } from 'node:util';
import { show } from '../../errors.ts';
import type { LoadedActor } from '../../system/loaded-actor.ts';
import { type Mail, MailKind, messageOf } from '../../system/mail.ts';
import { type KeptMail, plainMail, type Row } from '../../system/rows.ts';
import { unpackRest } from '../../system/slots.ts';
import { type ActorState, copyOf } from '../../system/state.ts';

export interface Witness {
  readonly row: Readonly<Record<string, unknown>>;
  readonly kept: readonly unknown[];
  readonly sent: readonly KeptMail[];
  /** The values of the state's fields; undefined if nobody is there. */
  readonly state: Readonly<Record<string, unknown>> | undefined;
}

/** Kinds of mail whose rest is an error: its stack tells who called, too. */
const OF_ERRORS: ReadonlySet<number> = new Set([MailKind.failure, MailKind.failed, MailKind.childFailed]);

function withoutStack(record: unknown): unknown {
  if (typeof record !== 'object' || record === null) return record;
  const { stack: _, cause, ...rest } = record as Record<string, unknown>;
  return { ...rest, cause: withoutStack(cause) };
}

const comparable = (mail: KeptMail): unknown =>
  OF_ERRORS.has(mail.kind) ? { ...mail, rest: withoutStack(unpackRest(mail.rest)) } : mail;

/** The fields of an actor's state, as values of their own. */
export function stateOf(loaded: LoadedActor, columns: Parameters<ActorState['@open']>[0]): Record<string, unknown> {
  const state = new loaded.State();
  state['@open'](copyOf(columns));
  const names = Object.keys(loaded.definition.parts.state ?? {});
  return Object.fromEntries(names.map((name) => [name, (state as unknown as Record<string, unknown>)[name]]));
}

export function witnessOf(row: Row, sent: readonly Mail[], loaded: LoadedActor | undefined): Witness {
  const { definition, status, behaviour, children, timers, stashed, life, head, tail, name } = row;
  const kept =
    definition === 0 ? [] : [...row.kept].map((each) => ({ what: each.what, seq: each.seq, ...plainMail(each) }));
  return {
    row: { definition, status, behaviour, children, timers, stashed, life, head, tail, name, ...copyOf(row) },
    kept,
    sent: sent.map((mail) => ({ ...plainMail(mail), to: mail.to })),
    state: loaded && definition !== 0 ? stateOf(loaded, row) : undefined,
  };
}

/** Says what `again` has in place of what `first` has; undefined if they are equal. */
export function differenceOf(
  first: Witness,
  again: Witness,
  loadedOf: (type: number) => LoadedActor | undefined,
): string | undefined {
  for (const name of Object.keys(first.state ?? {})) {
    const [one, other] = [first.state?.[name], again.state?.[name]];
    if (!isDeepStrictEqual(one, other)) return `left ${show(other)} in '${name}' of its state instead of ${show(one)}`;
  }
  const told = (mail: KeptMail | undefined): string => {
    if (mail === undefined) return 'nothing';
    const message = mail.kind === MailKind.message ? loadedOf(mail.type)?.messages[messageOf(mail.type)] : undefined;
    if (message === undefined) return `mail of kind ${mail.kind}`;
    return `'${message.name}' ${show(message.codec.read(mail as never))}`;
  };
  for (let i = 0; i < Math.max(first.sent.length, again.sent.length); i++) {
    const [one, other] = [first.sent[i], again.sent[i]];
    const isSame = one && other && isDeepStrictEqual(comparable(one), comparable(other));
    if (!isSame) return `sent ${told(other)} instead of ${told(one)}`;
  }
  const isSame = isDeepStrictEqual([first.row, first.kept], [again.row, again.kept]);
  return isSame ? undefined : 'kept other timers, children or mail';
}
