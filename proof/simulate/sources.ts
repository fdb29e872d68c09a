// Sources of simulated flows: the same tuples, in several ways.

import type { Shape, TupleOf } from '../../src/index.ts';
import { fromIterable, generate, push, type SourceDefinition, type SourceReader } from '../../src/sources.ts';
import type { SourceCase } from './case.ts';

/** One turn of the event loop, which is no time of the simulation's. */
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Pace = Pick<SourceCase, 'kind' | 'tuples' | 'ratePerSecond' | 'partitions' | 'burst'>;

/** A source of readers that say wait after each burst. */
function burstSource<Fields extends Shape>(
  fields: Fields,
  make: (at: number) => TupleOf<Fields>,
  { tuples, partitions, burst }: Pace,
): SourceDefinition<Fields> {
  return {
    kind: 'reader',
    fields,
    partitions,
    open({ partition, position, wake }) {
      const count = Math.ceil((tuples - partition) / partitions);
      const reader: SourceReader<TupleOf<Fields>> = {
        position,
        read(emit, limit) {
          for (let left = Math.min(limit, burst); left > 0; left--) {
            if (reader.position >= count) return 'end';
            emit(make(partition + reader.position * partitions));
            reader.position++;
          }
          setImmediate(wake);
          return 'wait';
        },
        close: () => {},
      };
      return reader;
    },
  };
}

/** @param make tuple `at` of the source, whatever its partition */
export function sourceOf<Fields extends Shape>(fields: Fields, make: (at: number) => TupleOf<Fields>, pace: Pace) {
  const { kind, tuples, ratePerSecond, partitions, burst } = pace;
  function* all(partition: number): Generator<TupleOf<Fields>> {
    for (let at = partition; at < tuples; at += partitions) yield make(at);
  }
  async function* slowly(partition: number): AsyncGenerator<TupleOf<Fields>> {
    let given = 0;
    for (const tuple of all(partition)) {
      yield tuple;
      if (burst > 0 && ++given % burst === 0) await pause();
    }
  }
  switch (kind) {
    case 'generate':
      return generate(fields, make, { count: tuples, ratePerSecond, partitions });
    case 'array':
      return fromIterable(fields, all, { partitions });
    case 'async':
      return fromIterable(fields, slowly, { partitions });
    case 'bursts':
      return burstSource(fields, make, pace);
    case 'push':
      return push(fields);
  }
}

/** What an app pushes into the sources that it feeds, by the names of its inputs. */
export const pushedInputs = <Tuple>(
  sources: readonly Pick<Pace, 'kind' | 'tuples'>[],
  tupleOf: (source: number, index: number) => Tuple,
): Record<string, Tuple[]> =>
  Object.fromEntries(
    sources.flatMap(({ kind, tuples }, source) =>
      kind === 'push'
        ? [[`source-${source}`, Array.from({ length: tuples }, (_, index) => tupleOf(source, index))]]
        : [],
    ),
  );
