// Requests of which those of a key are made one after the other: a lane for each key that has some under way.
// Promises: of a lane one request is in flight, or may begin; the next one may when that has its outcome. Keys do not wait for each
// other. A lane without requests takes no memory.

import type { Request } from './request.ts';

export class KeyLanes {
  /** Without an outcome, in the order in which their rows were read ahead. */
  private readonly lanes = new Map<string, Request[]>();
  /** At the heads of their lanes, and not begun. */
  private readonly heads = new Set<Request>();

  /** True if a request could begin now that has waited for another one of its key. */
  get hasReady(): boolean {
    return this.heads.size > 0;
  }

  /** Adds a request. Returns true if it may begin at once; otherwise it waits for those before it. */
  enter(request: Request): boolean {
    const lane = this.lanes.get(request.keyText);
    if (lane !== undefined) {
      lane.push(request);
      return false;
    }
    this.lanes.set(request.keyText, [request]);
    return true;
  }

  /** The next request that may begin: it is the caller's to begin it. */
  next(): Request | undefined {
    const [request] = this.heads;
    if (request !== undefined) this.heads.delete(request);
    return request;
  }

  /** A request has its outcome, or is wanted no more: the next one of its key may begin. */
  left(request: Request): void {
    this.heads.delete(request);
    const lane = this.lanes.get(request.keyText);
    const at = lane?.indexOf(request) ?? -1;
    if (lane === undefined || at < 0) return;
    lane.splice(at, 1);
    if (lane.length === 0) this.lanes.delete(request.keyText);
    else if (at === 0) this.heads.add(lane[0]);
  }
}

/** The text of a tuple's key: equal ones have the same. (Others may have, too; they wait for each other then.) */
export const keyTextOf = (key: readonly string[], tuple: Readonly<Record<string, unknown>>): string =>
  key
    .map((field) => {
      const value = tuple[field];
      // The text of a Date has no milliseconds.
      return value instanceof Date ? value.getTime() : String(value);
    })
    .join('\0');
