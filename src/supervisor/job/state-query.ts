// Queryable state: the app asks for rows of a keyed operator while the job runs, and after it.
// Promises: committed rows only. The owner answers between its transactions; while it is dead, and after it has ended, this
// thread reads its shared memory itself. Nobody is stopped for it.
// Relies on: recovery takes an replica's worker away only when its thread is gone, and gives it a new one in the same turn of
// the event loop as it orders the adoption.

import { errors } from '../../errors.ts';
import type { Stage } from '../../flow/plan.ts';
import { stateLayout } from '../../flow/state-layout.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import { sleep } from '../../platform/clock.ts';
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
import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobState } from './job-api.ts';

/** How long to wait before an owner is looked for again that has just died or moved. */
const RETRY_MS = 1;

/** True if a worker owns the state, and answers for it. */
const isHosted = ({ isEnded, worker }: Replica): boolean => !isEnded && worker !== undefined;

export class StateQuery implements JobState {
  private readonly stage: Stage;
  private readonly job: JobContext;
  /** Resolves when no thread of the job is left. */
  private readonly gone: Promise<void>;
  private readonly groupOf: (key: readonly unknown[]) => number;
  private readonly readers = new Map<Replica, { transaction: Transaction; reader: StateReader }>();

  constructor(stage: Stage, job: JobContext, gone: Promise<void>) {
    this.stage = stage;
    this.job = job;
    this.gone = gone;
    this.groupOf = keyGroupFinder(stage.operators[0].name, stateLayout(this.stage).keys);
  }

  async get(...key: unknown[]): Promise<StateRow | undefined> {
    const group = this.groupOf(key);
    return this.ask(group, (reader) => reader.get(key), { key, group });
  }

  async *entries(): AsyncGenerator<StateEntry> {
    for (let group = 0; group < KEY_GROUPS; group++) {
      yield* await this.ofGroup(group);
    }
  }

  /** All rows of a key group, of one commit. */
  ofGroup(group: number): Promise<readonly StateEntry[]> {
    return this.ask(group, (reader) => reader.entries(group), { key: undefined, group });
  }

  private async ask<Answer>(
    group: number,
    read: (reader: StateReader) => Answer,
    request: { readonly key: readonly unknown[] | undefined; readonly group: number },
  ): Promise<Answer> {
    const { job } = this;
    const replicas = job.roster.of(this.stage);
    for (;;) {
      if (job.isOver()) await this.gone;
      const replica = replicas.find((each) => hasGroup(each.committed().progress.groups, group));
      // A job that failed may have left a group between its owners: what is there is what the first of them has committed.
      if (job.isOver()) return read(this.readerOf(replica ?? replicas[0]));
      if (replica === undefined) {
        await sleep(job.clock, RETRY_MS);
        continue;
      }
      // An app that asks in a loop must not keep the event loop from everyone else, recovery included.
      if (!isHosted(replica)) await job.clock.yield();
      if (job.isOver() || !hasGroup(replica.committed().progress.groups, group)) continue;
      const { worker } = replica;
      if (!isHosted(replica) || worker === undefined) {
        // State that was restored, and not brought up to date before its owner died, is older than what has come out.
        if (!replica.committed().cursors.replaying) return read(this.readerOf(replica));
        await sleep(job.clock, RETRY_MS);
        continue;
      }
      const answer = await answerOf(worker.hired.control.readState(replica.actor, request));
      if (answer !== undefined) return answer.found as Answer;
      await sleep(job.clock, RETRY_MS);
    }
  }

  /** A reader in this thread. What a dead owner left open is rolled back first: nobody else can do it at this moment. */
  private readerOf(replica: Replica): StateReader {
    let own = this.readers.get(replica);
    if (own === undefined) {
      const { name } = this.stage.operators[0];
      const memory = replica.descriptor.transaction;
      if (memory === undefined) throw errors.invariant(`operator '${name}' has keyed state`);
      const transaction = new Transaction(name, memory);
      const table = generateTable(name, stateLayout(this.stage), transaction);
      own = { transaction, reader: stateReader(name, table, transaction) };
      this.readers.set(replica, own);
    }
    own.transaction.rollback(replica.log.sequence());
    return own.reader;
  }
}
