// The flows of the cases: as small as they can be and still show a tuple that is lost, repeated, torn or out of place.
// Promises: every check is made by the closures themselves; one that fails ends its thread.

import { count as counted } from '../../../src/aggregates.ts';
import type { Dataflow } from '../../../src/index.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate, push, type SourceDefinition, type SourceReader } from '../../../src/sources.ts';

export type CaseFlow = Dataflow<Record<string, never>, unknown>;

/** What closures keep from tuple to tuple: see actorScene(). */
export type Kept = Record<string, unknown>;

/** One field: a frame of one tuple takes 4 words, and 5 if it is read by key. */
const numbers = { n: t.u32() };

/** Throws unless the numbers come as 1, 2, 3, …: each once, in order, whole. */
export function expectNext(kept: Kept, reader: string, n: number): void {
  const expected = ((kept[reader] as number | undefined) ?? 0) + 1;
  if (n !== expected) throw new Error(`'${reader}' got ${n} instead of ${expected}`);
  kept[reader] = expected;
}

/** A source that gives 1, 2, 3, …, and readers without state that expect just that. */
export const readersFlow =
  (count: number, ...readers: string[]) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'readers', (flow) => {
      const stream = flow.source(
        'writer',
        generate(numbers, (i) => ({ n: i + 1 }), { count }),
      );
      for (const reader of readers) {
        stream.forEach(reader, ({ n }) => expectNext(kept, reader, n), { fuse: false, failure: 'stop' });
      }
    });

/** Two sources, and a reader that expects 1, 2, 3, … of the first and 101, 102, … of the second, in any order between them. */
export const mergingFlow =
  (count: number) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'merging', (flow) => {
      const sourceOf = (name: string, from: number) =>
        flow.source(
          name,
          generate(numbers, (i) => ({ n: from + i }), { count }),
        );
      sourceOf('first', 1)
        .merge(sourceOf('second', 101))
        .forEach(
          'reader',
          ({ n }) => {
            expectNext(kept, n > 100 ? 'second' : 'first', n > 100 ? n - 100 : n);
            kept.reader = ((kept.reader as number | undefined) ?? 0) + 1;
          },
          { fuse: false, failure: 'stop' },
        );
    });

/** 1, 2, 3, …, read by the app's own thread. */
export const collectFlow = (count: number) => (): CaseFlow =>
  dataflow(import.meta.url, 'collect', (flow) =>
    flow
      .source(
        'writer',
        generate(numbers, (i) => ({ n: i + 1 }), { count }),
      )
      .collect('app'),
  );

/** The app's own thread writes, and a reader expects 1, 2, 3, …. */
export const pushFlow =
  () =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'push', (flow) => {
      flow
        .source('app', push(numbers))
        .forEach('reader', ({ n }) => expectNext(kept, 'reader', n), { fuse: false, failure: 'stop' });
    });

/** A reader that counts in its state, under the key 1, so that it can crash. */
export const countingFlow = (count: number) => (): CaseFlow =>
  dataflow(import.meta.url, 'counting', (flow) => {
    flow
      .source(
        'writer',
        generate(numbers, () => ({ n: 1 }), { count }),
      )
      .keyBy('n')
      .process(
        'reader',
        { state: { seen: t.u32() } },
        (_tuple, state) => {
          state.seen += 1;
        },
        { fuse: false, failure: 'stop' },
      );
  });

/**
 * The same count, of tuples that are combined in the writer's chain, where the last one may fail at its first try: what is combined of its
 * batch, in the reads before, is taken back.
 */
export const combiningFlow =
  (count: number, fails = false) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'combining', (flow) => {
      flow
        .source(
          'writer',
          generate({ n: t.u32(), i: t.u32() }, (i) => ({ n: 1, i }), { count }),
        )
        .filter('flaky', ({ i }) => {
          if (!fails || i < count - 1 || kept.flaky === 1) return true;
          kept.flaky = 1;
          throw new Error('the last tuple fails once');
        })
        .keyBy('n')
        .aggregate('reader', { seen: counted() }, { combineMs: fails ? 1 : 0, failure: 'stop' })
        .forEach('told', () => {});
    });

/** A stage that counts in its state and passes on what it has counted: input, state and output are one transaction. */
export const relayFlow =
  (count: number) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'relay', (flow) => {
      flow
        .source(
          'writer',
          generate(numbers, () => ({ n: 1 }), { count }),
        )
        .keyBy('n')
        .process(
          'relay',
          { state: { seen: t.u32() }, output: numbers },
          (_tuple, state, emit) => {
            state.seen += 1;
            emit({ n: state.seen });
          },
          { fuse: false, failure: 'stop' },
        )
        .forEach('reader', ({ n }) => expectNext(kept, 'reader', n), { fuse: false, failure: 'stop' });
    });

/** A stage that writes several frames for each tuple: more than its ring holds. */
export const spillingFlow =
  (count: number, copies: number) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'spilling', (flow) => {
      flow
        .source(
          'writer',
          generate(numbers, (i) => ({ n: i }), { count }),
        )
        .flatMap('copies', numbers, ({ n }, emit) => {
          for (let copy = 1; copy <= copies; copy++) emit({ n: n * copies + copy });
        })
        .forEach('reader', ({ n }) => expectNext(kept, 'reader', n), { fuse: false, failure: 'stop' });
    });

/** A reader of 1 to `count`, all at once; then it says wait, and is at its end when it is asked again. */
const burst = (count: number): SourceDefinition<typeof numbers> => ({
  kind: 'reader',
  fields: numbers,
  open({ position, wake }) {
    const reader: SourceReader<{ n: number }> = {
      position,
      read(emit) {
        if (reader.position === count) return 'end';
        while (reader.position < count) {
          reader.position++;
          emit({ n: reader.position });
        }
        wake();
        return 'wait';
      },
      close: () => {},
    };
    return reader;
  },
});

/** A source that gives a burst and waits, and a reader that expects all of it. */
export const burstFlow =
  (count: number) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'burst', (flow) => {
      flow
        .source('writer', burst(count))
        .forEach('reader', ({ n }) => expectNext(kept, 'reader', n), { fuse: false, failure: 'stop' });
    });
