// What a system of actors is to the flows that are run with it: how letters are told and asked, and what opens an inbox.
// Relies on: bridges run in the app's thread, where the system is.

import type { AnyActor, AnyInbox } from '../definition.ts';
import type { LetterFields } from './letters.ts';

/** An inbox that a flow has opened. */
interface FlowInbox {
  readonly closed: Promise<void>;
  /** @param isNow true if messages that wait are dead letters, with the reason */
  close(isNow: boolean, reason: string): void;
}

/** Tells and asks one message of one definition. */
export interface LetterPost {
  /** What comes back waits for room. @throws MillraceError SYSTEM_STOPPED, BAD_OPTION, FOREIGN_REF */
  tell(letter: LetterFields): Promise<void> | undefined;
  /** Resolves with the reply. */
  ask(letter: LetterFields, timeoutMs: number): Promise<unknown>;
}

export interface BoundSystem {
  /** As `work`, but rejects when the system ends before: with why. */
  whileOpen(work: Promise<void>): Promise<void>;
  /** @throws MillraceError why the system has ended, if it has */
  check(): void;
  post(definition: AnyActor, message: string): LetterPost;
  /** @throws MillraceError NAME_TAKEN, SYSTEM_STOPPED */
  open(
    definition: AnyInbox,
    message: string,
    name: string,
    handler: (message: Record<string, unknown>) => Promise<void> | undefined,
  ): FlowInbox;
}
