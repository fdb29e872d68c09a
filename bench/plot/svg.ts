// Draws a chart as SVG by Vega-Lite: one self-contained file without scripts, with a title and a text for screen readers.

import * as vega from 'vega';
import { compile } from 'vega-lite';
import type { Chart } from './chart.ts';
import { describe } from './description.ts';
import { specOf } from './spec.ts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

interface TextMetrics {
  width(item: { readonly fontSize?: number; readonly text?: unknown }, text?: unknown): number;
}

/** The mean width of Inter's characters over their size. */
const CHARACTER_WIDTH = 0.56;
const TEXT_PX = 11;

// Where there is no canvas Vega takes 0.8 for this, and leaves a third of the picture empty. It is exported, but has no type.
const { textMetrics } = vega as unknown as { readonly textMetrics: TextMetrics };
textMetrics.width = ({ fontSize = TEXT_PX, text: own }, text = own) =>
  CHARACTER_WIDTH * fontSize * String(text ?? '').length;

/** Every warning is a fault of the chart: data that is left out, a scale that cannot be. */
function strict(title: string): vega.LoggerInterface {
  const refuse = (...words: readonly unknown[]): never => {
    throw new Error(`chart '${title}': ${words.join(' ')}`);
  };
  const logger: vega.LoggerInterface = {
    level: () => logger,
    error: refuse,
    warn: refuse,
    info: () => logger,
    debug: () => logger,
  } as vega.LoggerInterface;
  return logger;
}

/**
 * The chart as an SVG document.
 * Throws an `Error` that names the chart if it cannot be drawn as it is.
 */
export async function svgOf(chart: Chart): Promise<string> {
  const logger = strict(chart.title);
  const { spec } = compile(specOf(chart), { logger });
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logger });
  try {
    const svg = await view.toSVG();
    const words = `<title>${escaped(chart.title)}</title><desc>${escaped(describe(chart))}</desc>`;
    return svg.replace(/^<svg ([^>]*)>/, `<svg role="img" $1>${words}`);
  } finally {
    view.finalize();
  }
}
