// ask(): the step of a flow that asks actors about its tuples, many at a time, and joins each tuple with its reply.
// Promises: each tuple is asked for once, whatever worker dies on either side, and comes out once: with its reply, as `failed` says, or
// not at all because the job has failed. At most `capacity` asks wait; then the flow does.

import { errors } from '../../errors.ts';
import type { AskDefinition, BridgeEnds } from '../../flow/bridge.ts';
import type { Shape, TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import type { Checked, Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { type AnyActor, type MessagesOf, splitMessage } from '../definition.ts';
import { ASK_STEP_OPTIONS } from './ask-options.ts';
import type { BoundSystem } from './bound-system.ts';
import { LETTER, type Letter, type LetterFields, letterWriter } from './letters.ts';

/** The fields that a reply adds to a tuple; none if there is no reply. */
export type ReplyFields<Message> = Message extends { readonly reply: infer Reply extends Shape }
  ? Reply
  : Record<never, never>;

/** Options of `ask()`. */
export interface AskStepOptions<Tuple, Reply extends Shape> extends Omit<Given<typeof ASK_STEP_OPTIONS>, 'failed'> {
  /**
   * What becomes of a tuple whose ask fails (`ASK_TIMEOUT`, `ACTOR_FAILED`, `TARGET_STOPPED`, `MAILBOX_FULL`, `NO_REPLY`): the tuple to
   * give in its place, or undefined to leave it out. Without it the job fails with the error. Runs in the app's thread.
   */
  failed?: (tuple: Tuple, error: Error) => (Tuple & TupleOf<Reply>) | undefined;
}

/**
 * Asks an actor about each tuple of a stream: `stream.through('balances', ask(account, 'balance', …))` gives the tuples with the fields
 * of the replies.
 * @param letterOf gives whom a tuple is for (a `key`, a `name` or an `address`) and the `message`; runs on the worker
 * @throws MillraceError BAD_OPTION, UNKNOWN_MESSAGE
 */
export function ask<Definition extends AnyActor, Name extends keyof MessagesOf<Definition> & string, Tuple>(
  definition: Definition,
  message: Name,
  letterOf: (tuple: Tuple) => Letter<MessagesOf<Definition>[Name]>,
  options: AskStepOptions<NoInfer<Tuple>, ReplyFields<MessagesOf<Definition>[Name]>> = {},
  ...surplus: readonly never[]
): AskDefinition<Tuple, ReplyFields<MessagesOf<Definition>[Name]>> {
  refuseSurplus('ask(definition, message, letterOf, options)', 4, surplus);
  const write = letterWriter(definition, message, letterOf, 'ask()');
  const checked = checkOptions('ask()', ASK_STEP_OPTIONS, options as Given<typeof ASK_STEP_OPTIONS>);
  const { reply = {} } = splitMessage(definition.parts.messages[message]);
  const bridge =
    (names: readonly string[]) =>
    (ends: BridgeEnds): Promise<void> => {
      const bound = ends.system as BoundSystem;
      return new Asking(ends, names, checked).run(bound, definition, message);
    };
  return { kind: 'ask', letter: LETTER, write, reply: reply as ReplyFields<MessagesOf<Definition>[Name]>, bridge };
}

type Tuple = Record<string, unknown>;

interface Asked {
  readonly tuple: Tuple;
  /** What comes out, once it is known; undefined if nothing does. */
  result: Tuple | undefined;
  isSettled: boolean;
}

/** The asks of one step that wait for their answers. */
class Asking {
  readonly #ends: BridgeEnds;
  readonly #names: readonly string[];
  readonly #options: Checked<typeof ASK_STEP_OPTIONS>;
  /** Where the order is kept: what waits for an answer, or for one before it. */
  readonly #queue: Asked[] = [];
  #count = 0;
  /** Rejects with what an ask, or `failed`, has thrown, also while no tuple comes. */
  readonly #failure: Promise<never>;
  #fail: (error: unknown) => void = () => {};
  #wake: () => void = () => {};

  constructor(ends: BridgeEnds, names: readonly string[], options: Checked<typeof ASK_STEP_OPTIONS>) {
    this.#ends = ends;
    this.#names = names;
    this.#options = options;
    this.#failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
  }

  run(system: BoundSystem, definition: AnyActor, message: string): Promise<void> {
    return system.whileOpen(Promise.race([this.#failure, this.#askAll(system, definition, message)]));
  }

  async #askAll(system: BoundSystem, definition: AnyActor, message: string): Promise<void> {
    system.check();
    const post = system.post(definition, message);
    const { capacity, timeoutMs } = this.#options;
    for await (const batch of this.#ends.output) {
      for (const row of batch) {
        if (this.#count >= capacity) await this.#until(() => this.#count < capacity);
        this.#begin(row, post.ask(row as unknown as LetterFields, timeoutMs));
      }
    }
    await this.#until(() => this.#count === 0);
  }

  /** Waits for answers. */
  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #begin(row: Readonly<Tuple>, answer: Promise<unknown>): void {
    const tuple: Tuple = {};
    for (const name of this.#names) tuple[name] = row[name];
    const asked: Asked = { tuple, result: undefined, isSettled: false };
    this.#count++;
    if (this.#options.ordered) this.#queue.push(asked);
    answer.then(
      (reply) => this.#settle(asked, () => Object.assign(tuple, reply)),
      (error: Error) => this.#settle(asked, () => this.#failed(tuple, error)),
    );
  }

  #failed(tuple: Tuple, error: Error): Tuple | undefined {
    const failed = this.#options.failed as ((tuple: Tuple, error: Error) => Tuple | undefined) | undefined;
    if (failed === undefined) throw error;
    const given = failed(tuple, error);
    if (given !== undefined && (typeof given !== 'object' || given === null)) {
      throw errors.badOption(
        'failed',
        given,
        'a function to a tuple, or to undefined',
        `operator '${this.#ends.operator}'`,
      );
    }
    return given;
  }

  #settle(asked: Asked, resultOf: () => Tuple | undefined): void {
    try {
      asked.result = resultOf();
      asked.isSettled = true;
      if (!this.#options.ordered) this.#give(asked);
      else while (this.#queue[0]?.isSettled) this.#give(this.#queue.shift() as Asked);
    } catch (error) {
      this.#fail(error);
    }
    this.#wake();
  }

  /** Hands the tuple on. Its place is free when there was room for it. */
  #give({ result }: Asked): void {
    const room = result === undefined ? undefined : this.#ends.push(result);
    if (room === undefined) {
      this.#count--;
      return;
    }
    room.then(
      () => {
        this.#count--;
        this.#wake();
      },
      (error: unknown) => this.#fail(error),
    );
  }
}
