// An actor: one replica of a stage, stepped by its host. Each step reads input, runs the program and commits.
// A state machine: reading → (inputs ended) → ending the key groups → finished (end-of-stream written) → done (outbox empty).
// Promises: a batch is a transaction: input cursors, state and output become visible together, at one atomic store; after
// an exception everything is as at the last commit. A step never waits.
// Relies on: one host at a time; docs/transactions.md for the order of stores.

import { errors, MillraceError } from '../errors.ts';
import { type DictionaryMemory, DictionaryReader, DictionaryWriter } from '../mailbox/dictionary.ts';
import { type Encoder, generateEncoder } from '../mailbox/encoder.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import { Output } from '../mailbox/output.ts';
import { Ring } from '../mailbox/ring.ts';
import { RingReader } from '../mailbox/ring-reader.ts';
import type { Schema } from '../mailbox/schema.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import { CommitLog, type CommitRecord, copyRecord, emptyRecord } from '../state/commit-log.ts';
import { keyedState } from '../state/keyed-state.ts';
import { rowLayout } from '../state/row-layout.ts';
import { Transaction, type TransactionMemory } from '../state/transaction.ts';
import { AT_COMMIT, atEndOfInput, failureAt, inFrame, inSource, type Whereabouts } from './failure.ts';
import { initialGroups, type Plan, type Stage, stageName } from './plan.ts';
import { generateProgram, type Program, type SinkHolder, WorkCell } from './program.ts';
import type { SourceReader } from './source.ts';
import { Vitals } from './vitals.ts';

/** Tuples of one transaction, about: more did not pay (docs/mailboxes.md). */
export const BATCH_TUPLES_MAX = 4096;
/** A batch that takes longer is made smaller, so that slow closures starve neither other actors nor the event loop. */
const BATCH_MS_MAX = 2;
const BATCH_TUPLES_FIRST = 16;
/** Tuples that a source reader emits before the output is looked at again. */
const SOURCE_READ_TUPLES = 128;

export interface RingMemory {
  readonly ring: SharedArrayBuffer;
  readonly dictionary: DictionaryMemory | undefined;
}

/** Everything of an actor that outlives its host: shared memory, and which plan it follows. */
export interface ActorDescriptor {
  readonly stage: number;
  readonly replica: number;
  readonly commit: SharedArrayBuffer;
  readonly vitals: SharedArrayBuffer;
  readonly transaction: TransactionMemory | undefined;
  readonly output: RingMemory | undefined;
  readonly outbox: SharedArrayBuffer | undefined;
  /** The rings it reads: which of its stage's upstreams each belongs to, and its reader slot there. */
  readonly inputs: readonly { readonly upstream: number; readonly memory: RingMemory; readonly slot: number }[];
}

/** What an actor gets from its host. */
export interface ActorEnvironment {
  readonly host: number;
  readonly wakeWords: WakeWords;
  readonly lingerMs: number;
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Makes the host step its actors soon. */
  wake(): void;
}

/**
 * What a step ended with: there may be more to do; no input; no room for output; waiting for a time or a callback; or
 * nothing ever again.
 */
export type StepStatus = 'more' | 'idle' | 'blocked' | 'done';

interface Input {
  readonly reader: RingReader;
  readonly upstream: number;
  readonly dictionary: DictionaryReader | undefined;
}

export class Actor {
  readonly descriptor: ActorDescriptor;
  readonly stage: Stage;
  readonly name: string;
  readonly vitals: Vitals;
  /** When the actor wants to be stepped without being woken, on the environment's clock; infinity for never. */
  wakeAtMs = Number.POSITIVE_INFINITY;
  private readonly environment: ActorEnvironment;
  private readonly upstreamStages: readonly Stage[];
  private readonly log: CommitLog;
  private readonly committed: CommitRecord;
  private readonly record: CommitRecord;
  private readonly inputs: readonly Input[];
  private readonly output: Output | undefined;
  private readonly encoder: Encoder | undefined;
  private readonly transaction: Transaction | undefined;
  private readonly program: Program;
  private readonly sink: SinkHolder = { writer: undefined };
  private reader: SourceReader<never> | undefined;
  private generatorStart: { ms: number; index: number } | undefined;
  private generatorDueMs = 0;
  private isOpen = false;
  private openedAtMs = 0;
  private nextInput = 0;
  private inputInWork: Input | undefined;
  /** Most tuples of the next batch, and how many the last one took. */
  private batchTuples = BATCH_TUPLES_FIRST;
  private taken = 0;
  private counted = { processed: 0, emitted: 0 };
  private sourceReady = true;
  private stopping = false;
  private sourceFailure: { error: unknown } | undefined;
  private closed = false;

