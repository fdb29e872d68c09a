// Draws grouped bars: one group for each label of the x axis, one bar in it for each series, with whiskers and values.

import { axisTitle, type Bar, type BarChart } from './chart.ts';
import { describe } from './describe.ts';
import { drawHeading, drawPaper, drawXAxis, drawXLabel, drawYAxis, LABEL_LINE_PX, yTicksWanted } from './frame.ts';
import { drawLegend, type Entry, LEGEND_LINE_PX, legendLines } from './legend.ts';
import { element, textWidthPx, wrap } from './markup.ts';
import { whisker } from './panel.ts';
import { type Scale, scaleOf, shortNumber } from './scale.ts';
import { INK, type Look, looksOf, PADDING_PX, TEXT_PX, textAt, WIDTH_PX } from './style.ts';

const PLOT_PX = 340;
const TITLE_PX = 24;
const BAR_MAX_PX = 56;
/** The share of a group's room that its bars take. */
const GROUP_SHARE = 0.76;
const BAR_GAP_PX = 2;
const VALUE_PX = 11;
/** What group labels keep between them at least. */
const LABEL_GAP_PX = 12;

export function drawBarChart(chart: BarChart): string {
  const { y, groups, series } = chart;
  for (const { name, bars } of series)
    if (bars.length !== groups.length)
      throw new Error(`chart '${chart.title}': '${name}' has ${bars.length} bars for ${groups.length} groups`);
  const looks = looksOf(series.map(({ name }) => name));
  const heightPx = chart.heightPx ?? PLOT_PX;
  const scale = scaleOfBars(chart, heightPx);
  const left = PADDING_PX + 8 + Math.max(...scale.ticks.map((tick) => textWidthPx(scale.label(tick), TEXT_PX)));
  const right = WIDTH_PX - PADDING_PX;

  const heading = drawHeading(chart);
  const entries = series.map(({ name }): Entry => ({ name, look: looks.get(name) as Look, swatch: 'bar' }));
  const legend = series.length < 2 ? [] : legendLines(entries, right - left);
  const titleY = heading.bottom + TITLE_PX;
  const top = titleY + 10 + legend.length * LEGEND_LINE_PX + VALUE_PX;
  const area = { left, right, top, bottom: top + heightPx };
  const yAt = (value: number): number => area.bottom - scale.share(value) * heightPx;
  const groupPx = (right - left) / groups.length;
  const barPx = Math.min(BAR_MAX_PX, (groupPx * GROUP_SHARE) / series.length);
  const middles = groups.map((_, index) => left + (index + 0.5) * groupPx);
  const labels = groups.map((label) => wrap(label, TEXT_PX, groupPx - LABEL_GAP_PX));
  return drawPaper(
    chart,
    describe(chart),
    area.bottom + LABEL_LINE_PX * Math.max(...labels.map((lines) => lines.length)) + PADDING_PX,
    heading.markup,
    textAt(PADDING_PX, titleY, axisTitle(y), { bold: true }),
    drawLegend(legend, left, titleY + 6),
    drawYAxis(scale, area),
    ...series.flatMap(({ name, bars }, index) => {
      const { colour } = looks.get(name) as Look;
      const shift = (index - (series.length - 1) / 2) * barPx;
      // A bar alone in its group may have a value wider than itself.
      const valuePx = series.length === 1 ? groupPx : barPx;
      return bars.map((bar, group) => drawBar(bar, { middle: middles[group] + shift, barPx, valuePx, colour, yAt, y }));
    }),
    drawXAxis(area, middles),
    scale.from < 0 ? drawXAxis({ ...area, bottom: yAt(0) }, []) : '',
    ...labels.map((lines, index) => drawXLabel(middles[index], area, lines)),
  );
}

function scaleOfBars({ y, series }: BarChart, heightPx: number): Scale {
  const values = series
    .flatMap(({ bars }) => bars.filter(({ value }) => !Number.isNaN(value)))
    .flatMap(({ value, min = value, max = value }) => [value, min, max]);
  return scaleOf(y, values.length > 0 ? [...values, 0] : values, yTicksWanted(heightPx));
}

interface Place {
  /** Of the bar, in pixels, as are the others. */
  readonly middle: number;
  readonly barPx: number;
  /** The room for the text of the value. */
  readonly valuePx: number;
  readonly colour: string;
  readonly y: BarChart['y'];
  yAt(value: number): number;
}

function drawBar({ value, min, max }: Bar, { middle, barPx, valuePx, colour, y, yAt }: Place): string {
  if (Number.isNaN(value)) return '';
  const label = (y.format ?? shortNumber)(value);
  const width = Math.max(1, barPx - BAR_GAP_PX);
  const top = Math.min(yAt(value), yAt(0));
  const height = Math.abs(yAt(value) - yAt(0));
  const hasWhisker = min !== undefined && max !== undefined;
  return [
    element('rect', { x: middle - width / 2, y: top, width, height, fill: colour }),
    hasWhisker ? element('path', { d: whisker(middle, yAt(min), yAt(max)), stroke: INK, 'stroke-width': 1.2 }) : '',
    textWidthPx(label, VALUE_PX) <= valuePx
      ? textAt(middle, Math.min(top, yAt(max ?? value)) - 5, label, { anchor: 'middle', sizePx: VALUE_PX, halo: true })
      : '',
  ].join('');
}
