// The tuple that a replica was at when its worker died or hung, as far as shared memory tells.
// Promises: shared memory is only read. Two deaths in the same tuple, tried alone, have the same mark.

import { sourcePosition } from '../../actors/failures/failure.ts';
import { partitionAt } from '../../actors/inputs/partitioned-feed.ts';
import { isAtTimer, WorkCell } from '../../actors/vitals/vitals.ts';
import { show } from '../../errors.ts';
import { type Plan, stageName } from '../../flow/plan.ts';
import { PartitionMarks, type SourceMark } from '../../state/transaction/partition-marks.ts';
import type { Replica } from './replica.ts';

/** Tells the tuple in work from others, if it was tried alone: the cursor in front of it, of a timer, and at the end of the input, its key. */
export function markOf(replica: Replica): string {
  const { work } = replica;
  // Not the last commit: a replica with several inputs goes on with another one before it comes to the tuple again.
  const {
    progress: { source, sweep },
    cursors: { inputs },
  } = replica.committed();
  const input = work[WorkCell.input];
  // A source's row only tells that it moves on.
  if (inputs.length === 0) {
    const { partition, position } = partitionInWork(replica) ?? { ...source, partition: undefined };
    return [partition, show(position)].join();
  }
  if (input < 0 || input >= inputs.length) return [sweep.group, work[WorkCell.row]].join();
  return [input, inputs[input].position, inputs[input].row].join();
}

/** The partition that a source was reading, and where it stood; undefined if the source has only one. */
function partitionInWork({ work, descriptor }: Replica): (SourceMark & { partition: number }) | undefined {
  const { partitions } = descriptor;
  const partition = partitionAt(work[WorkCell.input]);
  if (partitions === undefined || partition < 0) return undefined;
  const found = { partition, position: undefined, seen: Number.NEGATIVE_INFINITY };
  new PartitionMarks(partitions).read(partition, found);
  return found;
}

/** Where the tuple in work stood, in words. */
export function positionOf(replica: Replica, plan: Plan): string {
  const { work, stage, descriptor } = replica;
  const { progress, cursors } = replica.committed();
  const input = work[WorkCell.input];
  const isAlone = work[WorkCell.isolating] === 1;
  if (input >= 0 && input < cursors.inputs.length) {
    const { position, row } = cursors.inputs[input];
    const from = stageName(plan.stages[stage.upstream[descriptor.inputs[input].upstream].stage]);
    const where = `row ${row} of the frame at ${position >>> 0} from '${from}'`;
    return isAlone ? where : `the batch that begins at ${where}`;
  }
  if (stage.operators[0].kind.role !== 'source') return isAtTimer(input) ? 'a timer' : 'the end of its input';
  const found = partitionInWork(replica);
  const where = sourcePosition(stageName(stage), found?.partition, (found ?? progress.source).position ?? 0);
  return isAlone ? where : `the batch that begins at ${where}`;
}