  constructor(plan: Plan, descriptor: ActorDescriptor, environment: ActorEnvironment) {
    const stage = plan.stages[descriptor.stage];
    const head = stage.operators[0];
    const tail = stage.operators[stage.operators.length - 1];
    this.descriptor = descriptor;
    this.stage = stage;
    this.name = stageName(stage);
    this.environment = environment;
    this.vitals = new Vitals(descriptor.vitals);
    this.log = new CommitLog(descriptor.commit);
    this.committed = emptyRecord(descriptor.inputs.length);
    this.record = emptyRecord(descriptor.inputs.length);
    this.log.read(this.committed);
    this.log.read(this.record);
    this.upstreamStages = stage.upstream.map((index) => plan.stages[index]);
    this.inputs = descriptor.inputs.map(({ upstream, memory, slot }, i) => {
      const mark = this.committed.inputs[i];
      const ring = new Ring(memory.ring);
      ring.setReaderHost(slot, environment.host);
      return {
        upstream,
        reader: new RingReader(ring, slot, mark.position, mark.row, mark.ended),
        dictionary: memory.dictionary && new DictionaryReader(memory.dictionary),
      };
    });
    if (descriptor.output !== undefined && descriptor.outbox !== undefined) {
      const ring = new Ring(descriptor.output.ring);
      ring.setWriterHost(environment.host);
      this.output = new Output(tail.name, ring, descriptor.outbox, this.committed);
      const dictionary = descriptor.output.dictionary && new DictionaryWriter(descriptor.output.dictionary);
      this.encoder = generateEncoder(tail.name, tail.output as Schema, stage.outputKeys, this.output, dictionary);
    }
    this.transaction = descriptor.transaction && new Transaction(head.name, descriptor.transaction);
    const key = (stage.key ?? []).map((index) => (stage.input as Schema).fields[index]);
    const layout = this.transaction && rowLayout(head.name, key, head.state ?? {}, head.tables ?? {});
    this.program = generateProgram({
      stage,
      upstream: this.upstreamStages,
      encoder: this.encoder,
      output: this.output,
      sink: this.sink,
      state: this.transaction && layout && keyedState(head.name, layout, this.transaction),
      owned: initialGroups(descriptor.replica, stage.parallelism),
      work: this.vitals.work,
    });
  }

  /** Opens the sink, if the actor has one. Call it once before the first step, when the job is certain to start. */
  openSink(): void {
    const tail = this.stage.operators[this.stage.operators.length - 1];
    try {
      this.sink.writer = tail.sink?.open({ operator: tail.name, position: this.committed.sink });
    } catch (cause) {
      throw cause instanceof MillraceError ? cause : errors.sinkFailed(tail.name, cause);
    }
  }

  /** Opens the source, if the actor has one. Call it once before the first step. */
  async openSource(): Promise<void> {
    const source = this.stage.operators[0].source;
    if (source?.kind !== 'reader') return;
    const { source: position, sourceAux: aux } = this.committed;
    this.reader = await source.open({
      operator: this.name,
      position,
      aux,
      wake: () => {
        this.sourceReady = true;
        this.environment.wake();
      },
      fail: (error) => {
        this.sourceFailure = { error };
        this.sourceReady = true;
        this.environment.wake();
      },
    });
  }

  /** Ends the source at the next step: what it has emitted is still processed. */
  stopSource(): void {
    this.stopping = true;
  }

  /** True for actors with a source. */
  get isSource(): boolean {
    return this.stage.operators[0].kind === 'source';
  }

  /**
   * Works until there is nothing to do, or until `untilMs` on the environment's clock.
   * @throws MillraceError the error that the job fails with; the open batch is rolled back
   */
  step(untilMs: number): StepStatus {
    if (this.closed) return 'done';
    try {
      return this.work(untilMs);
    } catch (cause) {
      try {
        throw this.describe(cause);
      } finally {
        this.rollback();
      }
    }
  }

  private work(untilMs: number): StepStatus {
    const { environment, output } = this;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    for (;;) {
      if (output?.spilled) {
        if (output.drain()) {
          this.begin();
          this.commit();
        }
        if (output.spilled) return 'blocked';
      }
      if (this.committed.finished) return 'done';
      if (output !== undefined && !output.hasRoomForBatch) {
        this.commit();
        return 'blocked';
      }
      const startedMs = environment.now();
      const status = this.batch();
      if (status === 'more') this.fitBatch(environment.now() - startedMs);
      if (status === 'idle') {
        if (this.isOpen && this.lingers()) return 'idle';
        this.commit();
        return 'idle';
      }
      if (!this.lingers() || this.isFull()) this.commit();
      if (environment.now() >= untilMs) return 'more';
    }
  }

