// What is put into the input of an actor that is tested.
// Promises: tuples are validated as those of any operator; of a list that does not fit none is put in.

import type { OutputMemory } from '../actors/actor-descriptor.ts';
import { outputPort } from '../actors/output-port.ts';
import { NO_TIME } from '../actors/time/time-cells.ts';
import { type Stage, stageName } from '../flow/plan.ts';
import { generate } from '../mailbox/codegen.ts';
import { type Encoder, validationCode } from '../mailbox/encoder.ts';
import type { Output } from '../mailbox/output.ts';
import type { WakeWords } from '../mailbox/wake.ts';

/** Writes the input of an actor, as the operator before it would. */
export class InputFeed {
  private readonly output: Output;
  private readonly encoder: Encoder;
  private readonly validate: (tuple: unknown) => void;
  private readonly mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  private readonly wakeWords: WakeWords;

  constructor(stage: Stage, memory: OutputMemory, host: number, wakeWords: WakeWords) {
    const name = stageName(stage);
    const { schema } = stage.outputs[0];
    this.wakeWords = wakeWords;
    const { output, encoder } = outputPort(name, stage.outputs[0], memory, this.mark, NO_TIME);
    output.ring.setWriterHost(host);
    this.output = output;
    this.encoder = encoder;
    // The encoder compares the names of some tuples only.
    const { code, constants } = validationCode(schema, name);
    this.validate = generate(`${name}/fed`, constants, `return (tuple) => { ${code} checkNames(tuple); };`);
  }

  /**
   * Puts tuples in, all or none.
   * @throws MillraceError BAD_VALUE, UNKNOWN_FIELD, TUPLE_TOO_LARGE, OUTBOX_FULL
   */
  push(tuples: readonly unknown[]): void {
    for (const tuple of tuples) this.validate(tuple);
    try {
      for (const tuple of tuples) this.encoder.emit(tuple);
      this.encoder.flush();
    } catch (error) {
      this.encoder.discard();
      this.output.restore(this.mark);
      throw error;
    }
    this.publish();
  }

  end(): void {
    this.output.writeEnd();
    this.publish();
  }

  /** Moves on what had no room. Returns true if anything moved. */
  drain(): boolean {
    const moved = this.output.drain();
    if (moved) this.publish();
    return moved;
  }

  private publish(): void {
    this.output.save(this.mark);
    this.output.publish(this.mark.head, this.wakeWords);
  }
}
