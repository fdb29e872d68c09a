// The sink at the end of an actor's chain, if it has one.
// Promises: what a sink cannot do is SINK_FAILED, and no tuple's fault.

import { errors, MillraceError } from '../errors.ts';
import type { Stage } from '../flow/plan.ts';
import { refuseDeferred } from '../mailbox/deferred.ts';
import type { SinkHolder } from './program/parts.ts';

export class SinkEnd implements SinkHolder {
  writer: SinkHolder['writer'];
  private readonly operator: Stage['operators'][number];

  /** @param operator the last one of the chain */
  constructor(operator: Stage['operators'][number]) {
    this.operator = operator;
  }

  private call<Result>(call: () => Result): Result {
    try {
      return call();
    } catch (cause) {
      throw cause instanceof MillraceError ? cause : errors.sinkFailed(this.operator.name, cause);
    }
  }

  /** @param position what the last commit says of the sink */
  open(position: number): void {
    const { name, sink } = this.operator;
    this.writer = this.call(() => sink?.open({ operator: name, position }));
    this.commit(position);
  }

  /**
   * Has what was written since the last commit prepared.
   * @param before the position of the last commit
   * @returns that of the next one
   */
  flush(before: number): number {
    const { writer } = this;
    if (writer === undefined) return before;
    const position = this.call(() => writer.flush());
    refuseDeferred(this.operator.name, position);
    return position;
  }

  /** What the sink has prepared counts now. */
  commit(position: number): void {
    const { writer } = this;
    if (writer?.commit === undefined) return;
    refuseDeferred(
      this.operator.name,
      this.call(() => writer.commit?.(position)),
    );
  }

  /** Takes back what was written since the last commit. */
  rollback(position: number): void {
    const { writer } = this;
    if (writer !== undefined) this.call(() => writer.rollback(position));
  }
}
