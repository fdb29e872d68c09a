// Draws a chart as SVG: one self-contained file without scripts, styles or references, and with a text for screen readers.

import { drawBarChart } from './bars.ts';
import type { Chart } from './chart.ts';
import { drawLineChart } from './lines.ts';

/**
 * The chart as an SVG document, 860 pixels wide and as high as it needs.
 * Throws an `Error` that names axis and value if the data cannot be drawn: nothing measured, an infinite value, a value
 * that is not positive on a log axis, or one outside the ends that an axis names.
 */
export const svgOf = (chart: Chart): string => (chart.kind === 'lines' ? drawLineChart(chart) : drawBarChart(chart));
