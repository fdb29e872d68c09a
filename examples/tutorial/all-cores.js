import { dataflow, t } from 'millrace';
import { readCsv } from 'millrace/sources';

export default dataflow(import.meta.url, 'visits', (flow, /** @type {{ file: string }} */ { file }) =>
  flow
    .source('visits', readCsv(file, { page: t.dictionary(), ms: t.u32() }, { header: true, ranges: 'auto' }), {
      parallelism: 2,
    })
    .keyBy('page')
    .process(
      'pages',
      {
        state: { visits: t.u32(), ms: t.f64() },
        output: { page: t.string(), visits: t.u32(), meanMs: t.f64() },
      },
      ({ ms }, state) => {
        state.visits += 1;
        state.ms += ms;
      },
      {
        parallelism: 2,
        end: ({ page }, { visits, ms }, emit) => emit({ page, visits, meanMs: ms / visits }),
      },
    )
    .collect('pages-seen'),
);
