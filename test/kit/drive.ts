// Drives a source reader as an actor would, without one: reads until the end, and sleeps when the reader says so.

import {
  MEMORY_CELLS,
  partitionsOf,
  type SourceContext,
  type SourceDefinition,
  type SourceStatus,
} from '../../src/flow/source.ts';
import type { Shape, TupleOf } from '../../src/mailbox/schema.ts';

/** What a source is opened with: at its beginning, without a memory, unless `parts` say otherwise. */
export const contextWith = <Position = number>(
  parts: Partial<SourceContext<Position>> = {},
): SourceContext<Position> => ({
  operator: 'source',
  partition: 0,
  memory: new Int32Array(MEMORY_CELLS),
  memoryOf: () => new Int32Array(MEMORY_CELLS),
  position: 0 as Position,
  reject(record, error) {
    throw new Error(`${JSON.stringify(record)} was rejected`, { cause: error });
  },
  wake() {},
  fail() {},
  ...parts,
});

/** A record that was rejected. */
export interface Rejected {
  record: unknown;
  error: Error;
  position: unknown;
}

export interface Drive<Position = number> {
  /** Tuples per read(). */
  limit?: number;
  position?: Position;
  /** What an earlier opening has left; nothing by default. */
  memory?: Int32Array;
  partition?: number;
  /** What list() gave when the job started. */
  listing?: readonly string[];
  /** What all partitions have left. */
  memoryOf?: (partition: number) => Int32Array;
  /** Gets what is rejected; by default that is thrown. */
  rejected?: Rejected[];
  /** Called after each read() with the reader's position and the count of tuples so far. */
  after?: (position: Position, count: number) => void;
}

/** Everything that a source emits from a position on. Rejects with what read() throws and with what fail() gets. */
export async function drain<Fields extends Shape, Position = number>(
  source: SourceDefinition<Fields, TupleOf<Fields>, Position>,
  { after, ...how }: Drive<Position> = {},
): Promise<TupleOf<Fields>[]> {
  const tuples: TupleOf<Fields>[] = [];
  await drive(source, (tuple) => tuples.push(tuple), {
    ...how,
    after: (at) => after?.(at, tuples.length),
  });
  return tuples;
}

/** Memory of so many partitions, as a job gives it. */
export function memoriesOf(partitions: number): (partition: number) => Int32Array {
  const memories = Array.from({ length: partitions }, () => new Int32Array(new SharedArrayBuffer(4 * MEMORY_CELLS)));
  return (partition) => memories[partition];
}

/** What each partition of a source emits: read at the same time, as its replicas do, or one after the other from the last on. */
export async function drainEach<Fields extends Shape, Position = number>(
  source: SourceDefinition<Fields, TupleOf<Fields>, Position>,
  { memoryOf = memoriesOf(partitionsOf(source)), limit }: Pick<Drive, 'memoryOf' | 'limit'> = {},
  isParallel = true,
): Promise<{ tuples: TupleOf<Fields>[]; rejected: Rejected[]; error: unknown }[]> {
  const read = async (partition: number) => {
    const tuples: TupleOf<Fields>[] = [];
    const rejected: Rejected[] = [];
    let error: unknown;
    const how = { limit, partition, memoryOf, memory: memoryOf(partition), rejected };
    try {
      await drive(source, (tuple) => tuples.push(tuple), how);
    } catch (cause) {
      error = cause;
    }
    return { tuples, rejected, error };
  };
  const partitions = Array.from({ length: partitionsOf(source) }, (_, partition) => partition);
  if (isParallel) return Promise.all(partitions.map(read));
  const parts = [];
  for (const partition of partitions.reverse()) parts.unshift(await read(partition));
  return parts;
}

/** The same with an emit of the caller's. */
async function drive<Fields extends Shape, Position>(
  source: SourceDefinition<Fields, TupleOf<Fields>, Position>,
  emit: (tuple: TupleOf<Fields>) => void,
  { limit = 1000, after, rejected, ...parts }: Drive<Position> = {},
): Promise<void> {
  let wake: (() => void) | undefined;
  let woken = false;
  let failed: unknown;
  const rouse = () => {
    woken = true;
    wake?.();
  };
  const { start } = source;
  const context = contextWith<Position>({
    ...(start !== undefined && { position: start }),
    ...parts,
    ...(rejected && { reject: (record, error, position) => void rejected.push({ record, error, position }) }),
    wake: rouse,
    fail: (error) => {
      failed = error;
      rouse();
    },
  });
  const reader = await source.open(context);
  try {
    for (;;) {
      const status: SourceStatus = reader.read(emit, limit);
      if (failed !== undefined) throw failed;
      after?.(reader.position, 0);
      if (status === 'end') return;
      if (status === 'wait') {
        if (!woken) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        wake = undefined;
        woken = false;
        if (failed !== undefined) throw failed;
      }
    }
  } finally {
    reader.close();
  }
}
