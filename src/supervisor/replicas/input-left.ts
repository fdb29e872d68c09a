// What a replica has still to read, by its last commit and its rings.
// Promises: shared memory is only read; nobody is asked or stopped.

import { Ring } from '../../mailbox/ring.ts';
import { groupsOf } from '../../state/groups/group-set.ts';
import type { CommitRecord } from '../../state/transaction/commit-record.ts';
import { PartitionMarks } from '../../state/transaction/partition-marks.ts';
import { hasEnded } from '../../state/transaction/sweep.ts';
import type { Replica } from './replica.ts';

/** False if a replica has read all that there is: that it has not committed since its last crash then says nothing. */
export function hasPendingInput(replica: Replica): boolean {
  const record = replica.committed();
  if (hasReadAll(replica)) return !hasEnded(record.progress.sweep) && !waitsForOthers(replica, record);
  return replica.descriptor.inputs.some(({ memory }, i) => {
    const { position, ended } = record.cursors.inputs[i];
    return !ended && new Ring(memory.ring).published() !== position;
  });
}

/** True of a replica of a source that has read its partitions, and waits until the others have read theirs. */
function waitsForOthers({ descriptor }: Replica, { progress }: CommitRecord): boolean {
  const { partitions } = descriptor;
  if (partitions === undefined) return false;
  const marks = new PartitionMarks(partitions);
  return groupsOf(progress.groups).every((partition) => marks.hasReachedEnd(partition));
}

/** True once a replica has read all its input: at most `end` closures are left to run. */
export function hasReadAll(replica: Replica): boolean {
  const { inputs } = replica.descriptor;
  return replica.committed().cursors.inputs.every((mark, i) => {
    const ring = new Ring(inputs[i].memory.ring);
    return mark.ended || (ring.isDormant() && ring.published() === mark.position);
  });
}

/** What is published for a replica and not committed by it yet, in words of its rings. */
export function backlogWords(replica: Replica): number {
  const marks = replica.committed().cursors.inputs;
  return replica.descriptor.inputs.reduce((sum, { memory }, i) => {
    return sum + Math.max(0, (new Ring(memory.ring).published() - marks[i].position) | 0);
  }, 0);
}
