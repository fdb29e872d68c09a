// inbox(): what actors tell the app, as a definition that they address like that of an actor.
// Promises: messages and replies are inferred; every mistake that can be seen without a message is a typed error at the declaration.

import { errors } from '../errors.ts';
import { checkOptions } from '../options/check.ts';
import { refuseSurplus } from '../surplus.ts';
import {
  ACTOR,
  ACTOR_MAILBOX,
  type ActorMailbox,
  checkMessages,
  type InboxDefinition,
  identityOf,
  type MessageShapes,
} from './definition.ts';

/** What an inbox is made of. */
export interface InboxParts<Messages extends MessageShapes> {
  /** Its messages: fields by name, and `reply` for the fields of an answer. */
  readonly messages: Messages;
  /** How many messages may wait for their handlers, on the app's heap. What is left out is a dead letter. */
  readonly mailbox?: ActorMailbox;
}

const KNOWN_PARTS = ['messages', 'mailbox'];

/**
 * Declares an inbox: messages that actors tell the app, or ask it. The app opens it by `system.open()`.
 * @param moduleUrl `import.meta.url` of the module that exports it
 * @param name unique within the module
 * @throws MillraceError BAD_OPTION, BAD_ACTOR, BAD_SCHEMA
 */
export function inbox<const Messages extends MessageShapes>(
  moduleUrl: string,
  name: string,
  parts: InboxParts<Messages>,
  ...surplus: readonly never[]
): InboxDefinition<Messages> {
  refuseSurplus('inbox(moduleUrl, name, parts)', 3, surplus);
  const url = identityOf(moduleUrl, name);
  if (typeof parts !== 'object' || parts === null)
    throw errors.badActor(name, 'is declared without parts: give it messages');
  const surplusPart = Object.keys(parts).find((part) => !KNOWN_PARTS.includes(part));
  if (surplusPart !== undefined) {
    throw errors.badActor(
      name,
      `is an inbox and has no part '${surplusPart}': give it messages and mailbox here, and its handlers to system.open()`,
    );
  }
  const { messages, mailbox = {} } = parts;
  checkMessages(name, messages);
  checkOptions(`inbox '${name}'`, ACTOR_MAILBOX, mailbox, 'mailbox');
  if (mailbox.full === 'wait') {
    throw errors.badActor(
      name,
      "is an inbox with a mailbox that is to 'wait', and actors never wait: let it drop, or let them ask in place of telling",
    );
  }
  // No handler is called on a worker.
  const receive = {} as never;
  return { [ACTOR]: true, moduleUrl: url, name, parts: { messages, mailbox, receive }, place: 'app' };
}