  /** Sizes the next batch by how long the last one took. */
  private fitBatch(tookMs: number): void {
    const { taken, batchTuples } = this;
    if (tookMs > BATCH_MS_MAX) this.batchTuples = Math.max(1, Math.floor((taken * BATCH_MS_MAX) / (2 * tookMs)));
    else if (taken >= batchTuples && tookMs < BATCH_MS_MAX / 2)
      this.batchTuples = Math.min(BATCH_TUPLES_MAX, batchTuples * 2);
  }

  /** One pass over the source or the inputs; opens the transaction if there is something to do. */
  private batch(): StepStatus {
    if (this.isSource) return this.readSource();
    const { inputs, batchTuples } = this;
    let tuples = 0;
    for (let k = 0; k < inputs.length && tuples < batchTuples; k++) {
      const input = inputs[(this.nextInput + k) % inputs.length];
      const { reader, upstream, dictionary } = input;
      this.inputInWork = input;
      while (tuples < batchTuples && reader.load()) {
        this.begin();
        const next = this.program.run(upstream, reader, dictionary, batchTuples - tuples);
        tuples += next - reader.row;
        this.taken = tuples;
        reader.advance(next);
        if (this.output?.isBatchFull) return 'more';
      }
    }
    this.inputInWork = undefined;
    this.nextInput = (this.nextInput + 1) % inputs.length;
    if (tuples > 0) return 'more';
    if (inputs.every(({ reader }) => reader.ended)) return this.endInput();
    return this.passedPadding() ? 'more' : 'idle';
  }

  /** True if a reader moved without reading a tuple: over padding or the end of its stream. That is committed alone. */
  private passedPadding(): boolean {
    const moved = this.inputs.some(({ reader }, i) => reader.position !== this.record.inputs[i].position);
    if (moved) this.begin();
    return moved && !this.lingers();
  }

  private endInput(): StepStatus {
    const { record } = this;
    this.begin();
    const head = this.stage.operators[0];
    if (head.end !== undefined && record.endedGroups < KEY_GROUPS - 1) {
      const next = this.program.endGroup(record.endedGroups + 1, record.endedSlot);
      record.endedSlot = Math.max(0, next);
      if (next < 0) record.endedGroups++;
      return 'more';
    }
    return this.finish();
  }

  private finish(): StepStatus {
    this.begin();
    this.encoder?.flush();
    this.output?.writeEnd();
    this.record.finished = true;
    this.commit();
    return 'more';
  }

  private readSource(): StepStatus {
    if (this.sourceFailure !== undefined) throw this.sourceFailure.error;
    if (this.stopping) return this.finish();
    const source = this.stage.operators[0].source;
    if (source?.kind === 'generate') return this.generate(source.count, source.ratePerSecond);
    const { reader, record, batchTuples } = this;
    if (reader === undefined || !this.sourceReady) return 'idle';
    this.begin();
    this.sourceReady = false;
    const readTuples = Math.min(SOURCE_READ_TUPLES, batchTuples);
    for (let tuples = 0; tuples < batchTuples; tuples += readTuples) {
      const status = this.program.read(reader, readTuples);
      this.taken = tuples + readTuples;
      record.source = reader.position;
      record.sourceAux = reader.aux;
      if (status === 'end') return this.finish();
      if (status === 'wait') return tuples === 0 ? 'idle' : 'more';
      if (this.output?.isBatchFull) {
        // A reader does not see that its tuples become more than the ring holds: it gets smaller orders.
        if (this.output.spilled) this.batchTuples = Math.max(1, readTuples >>> 2);
        break;
      }
    }
    this.sourceReady = true;
    return 'more';
  }

  private generate(count: number, ratePerSecond: number | undefined): StepStatus {
    const { record } = this;
    const from = record.source;
    if (from >= count) return this.finish();
    let to = Math.min(count, from + this.batchTuples);
    if (ratePerSecond !== undefined) {
      const now = this.environment.now();
      this.generatorStart ??= { ms: now, index: from };
      const { ms, index } = this.generatorStart;
      to = Math.min(to, index + Math.floor(((now - ms) * ratePerSecond) / 1000) + 1);
      if (to <= from) {
        // Timers count in milliseconds: a shorter wait would be none, and the worker would spin.
        this.generatorDueMs = Math.max(now + 1, ms + ((from - index) / ratePerSecond) * 1000);
        this.wakeAtMs = this.generatorDueMs;
        return 'idle';
      }
    }
    this.begin();
    record.source = this.program.generate(from, to);
    this.taken = record.source - from;
    return 'more';
  }

  private begin(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    if (this.environment.lingerMs > 0) this.openedAtMs = this.environment.now();
    this.transaction?.begin((this.log.sequence() + 1) | 0);
  }

