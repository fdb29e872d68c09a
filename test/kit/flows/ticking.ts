// A flow whose timers fire on worker threads. One of them may end its worker.

import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';

export const ticking = dataflow(import.meta.url, 'ticking', (flow) =>
  flow
    .source('orders', push({ key: t.u32(), ms: t.f64(), deadly: t.bool() }))
    .keyBy('key')
    .process(
      'tick',
      { state: { deadly: t.bool() }, output: { key: t.u32() } },
      ({ key, ms, deadly }, state, _emit, { timers }) => {
        state.deadly = deadly;
        timers.after(ms, String(key));
      },
      {
        onTimer({ key }, state, emit) {
          if (state.deadly) process.exit(1);
          emit({ key });
        },
      },
    )
    .collect('fired'),
);
