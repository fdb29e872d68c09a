// @ts-check
// CSV in, lines of text out: the header maps columns to fields, columns without a field are left out, and a record that does
// not fit the schema fails the job with its line's number, or is skipped and becomes a dead letter. What the sink writes is part
// of each commit.
//
//   $ npx millrace run examples/csv.js --out rivers.txt
//   Asia    7       Yangtze
//   North America   1       Mississippi–Missouri
//   South America   1       Amazon
//   Australia       1       Murray–Darling
//   Europe  2       Volga
//   Africa  2       Nile
//   csv: 0.2 s: dead letter: operator 'rivers', tuple {"line":9,"text":"Congo,Africa,about 4700,Boyoma Falls"}: BAD_CSV: …
//   csv: 1 tuple was left out as a dead letter: exit code 3, or 0 with --allow-dead-letters
//   $ npx millrace run examples/csv.js --out rivers.txt --strict
//   millrace: …/examples/data/rivers.csv, line 9: field 'length_km' is u32, which takes an integer from 0 to 4294967295; got "about 4700". Mend the line, or pass { badRecords: 'skip' } to make such lines dead letters (at position 0 of source 'rivers') [BAD_CSV]

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataflow, t } from 'millrace';
import { writeLines } from 'millrace/sinks';
import { readCsv } from 'millrace/sources';

const rivers = fileURLToPath(new URL('data/rivers.csv', import.meta.url));

/** @typedef {{ out?: string, strict?: boolean }} Params */

export default dataflow(import.meta.url, 'csv', (flow, /** @type {Params} */ params) => {
  const { out = join(tmpdir(), 'millrace-rivers.txt'), strict = false } = params;
  const [, continents] = flow
    .source(
      'rivers',
      readCsv(
        rivers,
        { continent: t.dictionary(), name: t.string(), length_km: t.u32() },
        { header: true, badRecords: strict ? 'fail' : 'skip' },
      ),
    )
    .split(
      (all) =>
        all.to(
          'file',
          writeLines(out, ({ name, length_km }) => `${name} is ${length_km} km long`),
        ),
      (all) =>
        all
          .keyBy('continent')
          .process(
            'longest',
            {
              state: { name: t.string(), length_km: t.u32(), rivers: t.u32() },
              output: { continent: t.string(), rivers: t.u32(), longest: t.string() },
            },
            ({ name, length_km }, state) => {
              state.rivers += 1;
              if (length_km > state.length_km) Object.assign(state, { name, length_km });
            },
            { end: ({ continent }, state, emit) => emit({ continent, rivers: state.rivers, longest: state.name }) },
          )
          .collect('continents'),
    );
  return continents;
});
