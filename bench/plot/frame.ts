// What every plot has around its plotting areas: the paper, title and subtitle, the text for screen readers, and axes.

import type { Chart } from './chart.ts';
import { element, escapeText, px, wrap } from './markup.ts';
import type { Scale } from './scale.ts';
import { AXIS, FONT_FAMILIES, GRID, GRID_MINOR, MUTED, PADDING_PX, PAPER, textAt, WIDTH_PX } from './style.ts';

const TITLE_PX = 18;
const TITLE_LINE_PX = 23;
const SUBTITLE_PX = 12;
const SUBTITLE_LINE_PX = 16;

/** A plotting area, in pixels. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Heading {
  readonly markup: string;
  readonly bottom: number;
}

export function drawHeading({ title, subtitle }: Chart): Heading {
  const widthPx = WIDTH_PX - 2 * PADDING_PX;
  let y = PADDING_PX - 8;
  const lines = wrap(title, TITLE_PX, widthPx).map((line) => {
    y += TITLE_LINE_PX;
    return textAt(PADDING_PX, y, line, { sizePx: TITLE_PX, bold: true });
  });
  y += 3;
  for (const line of wrap(subtitle, SUBTITLE_PX, widthPx)) {
    y += SUBTITLE_LINE_PX;
    lines.push(textAt(PADDING_PX, y, line, { sizePx: SUBTITLE_PX, fill: MUTED }));
  }
  return { markup: lines.join(''), bottom: y + 8 };
}

/** The SVG itself. White paper in light and dark surroundings alike: colours and contrasts are chosen for it. */
export function drawPaper(chart: Chart, description: string, heightPx: number, ...content: readonly string[]): string {
  const size = { width: WIDTH_PX, height: Math.ceil(heightPx) };
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    ...size,
    viewBox: `0 0 ${size.width} ${size.height}`,
    role: 'img',
    'aria-labelledby': 'title description',
    'font-family': FONT_FAMILIES,
  };
  const parts = [
    element('title', { id: 'title' }, escapeText(chart.title)),
    element('desc', { id: 'description' }, escapeText(description)),
    element('rect', { ...size, fill: PAPER }),
    ...content.filter((part) => part !== ''),
  ];
  return `${element('svg', attributes, '\n', parts.join('\n'), '\n')}\n`;
}

/** How many labelled ticks a y axis should have: more on a high one, but not in proportion. */
export const yTicksWanted = (heightPx: number): number => 2.3 + heightPx / 75;

/** Grid lines and labels of the y axis. */
export function drawYAxis(scale: Scale, { left, right, top, bottom }: Area): string {
  const at = (value: number): number => bottom - scale.share(value) * (bottom - top);
  const lines = (values: readonly number[], stroke: string): string =>
    values.length === 0
      ? ''
      : element('path', { d: values.map((value) => `M${px(left)} ${px(at(value))}H${px(right)}`).join(''), stroke });
  const labels = scale.ticks.map((tick) =>
    textAt(left - 8, at(tick) + 4, scale.label(tick), { anchor: 'end', fill: MUTED }),
  );
  return lines(scale.minorTicks, GRID_MINOR) + lines(scale.ticks, GRID) + labels.join('');
}

/** The line below a plotting area, with a mark at each of the given places. */
export function drawXAxis({ left, right, bottom }: Area, marks: readonly number[]): string {
  const ticks = marks.map((x) => `M${px(x)} ${px(bottom)}v5`).join('');
  return element('path', { d: `M${px(left)} ${px(bottom)}H${px(right)}${ticks}`, stroke: AXIS });
}

export const LABEL_LINE_PX = 16;
const LABEL_BASELINE_PX = 19;
/** From a plotting area to the baseline of the title of its x axis. */
const X_TITLE_PX = 40;

/** The label of a tick or of a group, centred below the x axis, in one or more lines. */
export const drawXLabel = (x: number, { bottom }: Area, lines: readonly string[]): string =>
  lines
    .map((line, index) => {
      const y = bottom + LABEL_BASELINE_PX + index * LABEL_LINE_PX;
      return textAt(x, y, line, { anchor: 'middle', fill: MUTED });
    })
    .join('');

export const drawXTitle = ({ left, right, bottom }: Area, title: string): string =>
  textAt((left + right) / 2, bottom + X_TITLE_PX, title, { anchor: 'middle', bold: true });
