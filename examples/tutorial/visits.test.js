import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simulate, testOperator } from 'millrace/testing';
import visits from './visits.js';

const params = { file: fileURLToPath(new URL('visits.csv', import.meta.url)) };

test('a page has its number of visits and their mean', () => {
  const pages = testOperator(visits, 'pages', { params });
  pages.feed([
    { page: '/', ms: 100 },
    { page: '/docs', ms: 300 },
    { page: '/', ms: 200 },
  ]);
  assert.deepEqual(pages.state.get('/'), { visits: 2, ms: 300 });
  pages.end();
  assert.deepEqual(pages.emitted(), [
    { page: '/', visits: 2, meanMs: 150 },
    { page: '/docs', visits: 1, meanMs: 300 },
  ]);
});

test('crashes change nothing', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const { outputs } = await simulate(visits, { seed, params });
    const counts = outputs['pages-seen'].map(({ page, visits }) => `${page} ${visits}`);
    assert.deepEqual(counts.sort(), ['/ 3', '/docs 3', '/prices 2']);
  }
});
