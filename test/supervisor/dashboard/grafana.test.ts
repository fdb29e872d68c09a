// Goal: the dashboard for Grafana asks for metrics that are there, by labels that they have, and leaves none of them out.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { METRICS, type MetricFacts } from '../../../src/supervisor/dashboard/metrics/metric-table.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(readFileSync('docs/grafana/millrace.json', 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
};

const targets = dashboard.panels.flatMap(({ targets = [] }) => targets);
const queries = [
  ...targets.map(({ expr }) => expr),
  ...dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query)),
  ...dashboard.annotations.list.map(({ expr }) => expr),
];

/** What a histogram's series are called, and the label that they have beside its own. */
const seriesOf = (name: string, { kind, labels }: MetricFacts): [string, readonly string[]][] =>
  (kind as string) === 'histogram'
    ? [
        [`${name}_bucket`, [...labels, 'le']],
        [`${name}_sum`, labels],
        [`${name}_count`, labels],
      ]
    : [[name, labels]];

const series = new Map(Object.entries(METRICS).flatMap(([name, facts]) => seriesOf(name, facts)));

test('each query is of a metric that is there, by labels that it has', () => {
  for (const query of queries) {
    const found = [...query.matchAll(/millrace_\w+/g)].map(([name]) => name);
    assert.ok(found.length > 0 || query === 'prometheus', query);
    for (const name of found) assert.ok(series.has(name), `${name} in ${query}`);
    const labels = new Set(found.flatMap((name) => series.get(name) ?? []));
    const selected = [...query.matchAll(/([a-z]+)(?:=~|!=|=)"/g)].map(([, label]) => label);
    const grouped = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names]) => names.split(/,\s*/));
    for (const label of [...selected, ...grouped]) assert.ok(labels.has(label), `${label} in ${query}`);
  }
});

test('legends name labels of their queries', () => {
  for (const { expr, legendFormat } of targets) {
    const [grouped] = [...expr.matchAll(/by \(([^)]*)\)/g)].map(([, names]) => names.split(/,\s*/));
    const [name] = /millrace_\w+/.exec(expr) ?? [];
    const labels = grouped ?? series.get(name as string) ?? [];
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      assert.ok(labels.includes(label), `${label} in ${legendFormat} of ${expr}`);
  }
});

test('every metric is shown', () => {
  const shown = new Set(queries.flatMap((query) => [...query.matchAll(/millrace_\w+/g)].map(([name]) => name)));
  for (const [name, facts] of Object.entries(METRICS))
    assert.ok(
      seriesOf(name, facts).some(([each]) => shown.has(each)),
      name,
    );
});

test('panels have numbers of their own', () => {
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});
