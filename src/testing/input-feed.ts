// What is put into the input of an actor that is tested.
// Promises: tuples are validated as those of any operator; of a list that does not fit none is put in. Event time goes on only when
// it is told to, and no tuple is earlier than a source would pass on.

import type { OutputMemory } from '../actors/actor-descriptor.ts';
import { outputPort } from '../actors/output-port.ts';
import { TIME_CELLS, TimeCell } from '../actors/time/time-cells.ts';
import { errors } from '../errors.ts';
import { LATEST_MS, type StreamTime } from '../flow/event-time.ts';
import { type Stage, stageName } from '../flow/plan.ts';
import { generate } from '../mailbox/codegen.ts';
import { type Encoder, validationCode } from '../mailbox/encoder.ts';
import type { Output } from '../mailbox/output.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import type { FedTime } from './tested-input.ts';

/** Writes the input of an actor, as the operator before it would. */
export class InputFeed {
  private readonly output: Output;
  private readonly encoder: Encoder;
  private readonly validate: (tuple: unknown) => void;
  private readonly name: string;
  private readonly streamTime: StreamTime | undefined;
  private readonly time = new Float64Array(TIME_CELLS);
  private readonly mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  private readonly wakeWords: WakeWords;

  constructor(stage: Stage, memory: OutputMemory, host: number, wakeWords: WakeWords) {
    const name = stageName(stage);
    const { schema, time } = stage.outputs[0];
    this.name = name;
    this.streamTime = time;
    this.wakeWords = wakeWords;
    const { output, encoder } = outputPort(name, stage.outputs[0], memory, this.mark, this.time);
    output.ring.setWriterHost(host);
    this.output = output;
    this.encoder = encoder;
    // The encoder compares the names of some tuples only.
    const { code, constants } = validationCode(schema, name);
    this.validate = generate(`${name}/fed`, constants, `return (tuple) => { ${code} checkNames(tuple); };`);
  }

  /**
   * Puts tuples in, all or none.
   * @param at the event time of a tuple; undefined if none is given
   * @throws MillraceError BAD_VALUE, UNKNOWN_FIELD, TUPLE_TOO_LARGE, OUTBOX_FULL; BAD_OPTION for a time that cannot be
   */
  push(tuples: readonly unknown[], at: FedTime = () => undefined): void {
    for (const tuple of tuples) this.validate(tuple);
    const times = tuples.map((tuple) => this.checkedTime(at(tuple)));
    try {
      tuples.forEach((tuple, i) => {
        this.time[TimeCell.inWork] = times[i];
        this.encoder.emit(tuple);
      });
      this.encoder.flush();
    } catch (error) {
      this.encoder.discard();
      this.output.restore(this.mark);
      throw error;
    }
    this.publish();
  }

  /** As a source would judge it: one that is later than allowed is not passed on. */
  private checkedTime(atMs: number | undefined): number {
    const { name, streamTime, output } = this;
    const where = `feed() of the stream of '${name}'`;
    if (streamTime === undefined) {
      if (atMs === undefined) return 0;
      throw errors.badOption('at', atMs, 'left out, because the stream has no event time', where);
    }
    const earliest = Math.max(-LATEST_MS, output.watermark - streamTime.allowedLatenessMs);
    if (typeof atMs === 'number' && atMs >= earliest && atMs <= LATEST_MS) return atMs;
    const from = earliest === -LATEST_MS ? '' : ` from ${earliest} on`;
    throw errors.badOption('at', atMs, `the event time of the tuple, in milliseconds${from}`, where);
  }

  /**
   * Says that no tuple that is still to come has an earlier time, unless it is late.
   * @throws MillraceError NO_EVENT_TIME
   */
  tellTime(watermark: number): void {
    const { name, output, streamTime } = this;
    if (streamTime === undefined) throw errors.noEventTime(name, 'advanceWatermark()');
    if (watermark <= output.watermark) return;
    output.watermark = watermark;
    output.tellTime();
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
