// A chart in words, for screen readers: what the axes are, and each series' values, or their range if they are many.

import { axisTitle, type Chart, type Point } from './chart.ts';

const LISTED_MAX = 12;

const text = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

function listed(points: readonly Point[]): string {
  const measured = points.flatMap(({ x, y }) => (y === null || Number.isNaN(y) ? [] : [{ x, y }]));
  if (measured.length <= LISTED_MAX)
    return measured.map(({ x, y }) => `${text(y)} at ${text(x)}`).join(', ') || 'nothing';
  const values = measured.map(({ y }) => y);
  return `${measured.length} points between ${text(Math.min(...values))} and ${text(Math.max(...values))}`;
}

export function describe({ subtitle, x, panels, events = [] }: Chart): string {
  const sentences = panels.flatMap(({ y, series, references = [] }) => [
    `${axisTitle(y)} against ${axisTitle(x)}.`,
    ...series.map(({ name, points }) => `${name}: ${listed(points)}.`),
    ...references.map(({ y: value, label }) => `A line at ${text(value)}: ${label}.`),
  ]);
  if (events.length > 0)
    sentences.push(`Events: ${events.map(({ x: at, label }) => `${label} at ${text(at)}`).join(', ')}.`);
  return [`${subtitle}.`, ...sentences].join(' ');
}
