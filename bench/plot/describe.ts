// A chart in words, for screen readers: what the axes are, and each series' values, or their range if they are many.

import { axisTitle, type BarChart, type Chart, type LineChart, type Point } from './chart.ts';
import { shortNumber } from './scale.ts';

const LISTED_MAX = 12;

export function describe(chart: Chart): string {
  const words = chart.description ?? (chart.kind === 'lines' ? describeLines(chart) : describeBars(chart));
  return `${chart.subtitle}. ${words}`;
}

function describeLines({ x, panels, events = [] }: LineChart): string {
  const sentences = panels.flatMap(({ y, series, references = [] }) => [
    `${axisTitle(y)} against ${axisTitle(x)}.`,
    ...series.map(({ name, points }) => `${name}: ${listPoints(points)}.`),
    ...references.map(({ y: value, label }) => `A line at ${shortNumber(value)}: ${label}.`),
  ]);
  if (events.length > 0)
    sentences.push(`Events: ${events.map((event) => `${event.label} at ${shortNumber(event.x)}`).join(', ')}.`);
  return sentences.join(' ');
}

function listPoints(points: readonly Point[]): string {
  const measured = points.filter(({ y }) => !Number.isNaN(y));
  if (measured.length <= LISTED_MAX)
    return measured.map(({ x, y }) => `${shortNumber(y)} at ${shortNumber(x)}`).join(', ') || 'nothing';
  const heights = measured.map(({ y }) => y);
  const low = heights.reduce((a, b) => Math.min(a, b));
  const high = heights.reduce((a, b) => Math.max(a, b));
  return `${measured.length} points between ${shortNumber(low)} and ${shortNumber(high)}`;
}

function describeBars({ y, groups, series }: BarChart): string {
  const sentences = series.map(({ name, bars }) => {
    const values = bars.map(
      ({ value }, index) => `${Number.isNaN(value) ? 'none' : shortNumber(value)} at ${groups[index]}`,
    );
    return `${name}: ${values.join(', ')}.`;
  });
  return [`${axisTitle(y)} by group.`, ...sentences].join(' ');
}
