// Deployment: the shared memory of a job, and which worker hosts which actor.
// Promises: every ring has its reader slots active at position 0 before any actor runs; nothing here holds a closure, so a
// deployment can be sent to any thread.

import { type ActorDescriptor, type LetterMemory, type RingMemory, silentInputs } from '../actors/actor-descriptor.ts';
import { LETTER_OUTBOX_BYTES, LETTER_RING_BYTES } from '../actors/failures/dead-letters.ts';
import { allocateMemory } from '../actors/inputs/source-memory.ts';
import { finishedCells } from '../actors/requests/finished-rows.ts';
import { type BoardPlace, TimeBoard } from '../actors/time/time-board.ts';
import { Vitals } from '../actors/vitals/vitals.ts';
import { errors } from '../errors.ts';
import {
  groupCount,
  initialGroups,
  type Plan,
  readerSlotOf,
  readerSlots,
  readersOf,
  type Stage,
  stageName,
} from '../flow/plan.ts';
import { countsOf } from '../flow/stage-counts.ts';
import { allocateDictionary } from '../mailbox/dictionary.ts';
import { allocateOutbox } from '../mailbox/output.ts';
import { READERS_MAX, Ring, ringCapacity } from '../mailbox/ring.ts';
import { HandOver } from '../state/groups/hand-over.ts';
import { allocateArenas } from '../state/memory/arena.ts';
import { CommitLog } from '../state/transaction/commit-log.ts';
import { PartitionMarks } from '../state/transaction/partition-marks.ts';
import { allocateTransaction } from '../state/transaction/transaction.ts';
import { UndoLog } from '../state/transaction/undo-log.ts';
import { NO_HOST } from './replicas/replica-life.ts';

/** Sizes of a job's shared memory, in bytes. */
export interface MemoryLimits {
  readonly ringBytes: number;
  readonly outboxBytes: number;
  readonly stateBytes: number;
}

/** An actor, and where it begins. */
export interface Placement {
  readonly descriptor: ActorDescriptor;
  readonly stage: Stage;
  readonly host: number;
  /** True if it takes no part in the stream at first: it owns no key groups. */
  readonly isDormant: boolean;
}

export interface Deployment {
  /** Actors on workers and, for push sources and collects, the descriptors of the app's own ends. */
  readonly placements: readonly Placement[];
  /** The host number of the app's own thread. */
  readonly appHost: number;
}

function allocateRing(plan: Plan, stage: Stage, output: number, replica: number, ringBytes: number): RingMemory {
  const readers = readerSlots(plan, stage, output);
  if (readers > READERS_MAX) throw errors.readerSlots(stageName(stage), readers, READERS_MAX);
  const buffer = Ring.allocate(ringBytes, readers);
  const ring = new Ring(buffer);
  for (const reader of readersOf(plan, stage, output)) {
    // The slots of dormant replicas are activated by whoever hands groups over to them.
    for (let replica = 0; replica < reader.stage.parallelism; replica++) ring.activate(reader.slot + replica, 0);
  }
  ring.setDormant(replica >= stage.parallelism);
  const usesDictionary = stage.outputs[output].schema.fields.some(({ codec }) => codec.usesDictionary);
  return { ring: buffer, dictionary: usesDictionary ? allocateDictionary() : undefined };
}

/** The ring of an actor's dead letters has one reader: the app. */
function allocateLetters(): LetterMemory {
  const ring = Ring.allocate(LETTER_RING_BYTES, 1);
  new Ring(ring).activate(0, 0);
  return { ring, outbox: allocateOutbox(LETTER_OUTBOX_BYTES) };
}

