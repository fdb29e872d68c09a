// Messages between simulated threads, as MessagePorts and comlink carry them: calls and their answers.
// Promises: messages of a channel come in the order in which they were sent, each in a task of its receiver, as clones. Nothing
// comes to a thread that is gone, or through a channel that is closed: such a call never settles.

import type { Owner, Scheduler } from './scheduler.ts';

const LATENCY_MS_MAX = 0.3;
const LONG_LATENCY_MS_MAX = 12;
const LONG_CHANCE = 0.03;

interface Message {
  readonly label: string;
  readonly deliver: () => void;
}

/** One direction. */
export class Channel {
  private readonly scheduler: Scheduler;
  private readonly sender: Owner;
  private readonly receiver: Owner;
  private readonly waiting: Message[] = [];
  private isClosed = false;

  constructor(scheduler: Scheduler, sender: Owner, receiver: Owner) {
    this.scheduler = scheduler;
    this.sender = sender;
    this.receiver = receiver;
  }

  /** False if nothing that is sent would ever arrive. */
  get isOpen(): boolean {
    return !this.isClosed && !this.sender.isMute && !this.receiver.isGone;
  }

  send(label: string, deliver: () => void): void {
    if (!this.isOpen) return;
    const { random } = this.scheduler;
    this.waiting.push({ label, deliver });
    const delayMs = random.next() * (random.chance(LONG_CHANCE) ? LONG_LATENCY_MS_MAX : LATENCY_MS_MAX);
    // Each task delivers the message that has waited longest.
    this.scheduler.post(this.receiver, delayMs, label, () => this.waiting.shift()?.deliver());
  }

  /** What is on its way does not arrive, from some message on: its sender has died. */
  cut(): void {
    this.waiting.length = this.scheduler.random.below(this.waiting.length + 1);
  }

  close(): void {
    this.isClosed = true;
    this.waiting.length = 0;
  }
}

type Methods = Readonly<Record<string, (...values: never[]) => unknown>>;

/**
 * The caller's end of an object that lives in another thread.
 * @param target the object, once there is one
 * @param there calls; `back` answers
 */
export function remoteOf<Target extends object>(
  names: readonly (keyof Target & string)[],
  target: () => Target,
  there: Channel,
  back: Channel,
): Target {
  const call = (name: string, values: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const sent = structuredClone(values);
      there.send(name, () => {
        const answer = (settle: (value: never) => void) => (value: unknown) => {
          if (!back.isOpen) return;
          const clone = structuredClone(value);
          back.send(`answer to ${name}`, () => settle(clone as never));
        };
        invoke(target() as Methods, name, sent).then(answer(resolve), answer(reject));
      });
    });
  return Object.fromEntries(names.map((name) => [name, (...values: unknown[]) => call(name, values)])) as Target;
}

async function invoke(target: Methods, name: string, values: unknown[]): Promise<unknown> {
  return target[name](...(values as never[]));
}
