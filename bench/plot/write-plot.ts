// Writes a chart into two files: SVG, to read and to diff, and PNG, for where SVG is not shown.

import { writeFile } from 'node:fs/promises';
import type { Chart } from './chart.ts';
import { pngOf } from './png.ts';
import { svgOf } from './svg.ts';

/** Writes `<path>.svg` and `<path>.png`. The folder must exist. */
export async function writePlot(path: string, chart: Chart): Promise<void> {
  const svg = svgOf(chart);
  await writeFile(`${path}.svg`, svg);
  await writeFile(`${path}.png`, await pngOf(svg));
}
