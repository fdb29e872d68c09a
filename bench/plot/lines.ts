// Lays out line charts and time series: stacked panels over one x axis, with the events above them.

import { axisTitle, type LineChart, type Panel, type Series } from './chart.ts';
import { describe } from './describe.ts';
import { placeEvents } from './events.ts';
import { drawHeading, drawPaper, drawXAxis, drawXLabel, drawXTitle, yTicksWanted } from './frame.ts';
import { type Entry, entryWidthPx, LABEL_PX, LEGEND_LINE_PX, legendLines } from './legend.ts';
import { textWidthPx } from './markup.ts';
import { drawPanel, drawPanelGrid, isMarked, LABEL_GAP_PX, type PlacedPanel } from './panel.ts';
import { type Scale, scaleOf } from './scale.ts';
import { type Look, looksOf, PADDING_PX, TEXT_PX, WIDTH_PX } from './style.ts';

const SINGLE_PANEL_PX = 340;
const STACKED_PANEL_PX = 120;
const PANEL_GAP_PX = 10;
const PANEL_TITLE_PX = 34;
const X_AXIS_PX = 56;
/** The room that one labelled tick gets. */
const X_TICK_PX = 85;
/** How far markers keep from the ends of the x axis. */
const MARKER_INSET_PX = 14;
/** Labels beside the lines may take this much of the width; longer ones go above the plot. */
const LABELS_WIDTH_MAX_PX = 230;

export function drawLineChart(chart: LineChart): string {
  const { x, panels, events = [] } = chart;
  if (panels.length === 0) throw new Error(`chart '${chart.title}' has no panels`);
  const looks = looksOf(panels.flatMap(({ series }) => series.map(({ name }) => name)));
  const heights = panels.map(({ heightPx }) => heightPx ?? (panels.length === 1 ? SINGLE_PANEL_PX : STACKED_PANEL_PX));
  const scales = panels.map((panel, index) => scaleOfPanel(panel, heights[index]));
  const entries = panels.map(({ series }) => entriesOf(series, looks));
  const labelsWidth = LABEL_GAP_PX + Math.max(0, ...entries.flat().map(entryWidthPx));
  const fitsBeside = entries.map(
    ({ length }, index) => length > 0 && length * LABEL_PX <= heights[index] && labelsWidth <= LABELS_WIDTH_MAX_PX,
  );

  const left = PADDING_PX + 8 + Math.max(...scales.flatMap(labelWidths));
  const right = WIDTH_PX - PADDING_PX - (fitsBeside.includes(true) ? labelsWidth : 0);
  const inset = panels.some(({ series }) => series.some(isMarked)) ? MARKER_INSET_PX : 0;
  const points = panels.flatMap(({ series }) => series.flatMap((one) => one.points));
  const xScale = scaleOf(
    x,
    [...points, ...events].map((at) => at.x),
    (right - left) / X_TICK_PX,
  );
  const xAt = (value: number): number => left + inset + xScale.share(value) * (right - left - 2 * inset);

  const heading = drawHeading(chart);
  const placedEvents = placeEvents(events, xAt);
  const eventsTop = heading.bottom + (events.length > 0 ? 8 : 0);
  let y = eventsTop + placedEvents.heightPx;
  const placed = panels.map((panel, index): PlacedPanel => {
    const legend = fitsBeside[index] ? [] : legendLines(entries[index], right - left);
    const titleY = y + PANEL_TITLE_PX - 15;
    const top = y + PANEL_TITLE_PX + legend.length * LEGEND_LINE_PX + (legend.length > 0 ? 6 : 0);
    const bottom = top + heights[index];
    y = bottom + PANEL_GAP_PX;
    const scale = scales[index];
    const yAt = (value: number): number => bottom - scale.share(value) * (bottom - top);
    const area = { left, right, top, bottom };
    return { panel, area, scale, looks, entries: entries[index], legend, titleY, xAt, yAt };
  });

  const lowest = placed[placed.length - 1];
  const xTicks = xScale.ticks.map(xAt);
  return drawPaper(
    chart,
    describe(chart),
    lowest.area.bottom + X_AXIS_PX,
    heading.markup,
    ...placed.map((at) => drawPanelGrid(at, xScale.ticks)),
    placedEvents.draw(eventsTop, lowest.area.bottom),
    ...placed.map((at) => drawXAxis(at.area, xTicks)),
    ...xScale.ticks.map((tick) => drawXLabel(xAt(tick), lowest.area, [xScale.label(tick)])),
    drawXTitle(lowest.area, axisTitle(x)),
    ...placed.map(drawPanel),
  );
}

const labelWidths = ({ ticks, label }: Scale): number[] => ticks.map((tick) => textWidthPx(label(tick), TEXT_PX));

function scaleOfPanel({ y, series, references = [] }: Panel, heightPx: number): Scale {
  const values = series
    .flatMap(({ points }) => points.filter((point) => !Number.isNaN(point.y)))
    .flatMap((point) => [point.y, point.min ?? point.y, point.max ?? point.y]);
  if (values.length > 0) values.push(...references.map((reference) => reference.y));
  const fromZero = values.length > 0 && y.scale !== 'log' && y.from === undefined && (y.to ?? 0) >= 0;
  return scaleOf(y, fromZero ? [...values, 0] : values, yTicksWanted(heightPx));
}

const entriesOf = (series: readonly Series[], looks: ReadonlyMap<string, Look>): Entry[] =>
  series.length < 2
    ? []
    : series.map((one) => ({
        name: one.name,
        look: looks.get(one.name) as Look,
        swatch: isMarked(one) ? 'marked line' : 'line',
        dashed: one.dashed,
      }));
