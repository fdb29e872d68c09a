// Writes the table of docs/metrics.md from src/supervisor/dashboard/metrics/metric-table.ts: `node dist/scripts/metric-docs.js`
// writes; a test fails if the page is not as it would be written.
// Relies on a marker there (`<!-- metrics -->` … `<!-- /metrics -->`).

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { METRICS, type MetricFacts } from '../src/supervisor/dashboard/metrics/metric-table.ts';

export const METRIC_PAGE = 'docs/metrics.md';

const BLOCK = /(<!-- metrics -->)[\s\S]*?(<!-- \/metrics -->)/;

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

const row = (name: string, { kind, labels, help }: MetricFacts): string =>
  `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;

/** What the page should hold. */
export function expectedMetricPage(): string {
  const rows = Object.entries(METRICS).map(([name, facts]) => row(name, facts));
  const table = ['<!-- prettier-ignore -->', '| metric | kind | labels | |', '| --- | --- | --- | --- |', ...rows];
  const text = readFileSync(pathOf(METRIC_PAGE), 'utf8');
  if (!BLOCK.test(text)) throw new Error(`${METRIC_PAGE} has no block for the table`);
  return text.replace(BLOCK, (_, open: string, close: string) => `${open}\n\n${table.join('\n')}\n\n${close}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(pathOf(METRIC_PAGE), expectedMetricPage());
