// The files that `millrace init` writes: a flow over a small file, that file, and a test.
// Promises: they run as they are, in a project of any module type: the modules are .mjs.

const FLOW_FILE = 'visits.mjs';
const DATA_FILE = 'visits.csv';
const TEST_FILE = 'visits.test.mjs';

const FLOW = `// Visits of each page, and how long they took on average. Run it: npx millrace run ${FLOW_FILE}
import { dataflow, t } from 'millrace';
import { count, mean } from 'millrace/aggregates';
import { readCsv } from 'millrace/sources';

const params = {
  file: { type: 'string', default: '${DATA_FILE}', help: 'a CSV file with the columns page and ms' },
};

export default dataflow(import.meta.url, 'visits', { params }, (flow, { file }) =>
  flow
    // 1. The columns of your file, and their types: npx millrace run ${FLOW_FILE} --file yours.csv
    .source('visits', readCsv(file, { page: t.string(), ms: t.f64() }, { header: true }))
    // 2. What becomes of each row: a closure that runs on a worker thread.
    .filter('served', ({ ms }) => ms > 0)
    // 3. What is counted, by which key.
    .keyBy('page')
    .aggregate('pages', { visits: count(), meanMs: mean('ms') })
    .collect('pages-seen'),
);
`;

const DATA = `page,ms
/,120
/docs,340
/,80
/prices,200
/docs,0
/,100
`;

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simulate } from 'millrace/testing';
import visits from './${FLOW_FILE}';

const file = fileURLToPath(new URL('${DATA_FILE}', import.meta.url));

test('pages have their visits, whatever crashes', async () => {
  for (let seed = 0; seed < 5; seed++) {
    // A whole job in this thread, with crashes that the seed decides about.
    const { outputs } = await simulate(visits, { seed, params: { file } });
    const seen = outputs['pages-seen'].map(({ page, visits, meanMs }) => \`\${page} \${visits} \${meanMs}\`);
    assert.deepEqual(seen.sort(), ['/ 3 100', '/docs 1 340', '/prices 1 200']);
  }
});
`;

/** Their texts by name. */
export const INIT_FILES: Readonly<Record<string, string>> = {
  [FLOW_FILE]: FLOW,
  [DATA_FILE]: DATA,
  [TEST_FILE]: TEST,
};

/** Scripts of package.json. */
export const INIT_SCRIPTS: Readonly<Record<string, string>> = {
  start: `millrace run ${FLOW_FILE}`,
  check: `millrace check ${FLOW_FILE}`,
  test: 'node --test',
};
