// Drives a source reader as an actor would, without one: reads until the end, and sleeps when the reader says so.

import type { SourceDefinition, SourceReader, SourceStatus } from '../../src/actors/source.ts';
import type { Shape, TupleOf } from '../../src/mailbox/schema.ts';

export interface Drive {
  /** Tuples per read(). */
  limit?: number;
  position?: number;
  aux?: number;
  /** Called after each read() with the reader's position and the count of tuples so far. */
  after?: (position: number, aux: number, count: number) => void;
}

/** Everything that a source emits from a position on. Rejects with what read() throws and with what fail() gets. */
export async function drain<Fields extends Shape>(
  source: SourceDefinition<Fields>,
  { limit = 1000, position = 0, aux = 0, after }: Drive = {},
): Promise<TupleOf<Fields>[]> {
  const tuples: TupleOf<Fields>[] = [];
  await drive(source, (tuple) => tuples.push(tuple), {
    limit,
    position,
    aux,
    after: (at, line) => after?.(at, line, tuples.length),
  });
  return tuples;
}

/** The same with an emit of the caller's. */
export async function drive<Fields extends Shape>(
  source: SourceDefinition<Fields>,
  emit: (tuple: TupleOf<Fields>) => void,
  { limit = 1000, position = 0, aux = 0, after }: Drive = {},
): Promise<void> {
  let wake: (() => void) | undefined;
  let woken = false;
  let failed: unknown;
  const rouse = () => {
    woken = true;
    wake?.();
  };
  const reader = (await source.open({
    operator: 'source',
    partition: 0,
    position,
    aux,
    wake: rouse,
    fail: (error) => {
      failed = error;
      rouse();
    },
  })) as unknown as SourceReader<TupleOf<Fields>>;
  try {
    for (;;) {
      const status: SourceStatus = reader.read(emit, limit);
      if (failed !== undefined) throw failed;
      after?.(reader.position, reader.aux, 0);
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
