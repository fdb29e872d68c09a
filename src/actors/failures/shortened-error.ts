// An error in as little room as a dead letter can spare it, so that the letter's key and tuple need not make way for it.
// Promises: the beginnings of its texts are kept, and a text that was cut says so; code and name stay.

import type { toRecord } from '../../errors.ts';

type ErrorRecord = ReturnType<typeof toRecord>;

const MESSAGE_CHARACTERS_MAX = 1000;
const STACK_CHARACTERS_MAX = 2000;
const NAME_CHARACTERS_MAX = 100;

/** The beginning of a text that is longer than so much, and how long it is. */
export function beginningOf(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  // Half a character would be none.
  const beginning = text.slice(0, charactersMax).replace(/[\ud800-\udbff]$/, '');
  return `${beginning}… (the beginning of ${text.length} characters)`;
}

/** A stack begins with the message, behind which the frames are: what is worth its room. */
function shortenedStack(stack: string, message: string, shortened: string): string {
  const at = message === '' ? -1 : stack.indexOf(message);
  const frames = at < 0 ? stack : stack.slice(0, at) + shortened + stack.slice(at + message.length);
  return beginningOf(frames, STACK_CHARACTERS_MAX);
}

/** An error whose texts are short, those of its causes too. */
export function shortenedError({ name, message, stack, details, cause, ...rest }: ErrorRecord): ErrorRecord {
  const shortened = beginningOf(message, MESSAGE_CHARACTERS_MAX);
  return {
    ...rest,
    name: beginningOf(name, NAME_CHARACTERS_MAX),
    message: shortened,
    stack: stack === undefined ? undefined : shortenedStack(stack, message, shortened),
    details: Object.fromEntries(
      Object.entries(details).map(([field, value]) => [
        field,
        typeof value === 'string' ? beginningOf(value, MESSAGE_CHARACTERS_MAX) : value,
      ]),
    ),
    cause: cause === undefined ? undefined : shortenedError(cause),
  };
}
