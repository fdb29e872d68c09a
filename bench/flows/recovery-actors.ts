// The flow of the results `actors-*` of suite `recovery`: a source, and a row of keyed operators behind it, each an actor of its own, that
// count and hand on.

import { dataflow, type Stream, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';

export interface ActorsParams {
  readonly operators: number;
  readonly keys: number;
  readonly ratePerSecond: number;
}

const fields = { index: t.u32(), key: t.u32() };

export const recoveryActorsFlow = dataflow(
  import.meta.url,
  'recovery-actors',
  (flow, { operators, keys, ratePerSecond }: ActorsParams) => {
    const make = (index: number) => ({ index, key: index % keys });
    let stream: Stream<typeof fields> = flow.source('source', generate(fields, make, { ratePerSecond }));
    for (let operator = 0; operator < operators; operator++) {
      stream = stream.keyBy('key').process(
        `count-${operator}`,
        { state: { count: t.u32() }, output: fields },
        (tuple, state, emit) => {
          state.count++;
          emit(tuple);
        },
        { fuse: false },
      );
    }
    return stream.collect('results');
  },
);
