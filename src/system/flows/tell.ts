// tell(): the sink of a flow that tells actors.
// Promises: each tuple is told once, whatever worker dies on either side; tuples of one replica are told in their order. The flow
// waits where the system's rings are full, and the job is done when all tuples are told.

import { errors } from '../../errors.ts';
import type { BridgeEnds, TellDefinition } from '../../flow/bridge.ts';
import { refuseSurplus } from '../../surplus.ts';
import { type AnyActor, type MessagesOf, splitMessage } from '../definition.ts';
import type { Tell } from '../ref.ts';
import type { BoundSystem } from './bound-system.ts';
import { LETTER, type Letter, type LetterFields, letterWriter } from './letters.ts';

/**
 * Tells an actor, or an inbox, each tuple of a stream: `stream.to('deposits', tell(account, 'deposit', …))`.
 * @param letterOf gives whom a tuple is for (a `key`, a `name` or an `address`) and the `message`; runs on the worker
 * @throws MillraceError BAD_OPTION, UNKNOWN_MESSAGE
 */
export function tell<Definition extends AnyActor, Name extends keyof Tell<MessagesOf<Definition>> & string, Tuple>(
  definition: Definition,
  message: Name,
  letterOf: (tuple: Tuple) => Letter<MessagesOf<Definition>[Name]>,
  ...surplus: readonly never[]
): TellDefinition<Tuple> {
  refuseSurplus('tell(definition, message, letterOf)', 3, surplus);
  const write = letterWriter(definition, message, letterOf, 'tell()');
  if (splitMessage(definition.parts.messages[message]).reply !== undefined)
    throw errors.badOption('message', message, 'a message without a reply: ask() the others', 'tell()');
  const bridge = ({ output, system }: BridgeEnds): Promise<void> => {
    const bound = system as BoundSystem;
    return bound.whileOpen(tellAll(output as AsyncIterable<LetterFields[]>, bound, definition, message));
  };
  return { kind: 'tell', letter: LETTER, write, bridge };
}

async function tellAll(
  output: AsyncIterable<readonly LetterFields[]>,
  system: BoundSystem,
  definition: AnyActor,
  message: string,
): Promise<void> {
  system.check();
  const post = system.post(definition, message);
  for await (const batch of output) {
    for (const letter of batch) {
      const room = post.tell(letter);
      if (room !== undefined) await room;
    }
  }
}
