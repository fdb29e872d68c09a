// Queryable state: the app asks for rows of a keyed operator while the job runs, and after it.
// Promises: committed rows only. The owner answers between its transactions; while it is dead, and after it has ended, this
// thread reads its shared memory itself. Nobody is stopped for it.
// Relies on: recovery takes an actor's worker away only when its thread is gone, and gives it a new one in the same turn of
// the event loop as it orders the adoption.

import { errors } from '../../errors.ts';
import type { Stage } from '../../flow/plan.ts';
import { stateLayout } from '../../flow/state-layout.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import { hasGroup } from '../../state/groups/group-set.ts';
import { generateTable } from '../../state/memory/table.ts';
import {
  keyGroupFinder,
  type StateEntry,
  type StateReader,
  type StateRow,
  stateReader,
} from '../../state/rows/state-reader.ts';
import { Transaction } from '../../state/transaction/transaction.ts';
import { answerOf } from '../../workers/remote-calls.ts';
import { committedOf, type Recoverable } from '../recovery/recovery.ts';
import type { JobState } from './job-api.ts';

/** How long to wait before an owner is looked for again that has just died or moved. */
const RETRY_MS = 1;

/** What the query needs of the job. */
export interface QueriedJob {
  readonly clock: Clock;
  /** The replicas of the operator, by number. */
  readonly actors: readonly Recoverable[];
  /** True once the job has ended, or is about to. */
  isOver(): boolean;
  /** Resolves when no thread of the job is left. */
  readonly gone: Promise<void>;
}

/** True if a worker owns the state, and answers for it. */
const isHosted = ({ isEnded, member }: Recoverable): boolean => !isEnded && member !== undefined;

export class StateQuery implements JobState {
  private readonly stage: Stage;
  private readonly job: QueriedJob;
  private readonly groupOf: (key: readonly unknown[]) => number;
  private readonly readers = new Map<Recoverable, { transaction: Transaction; reader: StateReader }>();

  constructor(stage: Stage, job: QueriedJob) {
    this.stage = stage;
    this.job = job;
    this.groupOf = keyGroupFinder(stage.operators[0].name, stateLayout(this.stage).keys);
  }

  async get(...key: unknown[]): Promise<StateRow | undefined> {
    const group = this.groupOf(key);
    return this.ask(group, (reader) => reader.get(key), { key, group });
  }

  async *entries(): AsyncGenerator<StateEntry> {
    for (let group = 0; group < KEY_GROUPS; group++) {
      yield* await this.ask(group, (reader) => reader.entries(group), { key: undefined, group });
    }
  }

  private async ask<Answer>(
    group: number,
    read: (reader: StateReader) => Answer,
    request: { readonly key: readonly unknown[] | undefined; readonly group: number },
  ): Promise<Answer> {
    const { job } = this;
    for (;;) {
      if (job.isOver()) await job.gone;
      const actor = job.actors.find((each) => hasGroup(committedOf(each).progress.groups, group));
      // A job that failed may have left a group between its owners: what is there is what the first of them has committed.
      if (job.isOver()) return read(this.readerOf(actor ?? job.actors[0]));
      if (actor === undefined) {
        await sleep(job.clock, RETRY_MS);
        continue;
      }
      // An app that asks in a loop must not keep the event loop from everyone else, recovery included.
      if (!isHosted(actor)) await job.clock.yield();
      if (job.isOver() || !hasGroup(committedOf(actor).progress.groups, group)) continue;
      const { member } = actor;
      if (!isHosted(actor) || member === undefined) {
        // State that was restored, and not brought up to date before its owner died, is older than what has come out.
        if (!committedOf(actor).cursors.replaying) return read(this.readerOf(actor));
        await sleep(job.clock, RETRY_MS);
        continue;
      }
      const { descriptor } = actor.placement;
      const answer = await answerOf(member.hired.control.readState(descriptor, request));
      if (answer !== undefined) return answer.found as Answer;
      await sleep(job.clock, RETRY_MS);
    }
  }

  /** A reader in this thread. What a dead owner left open is rolled back first: nobody else can do it at this moment. */
  private readerOf(actor: Recoverable): StateReader {
    let own = this.readers.get(actor);
    if (own === undefined) {
      const { name } = this.stage.operators[0];
      const memory = actor.placement.descriptor.transaction;
      if (memory === undefined) throw errors.invariant(`operator '${name}' has keyed state`);
      const transaction = new Transaction(name, memory);
      const table = generateTable(name, stateLayout(this.stage), transaction);
      own = { transaction, reader: stateReader(name, table, transaction) };
      this.readers.set(actor, own);
    }
    own.transaction.rollback(actor.log.sequence());
    return own.reader;
  }
}