  /** True while the open transaction may wait for more tuples; sets the time of its commit. */
  private lingers(): boolean {
    const { lingerMs } = this.environment;
    if (lingerMs === 0 || !this.isOpen || this.record.finished) return false;
    const commitAtMs = this.openedAtMs + lingerMs;
    this.wakeAtMs = Math.min(this.wakeAtMs, commitAtMs);
    return this.environment.now() < commitAtMs;
  }

  private isFull(): boolean {
    return this.output?.isBatchFull === true || this.program.processed() - this.counted.processed >= BATCH_TUPLES_MAX;
  }

  /** Makes the open transaction visible. The order of the stores is that of docs/transactions.md. */
  private commit(): void {
    const { record, committed, output, inputs, log, environment } = this;
    if (!this.isOpen) return;
    this.encoder?.flush();
    const { writer } = this.sink;
    if (writer !== undefined) record.sink = writer.flush();
    output?.save(record);
    for (let i = 0; i < inputs.length; i++) {
      const { reader } = inputs[i];
      const mark = record.inputs[i];
      mark.position = reader.position;
      mark.row = reader.row;
      mark.ended = reader.ended;
    }
    const number = (log.sequence() + 1) | 0;
    log.write(number, record);
    log.commit(number);
    this.isOpen = false;
    copyRecord(record, committed);
    output?.publish(record.head, environment.wakeWords);
    for (let i = 0; i < inputs.length; i++) {
      inputs[i].reader.release(record.inputs[i].position, environment.wakeWords);
    }
    this.count();
  }

  private count(): void {
    const processed = this.program.processed();
    const emitted = this.encoder?.emitted() ?? 0;
    this.vitals.committed(
      processed - this.counted.processed,
      emitted - this.counted.emitted,
      this.program.takePassed(),
    );
    this.counted.processed = processed;
    this.counted.emitted = emitted;
  }

  /** Returns everything to the last commit. */
  private rollback(): void {
    const { committed } = this;
    this.isOpen = false;
    this.encoder?.discard();
    this.output?.restore(committed);
    this.transaction?.rollback(this.log.sequence());
    this.sink.writer?.rollback(committed.sink);
    this.program.expireState();
    this.inputs.forEach(({ reader }, i) => {
      const { position, row, ended } = committed.inputs[i];
      reader.reset(position, row, ended);
    });
    copyRecord(committed, this.record);
    this.counted.processed = this.program.processed();
    this.counted.emitted = this.encoder?.emitted() ?? 0;
    this.program.takePassed();
    this.program.clearFailure();
  }

  /** The error that the job fails with: what was thrown, with the operator, key and position where it happened. */
  private describe(cause: unknown): Error {
    const operator = this.stage.operators[this.program.failedAt()]?.name ?? this.name;
    return failureAt(operator, this.whereabouts(), cause);
  }

  private whereabouts(): Whereabouts {
    const row = this.vitals.work[WorkCell.row];
    if (this.isSource) return inSource(this.name, this.reader?.position ?? this.record.source + row);
    if (this.record.endedGroups >= 0) return atEndOfInput(this.program.endingKey());
    const input = this.inputInWork;
    if (input === undefined) return AT_COMMIT;
    return inFrame(this.stage, this.upstreamStages[input.upstream], input.reader, input.dictionary, row);
  }

  /** True while the output has no room for another batch. */
  get isBlocked(): boolean {
    const { output } = this;
    return output !== undefined && !output.hasRoomForBatch;
  }

  /** Tells writers and readers that this actor parks. Then {@link canStep} must be asked once more. */
  announcePark(): void {
    if (this.isBlocked) this.output?.announceWait();
  }

  withdrawPark(): void {
    this.output?.withdrawWait();
  }

  /** True if a step would get somewhere now. */
  canStep(): boolean {
    if (this.closed) return false;
    // An open transaction holds input and output back: a step commits it before it waits.
    if (this.isBlocked) return this.isOpen || this.output?.isDrained() === true;
    if (this.committed.finished || this.environment.now() >= this.wakeAtMs) return true;
    if (this.isSource) {
      if (this.stopping || this.sourceFailure !== undefined) return true;
      return this.stage.operators[0].source?.kind === 'generate'
        ? this.environment.now() >= this.generatorDueMs
        : this.sourceReady;
    }
    const { inputs } = this;
    if (inputs.every(({ reader }) => reader.ended)) return true;
    return inputs.some(({ reader }) => reader.hasInput());
  }

  /** Releases what the actor holds outside of shared memory, and its reader slots. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.reader?.close();
    this.sink.writer?.close();
    for (const { reader } of this.inputs) reader.ring.deactivate(reader.slot);
  }
}
