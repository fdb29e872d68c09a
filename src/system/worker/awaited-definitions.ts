// Actors that wait for a definition, whose module a thread loads when it first needs it.
// Promises: each that waits is told when the definition is there, or never comes; to load takes no longer than the rules allow.

import { errors } from '../../errors.ts';
import type { Desk } from './desk.ts';

export class AwaitedDefinitions {
  private readonly desk: Desk;
  private readonly waiting = new Map<number, Set<number>>();
  private readonly broken = new Map<number, Error>();
  private readonly arrived: number[] = [];

  constructor(desk: Desk) {
    this.desk = desk;
  }

  get count(): number {
    return this.waiting.size;
  }

  /** Why a definition does not come; undefined as long as it may. */
  problemOf(definition: number): Error | undefined {
    return this.broken.get(definition);
  }

  await(id: number, definition: number): void {
    let waiting = this.waiting.get(definition);
    if (waiting === undefined) {
      waiting = new Set();
      this.waiting.set(definition, waiting);
      this.load(definition);
    }
    waiting.add(id);
  }

  private load(definition: number): void {
    const { desk } = this;
    const { startTimeoutMs } = desk.rules;
    const arrived = (error?: Error): void => {
      cancel();
      if (error !== undefined) this.broken.set(definition, error);
      this.arrived.push(definition);
      desk.wake();
    };
    const cancel = desk.after(startTimeoutMs, () => arrived(errors.actorImport(definition, startTimeoutMs)));
    desk.definitions.load(definition).then(() => arrived(), arrived);
  }

  /** Calls `visit` with each actor whose definition is there, or never comes, since the last call. */
  eachArrived(visit: (id: number) => void): void {
    for (const definition of this.arrived.splice(0)) {
      for (const id of this.waiting.get(definition) ?? []) visit(id);
      this.waiting.delete(definition);
    }
  }
}
