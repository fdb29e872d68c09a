// What an actor is made of beyond its plan: the shared memory that outlives its host, how it begins, and what its host gives it.
// Promises: a descriptor and a resumption are plain data, so they go to any thread.

import type { ErrorRecord } from '../errors.ts';
import type { DictionaryMemory } from '../mailbox/dictionary.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import type { Cancel } from '../platform/clock.ts';
import type { Backup } from '../state/images/backup.ts';
import type { Checkpoint } from '../state/images/checkpoint.ts';
import type { PartitionMemory } from '../state/transaction/partition-marks.ts';
import type { TransactionMemory } from '../state/transaction/transaction.ts';
import type { BoardPlace } from './time/time-board.ts';

export interface RingMemory {
  readonly ring: SharedArrayBuffer;
  readonly dictionary: DictionaryMemory | undefined;
}

/** A ring that is written, with what has no room in it. */
export interface OutputMemory {
  readonly memory: RingMemory;
  readonly outbox: SharedArrayBuffer;
}

export interface LetterMemory {
  readonly ring: SharedArrayBuffer;
  readonly outbox: SharedArrayBuffer;
}

/** A ring that an actor reads. */
interface InputMemory {
  /** Which of its stage's upstreams the ring belongs to. */
  readonly upstream: number;
  readonly memory: RingMemory;
  /** The actor's reader slot there. */
  readonly slot: number;
  /** True if nobody writes it at first. */
  readonly isSilent: boolean;
}

/** The inputs that nobody writes at first, as indices. */
export const silentInputs = (inputs: readonly Pick<InputMemory, 'isSilent'>[]): number[] =>
  inputs.flatMap(({ isSilent }, input) => (isSilent ? [input] : []));

/** Everything of an actor that outlives its host: shared memory, and which plan it follows. */
export interface ActorDescriptor {
  /** Among all actors of the job. */
  readonly number: number;
  readonly stage: number;
  readonly replica: number;
  /** Tells the run from every other run of the flow. */
  readonly run: string;
  /** Capacity of each ring of the job, its own or not. */
  readonly ringBytes: number;
  readonly commit: SharedArrayBuffer;
  readonly vitals: SharedArrayBuffer;
  readonly transaction: TransactionMemory | undefined;
  /** Where its source stands, if that has several partitions. */
  readonly partitions: PartitionMemory | undefined;
  /** What the readers of its source's partitions keep beyond their workers; undefined if it has no source that is read. */
  readonly sourceMemory: SharedArrayBuffer | undefined;
  /** The files that its source has found; undefined if it looks for none. */
  readonly listing: readonly string[] | undefined;
  /** The rings that it writes: one for each port of its stage's last operator. */
  readonly outputs: readonly OutputMemory[];
  /** Where its dead letters go. */
  readonly letters: LetterMemory;
  /** The rings that it reads. */
  readonly inputs: readonly InputMemory[];
  /** Where it tells how far its source has come in event time, if it judges that. */
  readonly board: BoardPlace | undefined;
  /** Of the operator's hand-overs; undefined if it has one replica only. */
  readonly handOver: SharedArrayBuffer | undefined;
}

/** A tuple that killed or hung its worker again and again: it is not tried once more. */
export interface Condemned {
  /** Index of the input that it came from; negative if it is a source's tuple, or a key at the end of the input. */
  readonly input: number;
  /** The operator in work, as an index into the stage's chain. */
  readonly operator: number;
  /** Which of the tuples that this operator got on behalf of the actor's one, from 1; 0 if it is the actor's one itself. */
  readonly nth: number;
  /** The slot of the key, if it is one at the end of the input; else the row. */
  readonly slot: number;
  readonly error: ErrorRecord;
}

/** Asks for the row of a key, or without a key for all rows of a key group. */
export interface StateRequest {
  readonly key: readonly unknown[] | undefined;
  readonly group: number;
}

/** How an actor begins. */
export interface Resumption {
  /** Equal to the incarnation word as long as this is the actor that may step. */
  readonly incarnation: number;
  /** True to try the first tuples one by one: one of them may have killed the worker before. */
  readonly isolate: boolean;
  /** True to begin with batches of the usual length, where longer ones are possible: it died in one of these. */
  readonly isCareful: boolean;
  /** All are, or belong to, one tuple of the actor's input. */
  readonly condemned: readonly Condemned[];
  /** Set if its state is to be restored from its last backup instead of being taken as it is. */
  readonly restore: { /** Undefined if there was none yet. */ readonly checkpoint: Checkpoint | undefined } | undefined;
}

/** How an actor of a new job begins. */
export const FIRST_START: Resumption = {
  incarnation: 0,
  isolate: false,
  isCareful: false,
  condemned: [],
  restore: undefined,
};

/** What an actor gets from its host. */
export interface ActorEnvironment {
  readonly host: number;
  readonly wakeWords: WakeWords;
  readonly lingerMs: number;
  /** Time between backups of keyed state, and where they go; undefined for no backups. */
  readonly backup?: { readonly everyMs: number; ship(backup: Backup): void } | undefined;
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Milliseconds on a clock that all threads share; by default the one of {@link now}. */
  sharedNow?(): number;
  /** Milliseconds on a clock that all threads share, for the ages of tuples; without it none are measured. */
  stampMs?(): number;
  /** Milliseconds since the epoch, for the vitals; by default the system's. */
  epochMs?(): number;
  /** Up to which time timers fire, in milliseconds since the epoch; by default up to now. */
  timersUntilMs?(): number;
  /** Makes the host step its actors soon. */
  wake(): void;
  /** Calls `action` once, `ms` from now; by default on the system's clock. */
  after?(ms: number, action: () => void): Cancel;
  /** As `opened`, what a source gives that is opened again; rejects if it takes too long. By default it may take for ever. */
  reopening?<Reader>(operator: string, opened: Promise<Reader>): Promise<Reader>;
}

/**
 * What a step ended with: there may be more to do; no input; no room for output; waiting for a time or a callback; nothing
 * ever again; all key groups given away; or another incarnation of the actor runs, and this one must not.
 */
export type StepStatus = 'more' | 'idle' | 'blocked' | 'done' | 'retired' | 'superseded';

/** What step() throws: the actor cannot go on by itself. Everything is as at its last commit. */
