// State that an actor takes up from a dead host, or from a backup; and the replay that brings a backup up to date.
// Promises: state is restored in one transaction, and each step of the replay is one: a crash in between goes on from there.
// What a replay writes is dropped, since it was published before the crash.
// Relies on: inputs are held back up to the last backup (replica-backup.ts); operators are deterministic.

import { errors } from '../../errors.ts';
import type { Alignment } from '../../mailbox/alignment.ts';
import { isBehind, type ReadMark, type RingReader } from '../../mailbox/ring-reader.ts';
import { type Checkpoint, discardGroups, restore } from '../../state/images/checkpoint.ts';
import { checkState } from '../../state/images/integrity.ts';
import { firstRecord } from '../../state/transaction/commit-log.ts';
import { markCodec } from '../../state/transaction/commit-record.ts';
import { type ActorDescriptor, type Resumption, silentInputs } from '../actor-descriptor.ts';
import type { Batch, Input } from '../batch.ts';

/**
 * Makes sure of the live image, or replaces it by a backup, from which the actor must then {@link nextReplayed replay}.
 * @throws MillraceError STATE_DAMAGED
 */
export function takeUpState(
  batch: Batch,
  operator: string,
  { replica, inputs: read }: ActorDescriptor,
  backup: Resumption['restore'],
): void {
  const { state, groups, record, inputs } = batch;
  // Without key groups there is nothing to restore, and a dormant replica must not be kept from being given some.
  if (state === undefined || groups.length === 0) return;
  const gained = backup === undefined ? [] : gainedSince(backup.checkpoint, batch);
  const hasFired = backup !== undefined && record.progress.fired !== (backup.checkpoint?.marks.progress.fired ?? 0);
  if (backup === undefined || gained.length > 0 || hasFired) {
    const problem = checkState(state, groups, 'roots');
    const isLost =
      gained.length > 0
        ? ', and its last backup is from before a hand-over of key groups'
        : hasFired
          ? ', and timers have fired since its last backup, which reading the input again does not repeat'
          : '';
    if (problem !== undefined) throw errors.stateDamaged(operator, replica, `${problem}${isLost}`);
    return;
  }
  if (record.progress.sweep.slot > 0) {
    throw errors.stateDamaged(
      operator,
      replica,
      'and some keys of a group have ended, which a backup cannot tell apart',
    );
  }
  const checkpoint = backup.checkpoint ?? {
    format: state.images.format,
    sequence: 0,
    marks: firstRecord({ inputs: inputs.length, outputs: 0, counts: 0, finished: 0 }, silentInputs(read)),
    groups: groups.map((group) => ({ group, rows: 0, image: new Uint8Array(0) })),
  };
  // Discarding leaks what the groups held: only where it cannot be walked.
  if (checkState(state, groups, 'roots') !== undefined) discardGroups(state, groups);
  batch.begin();
  // Groups that it has given away since are another replica's now.
  const owned = new Set(groups);
  restore(state, { ...checkpoint, groups: checkpoint.groups.filter(({ group }) => owned.has(group)) });
  const { cursors } = record;
  for (const { index, reader } of inputs) {
    reader.reset(checkpoint.marks.cursors.inputs[index]);
    if (!cursors.replaying) markCodec.copy(cursors.inputs[index], cursors.replayUntil[index]);
  }
  cursors.replaying = true;
  batch.commit();
}

/** The key groups that the actor owns and its backup does not know: how far they had come is not known either. */
function gainedSince(checkpoint: Checkpoint | undefined, { groups, record }: Batch): readonly number[] {
  if (checkpoint === undefined) return record.cursors.handOver > 0 ? groups : [];
  const known = new Set(checkpoint.groups.map(({ group }) => group));
  return groups.filter((group) => !known.has(group));
}

/** Rows of a reader's current frame that come before a mark, which is at most one ring ahead. Loads a frame if there is one. */
export function rowsBefore(alignment: Alignment, reader: RingReader, mark: ReadMark): number {
  // Loading a frame may pass padding, and with it the mark.
  if (!isBehind(reader, mark) || !alignment.load(reader, mark) || !isBehind(reader, mark)) return 0;
  return reader.position === mark.position ? mark.row - reader.row : Number.POSITIVE_INFINITY;
}

/** The next input with rows to read again, and how many of its current frame; undefined if state is up to date. */
export function nextReplayed({ inputs, alignment, record }: Batch): { input: Input; rows: number } | undefined {
  // A fence that is passed here may be what another input waits for.
  for (let passed = true; passed; ) {
    passed = false;
    for (const input of inputs) {
      const { fence } = input.reader;
      const rows = rowsBefore(alignment, input.reader, record.cursors.replayUntil[input.index]);
      if (rows > 0) return { input, rows };
      passed ||= input.reader.fence !== fence;
    }
  }
  return undefined;
}

/** Goes on from where the crash was: state reflects all that was read until then. */
export function endReplay(batch: Batch): void {
  const { inputs, record } = batch;
  batch.begin();
  for (const { index, reader } of inputs) reader.reset(record.cursors.replayUntil[index]);
  record.cursors.replaying = false;
  batch.commit();
}
