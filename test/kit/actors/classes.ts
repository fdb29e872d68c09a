// Actors whose handlers are methods of classes, and of objects that use `this`.

import { type ActorContext, type ActorHandlers, actor, t } from '../../../src/index.ts';

const messages = {
  deposit: { cents: t.u32() },
  depositTwice: { cents: t.u32() },
  later: { cents: t.u32() },
  withdraw: { cents: t.u32() },
  close: {},
  text: { reply: { text: t.string() } },
  balance: { reply: { cents: t.f64() } },
};
const state = { cents: t.f64() };

interface Cents {
  cents: number;
}

class Till {
  readonly #unit = 'cents';

  /** Is no message. */
  protected textOf({ cents }: Cents): string {
    return `${cents} ${this.#unit}`;
  }

  balance(_message: object, { cents }: Cents): Cents {
    return { cents };
  }
}

class OpenTill extends Till implements ActorHandlers<typeof messages, typeof state> {
  deposit({ cents }: Cents, till: Cents): void {
    till.cents += cents;
  }

  depositTwice(message: Cents, till: Cents): void {
    this.deposit(message, till);
    this.deposit(message, till);
  }

  async later(message: Cents, till: Cents): Promise<void> {
    await undefined;
    this.deposit(message, till);
  }

  withdraw({ cents }: Cents, till: Cents): void {
    till.cents -= cents;
    if (till.cents < 0) throw new Error(`only ${this.textOf(till)}`);
  }

  close(_message: object, _till: Cents, context: ActorContext<typeof messages, undefined>): void {
    context.become('closed');
  }

  text(_message: object, till: Cents): { text: string } {
    return { text: this.textOf(till) };
  }
}

class ClosedTill {
  text(): { text: string } {
    return { text: this.#reason() };
  }

  #reason(): string {
    return 'closed';
  }
}

export const till = actor(import.meta.url, 'till', {
  messages,
  state,
  receive: new OpenTill(),
  behaviours: { closed: new ClosedTill() },
});

/** Has handlers and hooks that call each other. */
export const own = actor(import.meta.url, 'own', {
  messages: { get: { reply: { n: t.u32() } }, add: {}, addTwice: {}, other: {} },
  state: { n: t.u32() },
  start(_args, state) {
    state.n = Object.keys(this.messages).length;
  },
  receive: {
    get: (_message, { n }) => ({ n }),
    add(_message, state) {
      state.n++;
    },
    addTwice(message, state, context) {
      this.add(message, state, context);
      this.add(message, state, context);
    },
    other(_message, _state, context) {
      context.become('other');
    },
  },
  behaviours: {
    other: {
      add(_message, state) {
        state.n += 100;
      },
    },
  },
});
