// Mail that says what has become of other mail: its ask has failed, nobody has handled it, who was to be watched has ended.
// Relies on: of the app, which is no actor, a watch is told apart by its token.

import { Mail, MailKind, MESSAGES_MAX } from './mail.ts';
import { packError } from './slots.ts';

/** To who asked: the ask has failed. */
export function failureOf(asked: Pick<Mail, 'from' | 'token'>, error: Error, errorBytes: number): Mail {
  const mail = new Mail().address(asked.from, MailKind.failure);
  mail.token = asked.token;
  mail.rest = packError(error, errorBytes);
  return mail;
}

/** To the app: nobody has handled the message. */
export function deadLetterOf(message: Mail, error: Error): Mail {
  const letter = new Mail().address(0, MailKind.deadLetter, message.type);
  letter.from = message.from;
  letter.fromType = message.fromType;
  letter.n0 = message.to;
  letter.text = error.message;
  return letter;
}

/** Who watches, and by which token if it is the app. */
export interface Watcher {
  readonly from: number;
  readonly token: number;
}

/** To one who watches: the end of an inbox, of a definition with the number `definition`. */
export function endedOf(watcher: Watcher, inbox: number, definition: number, reason: string): Mail {
  const mail = new Mail().address(watcher.from, MailKind.ended);
  mail.from = inbox;
  mail.fromType = definition * MESSAGES_MAX;
  mail.token = watcher.from === 0 ? watcher.token : 0;
  mail.text = reason;
  return mail;
}

/** To a group: its member has handled what came before the report. */
export function reportedOf({ from, to, n0 }: Pick<Mail, 'from' | 'to' | 'n0'>): Mail {
  const mail = new Mail().address(from, MailKind.reported);
  mail.from = to;
  mail.n0 = n0;
  return mail;
}
