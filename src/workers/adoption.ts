// Orders to take actors over that have come, and are not carried out yet: a worker that has many to make lets those that it has made step
// between.
// Promises: what was taken back, or ordered anew, before its turn came is not begun.

import type { Order } from './control.ts';

const keyOf = (stage: number, replica: number): string => `${stage}/${replica}`;

export class Adoption {
  readonly #due = new Map<string, Order>();

  expect(orders: readonly Order[]): void {
    for (const order of orders) this.#due.set(keyOf(order.descriptor.stage, order.descriptor.replica), order);
  }

  /** Returns false if the order is not the latest of its replica any more. */
  begin(order: Order): boolean {
    const key = keyOf(order.descriptor.stage, order.descriptor.replica);
    return this.#due.get(key) === order && this.#due.delete(key);
  }

  takeBack(stage: number, replica: number): void {
    this.#due.delete(keyOf(stage, replica));
  }
}
