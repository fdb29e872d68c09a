// Letters: what a flow has for an actor, as tuples that travel from a worker to the app's thread.
// Promises: the message is checked and packed on the worker, as it is where actors tell; the app's thread only hands it on. What is
// wrong with a message, or with whom it is for, is a failure of its tuple, and the operator's `failure` decides.

import { errors } from '../../errors.ts';
import { t } from '../../mailbox/schema.ts';
import { type AnyActor, isActor, type MessageOf, splitMessage } from '../definition.ts';
import { Mail } from '../mail.ts';
import { messageCodec } from '../slots.ts';

/** How receivers are found. */
interface Receivers {
  /** Of a virtual actor. */
  readonly key: string;
  /** Of an actor, or of an inbox. */
  readonly name: string;
  /** Of any of them. */
  readonly address: string;
}

/** Found in one way, and in no other. */
type By<Way extends keyof Receivers> = Pick<Receivers, Way> & Partial<Record<Exclude<keyof Receivers, Way>, undefined>>;

/** Whom a letter is for, and the message: a virtual actor by its key, an actor or an inbox by its name, or any by its address. */
export type Letter<Message> = (By<'key'> | By<'name'> | By<'address'>) & {
  /** Its fields. */
  readonly message: MessageOf<Message>;
};

/** By what the receiver is found. */
export const WAYS = ['key', 'name', 'address'] as const;

/** The columns of a letter, with names that fields of tuples hardly have. */
export const LETTER = {
  /** Index of {@link WAYS}. */
  $way: t.u8(),
  $to: t.string(),
  $n0: t.f64(),
  $n1: t.f64(),
  $n2: t.f64(),
  $n3: t.f64(),
  $text: t.string(),
  $rest: t.optional(t.bytes()),
};

export interface LetterFields {
  readonly $way: number;
  readonly $to: string;
  readonly $n0: number;
  readonly $n1: number;
  readonly $n2: number;
  readonly $n3: number;
  readonly $text: string;
  readonly $rest: Uint8Array | null;
}

const RULE = 'an object with one of key, name and address, and with the message';

/** @throws MillraceError BAD_OPTION, UNKNOWN_MESSAGE */
export function checkMessage(definition: AnyActor, message: string, where: string): void {
  if (!isActor(definition)) throw errors.badOption('definition', definition, 'what actor() has made', where);
  const { messages } = definition.parts;
  if (!Object.hasOwn(messages, message)) throw errors.unknownMessage(definition.name, message, Object.keys(messages));
}

/** Makes what turns a tuple into a letter. */
export function letterWriter<Tuple>(
  definition: AnyActor,
  message: string,
  letterOf: (tuple: Tuple) => Letter<unknown>,
  where: string,
): (tuple: Tuple, operator: string) => Record<string, unknown> {
  checkMessage(definition, message, where);
  if (typeof letterOf !== 'function')
    throw errors.badOption('letter', letterOf, 'a function from a tuple to whom it is for and the message', where);
  const codec = messageCodec(definition.name, message, splitMessage(definition.parts.messages[message]).fields);
  const mail = new Mail();
  return (tuple, operator) => {
    const letter = letterOf(tuple);
    const $way = WAYS.findIndex((way) => typeof letter?.[way] === 'string' && letter[way] !== '');
    if ($way < 0) throw errors.badOption('letter', letter, RULE, `operator '${operator}'`);
    mail.address(0, 0);
    codec.write(letter.message as never, mail);
    const { n0, n1, n2, n3, text, rest } = mail;
    return { $way, $to: letter[WAYS[$way]], $n0: n0, $n1: n1, $n2: n2, $n3: n3, $text: text, $rest: rest };
  };
}

/** Puts a letter's message into mail. */
export function fillMail(letter: LetterFields, mail: Mail): void {
  mail.n0 = letter.$n0;
  mail.n1 = letter.$n1;
  mail.n2 = letter.$n2;
  mail.n3 = letter.$n3;
  mail.text = letter.$text;
  mail.rest = letter.$rest;
}
