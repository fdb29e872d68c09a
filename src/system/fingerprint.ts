// What two threads must agree on of an actor's definition, as a few characters: mail and rows of one are read by the other.
// Promises: definitions with the same messages, state, arguments, behaviours, hooks, mailbox and supervision have the same one.

import { createHash } from 'node:crypto';
import { codecOf } from '../mailbox/columns/registry.ts';
import type { Shape } from '../mailbox/schema.ts';
import { type AnyActor, isInbox, type MessageShape, splitMessage } from './definition.ts';
import { methodOf } from './methods.ts';

const fieldsOf = (shape: Shape = {}): [string, string][] =>
  Object.entries(shape).map(([name, field]) => [name, codecOf(field).label]);

export function fingerprintOf(definition: AnyActor): string {
  const { messages, state, args, behaviours = {}, start, stop, ended, rest, mailbox, supervision } = definition.parts;
  const ofMessages = Object.entries(messages as Record<string, MessageShape>).map(([name, shape]) => {
    const { fields, reply } = splitMessage(shape);
    return [name, fieldsOf(fields), reply && fieldsOf(reply)];
  });
  const names = Object.keys(messages);
  const ofBehaviours = Object.entries(behaviours).map(([name, handlers]) => [
    name,
    names.filter((message) => methodOf(handlers as object, message) !== undefined),
  ]);
  const hooks = [start, stop, ended, rest].map((hook) => hook !== undefined);
  const parts = [
    isInbox(definition),
    ofMessages,
    fieldsOf(state),
    fieldsOf(args),
    ofBehaviours,
    hooks,
    definition.parts.restAfterMs,
  ];
  // Infinity is no value of JSON.
  const options = [mailbox, supervision].map((given) =>
    Object.entries(given ?? {}).map(([name, to]) => [name, `${to}`]),
  );
  return createHash('sha256')
    .update(JSON.stringify([parts, options]))
    .digest('base64url')
    .slice(0, 22);
}
