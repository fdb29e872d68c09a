// told(): the source of a flow that actors tell: an inbox whose messages are the tuples.
// Promises: each message becomes one tuple, whatever worker dies on either side, in the order of each sender. Where the flow is slow,
// messages wait in the inbox; what comes when the flow has ended is a dead letter.

import { errors } from '../../errors.ts';
import type { BridgeEnds, ToldDefinition } from '../../flow/bridge.ts';
import { Schema, type Shape } from '../../mailbox/schema.ts';
import { refuseSurplus } from '../../surplus.ts';
import { type AnyInbox, isInbox, type MessageShape, type MessagesOf, splitMessage } from '../definition.ts';
import type { Tell } from '../ref.ts';
import type { BoundSystem } from './bound-system.ts';
import { checkMessage } from './letters.ts';

/** The fields of a message, as the schema of tuples. */
export type FieldsOf<Message> = Message extends MessageShape ? Omit<Message, 'reply'> & Shape : never;

/**
 * Tuples that actors tell an inbox, which the flow opens under the name of the source: an actor finds it by that name,
 * `context.find(alarms, 'alarms').tell.raised({…})`.
 * @throws MillraceError BAD_OPTION, UNKNOWN_MESSAGE, BAD_SCHEMA
 */
export function told<Definition extends AnyInbox, Name extends keyof Tell<MessagesOf<Definition>> & string>(
  definition: Definition,
  message: Name,
  ...surplus: readonly never[]
): ToldDefinition<FieldsOf<MessagesOf<Definition>[Name]>> {
  refuseSurplus('told(inbox, message)', 2, surplus);
  checkMessage(definition, message, 'told()');
  if (!isInbox(definition)) throw errors.badOption('inbox', definition, 'what inbox() has made', 'told()');
  const { fields, reply } = splitMessage(definition.parts.messages[message]);
  if (reply !== undefined) throw errors.badOption('message', message, 'a message without a reply', 'told()');
  Schema.of(fields, `'${message}' of inbox '${definition.name}', which told() makes tuples of,`);
  const bridge = (ends: BridgeEnds): Promise<void> => takeAll(ends, definition, message);
  return { kind: 'told', fields: fields as FieldsOf<MessagesOf<Definition>[Name]>, bridge };
}

async function takeAll({ operator, system, push, stopping, over }: BridgeEnds, definition: AnyInbox, message: string) {
  const bound = system as BoundSystem;
  bound.check();
  const inbox = bound.open(definition, message, operator, (tuple) => {
    const room = push(tuple);
    // Of a job that has failed `job.done` tells.
    return room?.catch(() => {});
  });
  const end = (isNow: boolean) => (): void => inbox.close(isNow, `the flow of source '${operator}' has ended`);
  stopping.addEventListener('abort', end(false), { once: true });
  over.addEventListener('abort', end(true), { once: true });
  await inbox.closed;
  bound.check();
}
