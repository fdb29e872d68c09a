// Writes a chart into three files: JSON, from which it can be drawn again; SVG, to read; and PNG, for where SVG is not shown.

import { readFile, writeFile } from 'node:fs/promises';
import type { Chart } from './chart.ts';
import { pngOf } from './png.ts';
import { svgOf } from './svg.ts';

/** A line for each point. */
const jsonOf = (chart: Chart): string =>
  `${JSON.stringify(chart, null, 2).replace(/\{\s+("x":[^{}[\]]*?)\s+\}/g, (_, inside: string) => `{ ${inside.replace(/\s+/g, ' ')} }`)}\n`;

/** Writes `<path>.json`, `<path>.svg` and `<path>.png`. The folder must exist. */
export async function writePlot(path: string, chart: Chart): Promise<void> {
  const svg = await svgOf(chart);
  await writeFile(`${path}.json`, jsonOf(chart));
  await writeFile(`${path}.svg`, svg);
  await writeFile(`${path}.png`, await pngOf(svg));
}

/** Draws what a file of {@link writePlot} holds again, beside it. */
export async function redraw(file: string): Promise<void> {
  await writePlot(file.replace(/\.json$/, ''), JSON.parse(await readFile(file, 'utf8')) as Chart);
}
