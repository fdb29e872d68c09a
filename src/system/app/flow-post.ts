// The system as the flows see it that are run with it: letters become mail, and inboxes are opened for sources.
// Promises: a letter that cannot be sent because the system has ended is an error that says so.

import { errors } from '../../errors.ts';
import { idFound, idOfKey, parseAddress, refuseInbox } from '../addresses.ts';
import type { AnyActor, AnyInbox } from '../definition.ts';
import type { Definitions } from '../definitions.ts';
import type { BoundSystem, LetterPost } from '../flows/bound-system.ts';
import { type LetterFields, WAYS } from '../flows/letters.ts';
import type { LoadedMessage } from '../loaded-actor.ts';
import { Ref } from '../ref.ts';
import type { AppPost } from './app-post.ts';
import type { Inboxes } from './inboxes.ts';

/** Receivers that are remembered: what a letter says of them is looked up once. */
const REFS_MAX = 4096;

export class FlowPost implements BoundSystem {
  readonly #definitions: Definitions;
  readonly #post: AppPost;
  readonly #inboxes: Inboxes;
  /** Whoever is to hear that the system has ended. */
  readonly #working = new Set<(error: Error) => void>();
  #error: Error | undefined;

  constructor(definitions: Definitions, post: AppPost, inboxes: Inboxes) {
    this.#definitions = definitions;
    this.#post = post;
    this.#inboxes = inboxes;
  }

  whileOpen(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (settle: () => void): void => {
        this.#working.delete(reject);
        settle();
      };
      this.#working.add(reject);
      work.then(
        () => over(resolve),
        (error: unknown) => over(() => reject(error)),
      );
    });
  }

  /** The system has ended. */
  end(error: Error): void {
    this.#error ??= error;
    for (const reject of this.#working) reject(this.#error);
    this.#working.clear();
  }

  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  post(definition: AnyActor, message: string): LetterPost {
    const loaded = this.#definitions.of(definition);
    const found = loaded.messages.find(({ name }) => name === message) as LoadedMessage;
    const refs = new Map<string, Ref>();
    const refOf = ({ $way, $to }: LetterFields): Ref => {
      const text = `${$way}${$to}`;
      let ref = refs.get(text);
      if (ref === undefined) {
        if (refs.size >= REFS_MAX) refs.clear();
        ref = this.#refOf(definition, WAYS[$way], $to);
        refs.set(text, ref);
      }
      return ref;
    };
    return {
      tell: (letter) => {
        this.check();
        return this.#post.tellLetter(refOf(letter), found, letter)?.catch((error: unknown) => {
          this.check();
          throw error;
        });
      },
      ask: async (letter, timeoutMs) => {
        this.check();
        return this.#post.askLetter(refOf(letter), found, letter, { timeoutMs });
      },
    };
  }

  #refOf(definition: AnyActor, way: (typeof WAYS)[number], to: string): Ref {
    const loaded = this.#definitions.of(definition);
    if (way === 'address') {
      const { id, life, key } = parseAddress(this.#definitions, definition, to);
      return new Ref(loaded, id, life, key, this.#post);
    }
    if (way === 'name') return new Ref(loaded, idFound(loaded, to), 0, '', this.#post);
    refuseInbox(loaded, 'a key');
    return new Ref(loaded, idOfKey(loaded.index, to), 0, to, this.#post);
  }

  open(
    definition: AnyInbox,
    message: string,
    name: string,
    handler: (message: Record<string, unknown>) => Promise<void> | undefined,
  ): ReturnType<BoundSystem['open']> {
    if (this.#post.isClosed) throw errors.systemStopped();
    const inbox = this.#inboxes.add(definition, { [message]: handler as never }, name);
    return { closed: inbox.closed, close: (isNow, reason) => this.#inboxes.close(inbox, isNow, reason) };
  }
}
