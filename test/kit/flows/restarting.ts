// Flows that show what a restart makes anew: closures, with the variables of their build function, but not their module.
// Workers import this module too: it declares, and runs nothing.

import { threadId } from 'node:worker_threads';
import { dataflow, type OperatorOptions, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { type Traps, trapsAt } from './traps.ts';

/** Of this thread: lives as long as the thread does. */
let callsOfModule = 0;

/** Emits how often the closure has been called, by a count of its own and by one of its module. */
export const remembering = dataflow(
  import.meta.url,
  'remembering',
  (flow, params: Traps<'failing'> & { count: number; failure: OperatorOptions['failure'] }) => {
    const { failure, count } = params;
    const trap = trapsAt(['failing'], params);
    let calls = 0;
    return flow
      .source(
        'numbers',
        generate({ n: t.u32() }, (n) => ({ n }), { count }),
      )
      .map(
        'failing',
        { n: t.u32(), calls: t.u32(), callsOfModule: t.u32(), thread: t.u32() },
        ({ n }) => {
          calls++;
          callsOfModule++;
          trap.failing(n);
          return { n, calls, callsOfModule, thread: threadId };
        },
        { fuse: false, failure },
      )
      .collect('out');
  },
);

const STAGES = ['first', 'second', 'third'] as const;
export type StageName = (typeof STAGES)[number];

/** Three operators of three replicas each, in a row, fed by the app. */
export const threeByThree = dataflow(
  import.meta.url,
  'three-by-three',
  (flow, params: Traps<StageName> & { supervision?: OperatorOptions['supervision'] }) => {
    const trap = trapsAt(STAGES, params);
    const fields = { n: t.u32() };
    const state = { count: t.u32() };
    let stream = flow.source('app', push(fields));
    for (const name of STAGES) {
      stream = stream.keyBy('n').process(
        name,
        { state, output: fields },
        ({ n }, state, emit) => {
          state.count += 1;
          trap[name](n);
          emit({ n });
        },
        { parallelism: 3, failure: 'escalate', supervision: params.supervision },
      );
    }
    return stream.collect('out');
  },
);
