// Mail of the app to actors whose mailboxes hold their senders back (`full: 'wait'`): as much is under way to each as its mailbox holds.
// Promises: mail to one actor keeps its order, also what is held back; a message that is handled makes room for the next one; nobody
// waits for another actor's room.
// Relies on: a message that is told with a token is answered when it is handled, or fails; neither is lost by a crash.

import type { Mail } from '../mail.ts';

interface Held {
  readonly send: () => void;
  /** True of a message: it takes room. */
  readonly takesRoom: boolean;
}

interface Window {
  underWay: number;
  readonly capacity: number;
  readonly held: Held[];
}

export class Windows {
  private readonly windows = new Map<number, Window>();
  /** Messages that are held back. */
  heldBack = 0;
  /** Messages that are under way. */
  underWay = 0;

  /** Sends a message, at once if there is room. Returns what to wait for if there is none. */
  tell(to: number, capacity: number, send: () => void): Promise<void> | undefined {
    let window = this.windows.get(to);
    if (window === undefined) {
      window = { underWay: 0, capacity, held: [] };
      this.windows.set(to, window);
    }
    if (window.held.length === 0 && window.underWay < capacity) {
      this.take(window);
      send();
      return undefined;
    }
    const { held } = window;
    return new Promise((resolve) => {
      this.heldBack++;
      const sendHeld = (): void => {
        send();
        resolve();
      };
      held.push({ send: sendHeld, takesRoom: true });
    });
  }

  /** Other mail goes behind what is held back. Returns false if nothing is. */
  isBehind(mail: Mail, send: () => void): boolean {
    const window = this.windows.get(mail.to);
    if (window === undefined || window.held.length === 0) return false;
    window.held.push({ send, takesRoom: false });
    return true;
  }

  /** A message to an actor is over. */
  over(to: number): void {
    const window = this.windows.get(to) as Window;
    window.underWay--;
    this.underWay--;
    while (window.held.length > 0 && (!window.held[0].takesRoom || window.underWay < window.capacity)) {
      const { send, takesRoom } = window.held.shift() as Held;
      if (takesRoom) {
        this.heldBack--;
        this.take(window);
      }
      send();
    }
    if (window.underWay === 0) this.windows.delete(to);
  }

  private take(window: Window): void {
    window.underWay++;
    this.underWay++;
  }
}
