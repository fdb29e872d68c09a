// Ids of actors that are found by a name or a key, and addresses as text.
// Promises: a name, or the key of a definition, has the same id in all threads: 52 bits of a hash, in a range that no counted id has.
// Two names of one id are found out when the second actor is made (NAME_TAKEN): of a million names, once in ten thousand systems.

import { errors } from '../errors.ts';
import { hashString, mix32 } from '../mailbox/hash.ts';
import type { AnyActor } from './definition.ts';
import type { Definitions } from './definitions.ts';
import type { LoadedActor } from './loaded-actor.ts';

/** Ids of names are beyond those that are counted. */
const NAMED_FROM = 2 ** 52;

const hashed = (text: string): number => {
  const first = hashString(text);
  // Other bits of the same text: the hash of the text turned round.
  const second = mix32(hashString(`${text.length}:${[...text].reverse().join('')}`) ^ Math.imul(first, 0x9e3779b1));
  return NAMED_FROM + ((first >>> 0) & 0xfffff) * 2 ** 32 + (second >>> 0);
};

export const idOfName = (name: string): number => hashed(`name ${name}`);
export const idOfGroup = (definition: number, name: string): number => hashed(`group ${definition} ${name}`);
export const idOfKey = (definition: number, key: string): number => hashed(`key ${definition} ${key}`);

/** Ids of inboxes are below 0: their mail is for the app. */
export const isOfInbox = (id: number): boolean => id < 0;
/** The id of an inbox that has a name. */
export const idOfInbox = (definition: number, name: string): number => -hashed(`inbox ${definition} ${name}`);

/** Who has a name: an actor, or an inbox of the app's. @throws MillraceError BAD_OPTION */
export function idFound(loaded: LoadedActor, name: unknown): number {
  const checked = checkName('name', name, 'find()');
  return loaded.isInbox ? idOfInbox(loaded.index, checked) : idOfName(checked);
}

/** Refuses what only the app opens. @throws MillraceError BAD_ACTOR */
export function refuseInbox({ isInbox, name }: LoadedActor, where: string): void {
  if (isInbox) {
    throw errors.badActor(
      name,
      `is an inbox, and ${where} takes actors: open it in the app by system.open(), and find() it by its name`,
    );
  }
}

/** @throws MillraceError BAD_OPTION */
export function checkName(what: 'name' | 'key', given: unknown, where: string): string {
  if (typeof given !== 'string' || given === '')
    throw errors.badOption(what, given, 'a string that is not empty', where);
  return given;
}

/** True of the id of an actor that has a name or a key. */
export const isNamed = (id: number): boolean => id >= NAMED_FROM;

/** What an address stands for. */
interface AddressParts {
  readonly loaded: LoadedActor;
  readonly id: number;
  readonly life: number;
  readonly key: string;
}

/** @throws MillraceError BAD_OPTION if it is no address of such an actor, FOREIGN_REF if it is one of another system */
export function parseAddress(definitions: Definitions, definition: AnyActor, address: unknown): AddressParts {
  const loaded = definitions.of(definition);
  const found = typeof address === 'string' ? /^(\d+)\/(\d+)\/(-?\d+)\/(\d+)\/(.*)$/s.exec(address) : null;
  if (found === null) throw errors.badOption('address', address, 'what the `address` of a reference is', 'ref()');
  const [, system, index, id, life, key] = found;
  if (Number(system) !== definitions.system) throw errors.foreignRef(`actor ${id}`);
  if (Number(index) !== loaded.index) {
    throw errors.badOption('address', address, `the address of an actor '${loaded.name}'`, 'ref()');
  }
  return { loaded, id: Number(id), life: Number(life), key };
}
