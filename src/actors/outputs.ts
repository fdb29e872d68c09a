// All that an actor writes into: the ports of its stage, and its dead letters.
// Promises: says whether more fits, in a batch and in the rings, without a look at what is written.

import type { Output } from '../mailbox/output.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import type { CommitRecord } from '../state/transaction/commit-record.ts';
import type { DeadLetterWriter } from './failures/dead-letters.ts';
import type { OutputPort } from './output-port.ts';

type Cursors = CommitRecord['cursors'];

export class Outputs {
  /** The outputs of all of them. */
  readonly all: readonly Output[];
  private readonly ports: readonly OutputPort[];
  private readonly letters: DeadLetterWriter;
  /** Of each port, the rows that it had taken at the last commit. */
  private readonly counted: number[];

  constructor(ports: readonly OutputPort[], letters: DeadLetterWriter) {
    this.ports = ports;
    this.letters = letters;
    this.all = [...ports.map(({ output }) => output), letters.output];
    this.counted = ports.map(() => 0);
  }

  /** True if more output, or more dead letters, would not fit. */
  get isFull(): boolean {
    return this.isPortFull || this.letters.output.spilled;
  }

  /** True if enough is written to one of the ports for one commit. */
  get isPortFull(): boolean {
    const { ports } = this;
    for (let i = 0; i < ports.length; i++) if (ports[i].output.isBatchFull) return true;
    return false;
  }

  /** True if all of the ports have room for another batch. */
  get hasRoom(): boolean {
    const { ports } = this;
    for (let i = 0; i < ports.length; i++) if (!ports[i].output.hasRoomForBatch) return false;
    return true;
  }

  /** True while output, or dead letters, wait in an outbox. */
  get hasSpilled(): boolean {
    const { all } = this;
    for (let i = 0; i < all.length; i++) if (all[i].spilled) return true;
    return false;
  }

  /** True while output waits in an outbox, whether the actor reads on or not. */
  get isOverflowing(): boolean {
    const { ports } = this;
    for (let i = 0; i < ports.length; i++) if (ports[i].output.isWaiting) return true;
    return false;
  }

  /** True if so much waits in an outbox that nothing more may come from outside. */
  get isNearLimit(): boolean {
    const { ports } = this;
    for (let i = 0; i < ports.length; i++) if (ports[i].output.isNearLimit) return true;
    return false;
  }

  /** Moves what waits in outboxes into the rings, as far as there is room. Returns true if some was moved. */
  drain(): boolean {
    return this.all.map((output) => output.isWaiting && output.drain()).includes(true);
  }

  /** Puts all that is written into frames. */
  flush(): void {
    const { ports } = this;
    for (let i = 0; i < ports.length; i++) ports[i].encoder.flush();
  }

  /** The rows that a port has taken since this was asked last. */
  takeWritten(port: number): number {
    const emitted = this.ports[port].encoder.emitted();
    const written = emitted - this.counted[port];
    this.counted[port] = emitted;
    return written;
  }

  /** Notes in the cursors of the next commit how far is written. */
  save(cursors: Cursors): void {
    const { ports, letters } = this;
    for (let i = 0; i < ports.length; i++) ports[i].output.save(cursors.outputs[i]);
    letters.output.save(cursors.letters);
  }

  /** Shows readers what the last commit says. */
  publish(cursors: Cursors, wakeWords: WakeWords): void {
    const { ports, letters } = this;
    for (let i = 0; i < ports.length; i++) ports[i].output.publish(cursors.outputs[i].head, wakeWords);
    letters.output.publish(cursors.letters.head, wakeWords);
  }

  /** Forgets what the ports have taken since the last commit. */
  giveUp({ outputs }: Cursors): void {
    for (const [port, { encoder, output }] of this.ports.entries()) {
      encoder.discard();
      this.takeWritten(port);
      output.restore(outputs[port]);
    }
  }
}