/** Where the replicas of each stage tell of event time, if it judges that: together with those of stages whose streams meet its own. */
function timeBoards({ stages }: Plan): (BoardPlace[] | undefined)[] {
  const judges = stages.map(({ operators }) => operators.some(({ eventTime }) => eventTime !== undefined));
  /** Of each stage, one of those whose streams meet in it, or before what it meets with others. */
  const meets = stages.map((_, index) => index);
  const rootOf = (index: number): number => (meets[index] === index ? index : rootOf(meets[index]));
  for (const { index, upstream } of stages) for (const { stage } of upstream) meets[rootOf(stage)] = rootOf(index);
  const cells = stages.flatMap((stage) =>
    judges[stage.index] ? Array.from({ length: stage.replicas }, (_, replica) => ({ stage, replica })) : [],
  );
  if (cells.length === 0) return [];
  const memory = TimeBoard.allocate(cells.map(({ stage, replica }) => replica < stage.parallelism));
  const cellsOf = (test: (cell: (typeof cells)[number]) => boolean): number[] =>
    cells.flatMap((cell, i) => (test(cell) ? [i] : []));
  return stages.map((stage) => {
    if (!judges[stage.index]) return undefined;
    const together = cellsOf(({ stage: other }) => rootOf(other.index) === rootOf(stage.index));
    return Array.from({ length: stage.replicas }, (_, replica) => {
      const [own] = cellsOf((cell) => cell.stage === stage && cell.replica === replica);
      return { memory, own, others: together.filter((cell) => cell !== own) };
    });
  });
}

/** Allocates everything a plan needs and spreads the actors over the workers, round robin in the order of the stream. */
export function deploy(plan: Plan, workers: number, limits: MemoryLimits, appHost = workers, run = 'run'): Deployment {
  /** By stage, output and replica. */
  const rings = plan.stages.map((stage) =>
    stage.outputs.map((_, output) =>
      Array.from({ length: stage.replicas }, (_, replica) =>
        allocateRing(plan, stage, output, replica, limits.ringBytes),
      ),
    ),
  );
  const boards = timeBoards(plan);
  let next = 0;
  let number = 0;
  const placements = plan.stages.flatMap((stage) => {
    const stateful = stage.operators[0].state !== undefined;
    const arenas = stateful ? allocateArenas(limits.stateBytes) : undefined;
    const marks = stage.partitions > 1 ? PartitionMarks.allocate(stage.partitions) : undefined;
    const kind = stage.operators[0].source?.kind;
    const isRead = kind === 'reader' || kind === 'generate';
    const sourceMemory = isRead ? allocateMemory(stage.partitions) : undefined;
    const inputCount = stage.upstream.reduce((sum, { stage: index, output }) => sum + rings[index][output].length, 0);
    const handOver = stage.replicas > 1 ? HandOver.allocate(stage.replicas, inputCount) : undefined;
    return Array.from({ length: stage.replicas }, (_, replica): Placement => {
      const inputs = stage.upstream.flatMap(({ stage: index, output }, upstream) =>
        rings[index][output].map((memory, writer) => ({
          upstream,
          memory,
          slot: readerSlotOf(plan, stage, upstream, replica),
          isSilent: writer >= plan.stages[index].parallelism,
        })),
      );
      const outputs = rings[stage.index].map((ofOutput) => ({
        memory: ofOutput[replica],
        outbox: allocateOutbox(limits.outboxBytes),
      }));
      const descriptor: ActorDescriptor = {
        number: number++,
        stage: stage.index,
        replica,
        run,
        ringBytes: ringCapacity(limits.ringBytes),
        commit: CommitLog.allocate(
          {
            inputs: inputs.length,
            outputs: outputs.length,
            counts: countsOf(stage),
            finished: finishedCells(stage.operators[0].asking, inputs.length),
          },
          initialGroups(replica, stage.parallelism, groupCount(stage)),
          silentInputs(inputs),
        ),
        vitals: Vitals.allocate(countsOf(stage), replica >= stage.parallelism),
        transaction: arenas && allocateTransaction(arenas),
        partitions: marks && { marks, undo: UndoLog.allocate(marks.byteLength) },
        sourceMemory,
        listing: stage.operators[0].listing,
        outputs,
        letters: allocateLetters(),
        inputs,
        board: boards[stage.index]?.[replica],
        handOver,
      };
      const isDormant = replica >= stage.parallelism;
      const host = stage.place === 'app' ? appHost : isDormant ? NO_HOST : next++ % workers;
      return { descriptor, stage, host, isDormant };
    });
  });
  return { placements, appHost };
}
