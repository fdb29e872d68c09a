// What is inside one panel of a line chart: lines with markers, spreads, references, and the labels beside the lines.
// Relies on the layout: where the panel lies, and that its labels have room where it says that they do.

import { axisTitle, type Panel, type Point, type Reference, type Series } from './chart.ts';
import { type Area, drawYAxis } from './frame.ts';
import { DASHES, drawEntry, drawLegend, type Entry, LABEL_PX, spread } from './legend.ts';
import { element, px } from './markup.ts';
import type { Scale } from './scale.ts';
import { GRID, INK, type Look, marker, PADDING_PX, type Pixel, pathThrough, textAt } from './style.ts';

const MARKED_POINTS_MAX = 30;
export const LABEL_GAP_PX = 10;
const WHISKER_CAP_PX = 4;

export interface PlacedPanel {
  readonly panel: Panel;
  readonly area: Area;
  readonly scale: Scale;
  readonly looks: ReadonlyMap<string, Look>;
  /** Empty for a single series: the axis title names it. */
  readonly entries: readonly Entry[];
  /** Entries above the plot, in lines; empty if they are drawn beside the lines. */
  readonly legend: readonly (readonly Entry[])[];
  readonly titleY: number;
  xAt(x: number): number;
  yAt(y: number): number;
}

export const isMarked = ({ markers, points, stepped }: Series): boolean =>
  markers ?? (!stepped && points.length <= MARKED_POINTS_MAX);

/** The grid, which is below everything else. */
export function drawPanelGrid({ area, scale, xAt }: PlacedPanel, xTicks: readonly number[]): string {
  const vertical = xTicks.map((tick) => `M${px(xAt(tick))} ${px(area.top)}V${px(area.bottom)}`).join('');
  return element('path', { d: vertical, stroke: GRID }) + drawYAxis(scale, area);
}

export function drawPanel(placed: PlacedPanel): string {
  const { panel, looks, legend, area } = placed;
  const { references = [] } = panel;
  // The first series is drawn last, on top: a benchmark names its own first.
  const series = panel.series.toReversed();
  const lookOf = ({ name }: Series): Look => looks.get(name) as Look;
  return [
    textAt(PADDING_PX, placed.titleY, axisTitle(panel.y), { bold: true, halo: true }),
    ...references.map((reference) => drawReference(reference, placed)),
    ...series.map((one) => drawSpread(one, lookOf(one), placed)),
    ...series.map((one) => drawLine(one, lookOf(one), placed)),
    ...series.map((one) => drawMarkers(one, lookOf(one), placed)),
    legend.length > 0 ? drawLegend(legend, area.left, placed.titleY + 8) : drawLabels(placed),
  ].join('');
}

function drawReference({ y, label }: Reference, { area, yAt }: PlacedPanel): string {
  const { left, right } = area;
  const line = element('path', {
    d: `M${px(left)} ${px(yAt(y))}H${px(right)}`,
    stroke: INK,
    'stroke-dasharray': '2 3',
  });
  return line + textAt(right - 4, yAt(y) - 5, label, { anchor: 'end', sizePx: 11, halo: true });
}

/** Splits points into runs without gaps. */
function runsOf(points: readonly Point[]): Point[][] {
  const runs: Point[][] = [[]];
  for (const point of points)
    if (Number.isNaN(point.y)) runs.push([]);
    else runs[runs.length - 1].push(point);
  return runs.filter((run) => run.length > 0);
}

/** Bands, and whiskers: those of points alone between gaps too, which have no band. */
function drawSpread(series: Series, { colour }: Look, { xAt, yAt }: PlacedPanel): string {
  const runs = runsOf(series.points.filter(({ y, min, max }) => Number.isNaN(y) || (min ?? max) !== undefined));
  const isBand = (run: readonly Point[]): boolean => series.spread === 'band' && run.length > 1;
  const pixels = (run: readonly Point[], end: 'min' | 'max'): Pixel[] =>
    run.map((point) => [xAt(point.x), yAt(point[end] ?? point.y)]);
  const bands = runs
    .filter(isBand)
    .map((run) => `${pathThrough([...pixels(run, 'max'), ...pixels(run, 'min').reverse()])}Z`)
    .join('');
  const whiskers = runs
    .filter((run) => !isBand(run))
    .flatMap((run) => run.map(({ x, y, min = y, max = y }) => whisker(xAt(x), yAt(min), yAt(max))))
    .join('');
  return [
    bands === '' ? '' : element('path', { d: bands, fill: colour, 'fill-opacity': 0.16 }),
    whiskers === '' ? '' : element('path', { d: whiskers, stroke: colour, 'stroke-width': 1.4 }),
  ].join('');
}

/** Path data of a whisker with caps. */
export function whisker(x: number, low: number, high: number): string {
  const cap = (y: number): string => `M${px(x - WHISKER_CAP_PX)} ${px(y)}h${2 * WHISKER_CAP_PX}`;
  return `${cap(low)}${cap(high)}M${px(x)} ${px(low)}V${px(high)}`;
}

function drawLine({ points, stepped, dashed }: Series, { colour }: Look, { xAt, yAt }: PlacedPanel): string {
  const lines = runsOf(points).map((run) =>
    pathThrough(
      run.flatMap(({ x, y }, index): Pixel[] =>
        stepped && index > 0
          ? [
              [xAt(x), yAt(run[index - 1].y)],
              [xAt(x), yAt(y)],
            ]
          : [[xAt(x), yAt(y)]],
      ),
    ),
  );
  return element('path', {
    d: lines.join(''),
    fill: 'none',
    stroke: colour,
    'stroke-width': 2,
    'stroke-linejoin': 'round',
    'stroke-dasharray': dashed ? DASHES : undefined,
  });
}

/** Markers of all points, or only of those that are alone between gaps, and so on no line. */
function drawMarkers(series: Series, look: Look, { xAt, yAt }: PlacedPanel): string {
  const runs = runsOf(series.points).filter(({ length }) => length === 1 || isMarked(series));
  return runs
    .flat()
    .map(({ x, y }) => marker(look, xAt(x), yAt(y)))
    .join('');
}

/** Labels beside the plot, each as near as possible to the height at which its line ends. */
function drawLabels({ panel, entries, area, yAt }: PlacedPanel): string {
  const ends = panel.series.map(({ points }) => {
    const last = points.findLast(({ y }) => !Number.isNaN(y));
    return last === undefined ? area.bottom : yAt(last.y);
  });
  const half = LABEL_PX / 2;
  const heights = spread(ends, LABEL_PX, area.top + half, area.bottom - half);
  return entries.map((entry, index) => drawEntry(entry, area.right + LABEL_GAP_PX, heights[index])).join('');
}
