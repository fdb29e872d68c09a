// A chart as a Vega-Lite specification: JSON that any renderer of Vega-Lite draws, here or in a browser.
// Colours are Okabe and Ito's, which people with any kind of colour blindness can tell apart (their yellow is left out: too pale on
// white). Each goes with a marker of its own, so that no series is told by colour alone.

import type { TopLevelSpec } from 'vega-lite';
import { type Axis, axisTitle, type Chart, type Panel, type Series } from './chart.ts';
import { describe } from './description.ts';

type Layer = Record<string, unknown>;

const WIDTH_PX = 760;
const PANEL_PX = 120;
const SINGLE_PANEL_PX = 300;
const MARKED_MAX = 30;
const EVENT_ROW_PX = 15;
const EVENT_CHARACTER_PX = 6.2;
const TICK_PX = 80;
const Y_TICKS = 4;
/** What markers keep from the ends of the x axis; and lines. */
const MARGIN_PX = 14;
const EDGE_PX = 1;

const INK = '#1f2328';
const MUTED = '#59636e';
const GRID = '#e1e4e8';
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'cross', 'stroke'];

/** The PNG is drawn with Inter; where an SVG is shown without it, the others are no wider. */
export const FONT = 'Inter';

const CONFIG = {
  background: '#ffffff',
  font: `${FONT}, Segoe UI, Helvetica, Arial, sans-serif`,
  padding: 20,
  view: { stroke: null },
  axis: {
    labelColor: MUTED,
    labelFontSize: 12,
    titleColor: INK,
    titleFontSize: 12,
    titleFontWeight: 600,
    gridColor: GRID,
    domainColor: '#818b98',
    tickColor: '#818b98',
    labelFlush: false,
  },
  title: { anchor: 'start', color: INK, fontSize: 18, fontWeight: 600, subtitleColor: MUTED, subtitleFontSize: 12 },
  legend: {
    orient: 'right',
    title: null,
    labelFontSize: 12,
    labelColor: INK,
    symbolSize: 70,
    symbolOpacity: 1,
    offset: 10,
  },
};

/** 12000 as 12 k, 0.5 as it is. */
const labelFrom = (least: number): string =>
  `abs(datum.value) >= ${least} ? replace(format(datum.value, '~s'), /([kMGT])$/, ' $1') : format(datum.value, '~g')`;

/** From how many powers of ten on an axis names these alone, and not 2 and 5 times them. */
const POWERS_FROM = 2;

/** The ticks of a log axis around some values; the first and the last are its ends. */
function logTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const factors = Math.log10(high / low) > POWERS_FROM ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  // One power further at each end: a logarithm is rounded, and a single value needs two ticks around it.
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power++)
    for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(1)));
  const first = ticks.findLastIndex((tick) => tick <= low);
  const last = Math.max(
    first + 1,
    ticks.findIndex((tick) => tick >= high),
  );
  return ticks.slice(first, last + 1);
}

interface Drawn {
  readonly scale: Layer;
  readonly axis: Layer;
}

/** @param values all that are drawn along the axis */
function drawn(axis: Axis, values: readonly number[], tickCount: number, paddingPx: number): Drawn {
  const { scale: type = 'linear', from, to } = axis;
  if (values.length === 0) throw new Error(`axis '${axisTitle(axis)}' has no values`);
  if (values.some((value) => value < (from ?? value) || value > (to ?? value)))
    throw new Error(`axis '${axisTitle(axis)}' from ${from} to ${to} would hide values: widen it`);
  if (type === 'log') {
    if (values.some((value) => value <= 0)) throw new Error(`axis '${axisTitle(axis)}' is log, and has values up to 0`);
    const ticks = logTicks([...values, ...(from === undefined ? [] : [from]), ...(to === undefined ? [] : [to])]);
    const ends = [from ?? ticks[0], to ?? ticks[ticks.length - 1]];
    const padding = from === undefined ? { padding: paddingPx } : {};
    return {
      scale: { type, domain: ends, nice: false, ...padding },
      axis: { values: ticks.filter((tick) => tick >= ends[0] && tick <= ends[1]), labelExpr: labelFrom(1000) },
    };
  }
  return {
    scale: {
      type,
      nice: paddingPx === 0 && tickCount,
      zero: paddingPx === 0 && from === undefined,
      ...(from !== undefined && { domainMin: from }),
      ...(to !== undefined && { domainMax: to }),
      ...(from === undefined && paddingPx > 0 && { padding: paddingPx }),
    },
    // Replicas and the like have no halves.
    axis: { tickCount, labelExpr: labelFrom(10_000), ...(values.every(Number.isInteger) && { tickMinStep: 1 }) },
  };
}

const hasMarkers = ({ markers, stepped, points }: Series): boolean =>
  markers ?? (!stepped && points.length <= MARKED_MAX);

const rows = ({ name, points }: Series): Layer[] =>
  points.map(({ x, y, min, max }) => ({ name, x, y: Number.isFinite(y) ? y : null, min, max }));

/** The looks of the names in panels with several series, in the order in which they first appear; elsewhere the first will do. */
function looksOf({ panels }: Chart): ReadonlyMap<string, number> {
  const names = new Set(panels.filter(({ series }) => series.length > 1).flatMap(namesOf));
  return new Map([...names].map((name, index) => [name, index % COLOURS.length]));
}

const namesOf = ({ series }: Panel): string[] => series.map(({ name }) => name);

const valuesOf = (series: readonly Series[]): number[] =>
  series
    .flatMap(({ points }) => points.flatMap(({ y, min, max }) => [y, min, max]))
    .filter((value): value is number => typeof value === 'number' && !Number.isNaN(value));

function linesOf({ series, y, references: lines = [] }: Panel, looks: ReadonlyMap<string, number>): Layer[] {
  const names = series.map(({ name }) => name);
  const indices = names.map((name) => looks.get(name) ?? 0);
  const legend = names.length < 2 ? null : {};
  const color = {
    field: 'name',
    scale: { domain: names, range: indices.map((index) => COLOURS[index]) },
    sort: names,
    legend,
  };
  const shape = {
    field: 'name',
    scale: { domain: names, range: indices.map((index) => SHAPES[index]) },
    sort: names,
    legend,
  };
  const { scale, axis } = drawn(y, [...valuesOf(series), ...lines.map((line) => line.y)], Y_TICKS, 0);
  const yScale = {
    field: 'y',
    type: 'quantitative',
    scale,
    axis: { ...axis, domain: false, ticks: false },
    title: null,
  };
  return series.flatMap((each) => {
    const data = { values: rows(each) };
    const line = { type: 'line', strokeWidth: 2, interpolate: each.stepped ? 'step-after' : 'linear' };
    const layers: Layer[] = [{ data, mark: line, encoding: { y: yScale, color } }];
    if (each.points.some(({ min, max }) => min !== undefined && max !== undefined))
      layers.push({
        data,
        mark: { type: 'errorbar', ticks: { size: 8 } },
        encoding: { y: { ...yScale, field: 'min' }, y2: { field: 'max' }, color },
      });
    if (hasMarkers(each))
      layers.push({
        data,
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: { y: yScale, color, shape },
      });
    return layers;
  });
}

const references = ({ references: lines = [] }: Panel): Layer[] =>
  lines.flatMap(({ y, label }) => {
    const data = { values: [{ y, label }] };
    const at = { field: 'y', type: 'quantitative' };
    return [
      {
        data,
        mark: { type: 'rule', strokeDash: [2, 3], color: INK },
        encoding: { x: { value: 0 }, x2: { value: WIDTH_PX }, y: at },
      },
      {
        data,
        mark: { type: 'text', align: 'right', baseline: 'bottom', dy: -3, fontSize: 11, color: INK },
        encoding: { x: { value: WIDTH_PX - 4 }, y: at, text: { field: 'label' } },
      },
    ];
  });

const eventLines = ({ events = [] }: Chart): Layer[] =>
  events.length === 0
    ? []
    : [
        {
          data: { values: events.map(({ x }) => ({ x })) },
          mark: { type: 'rule', strokeDash: [3, 3], color: MUTED },
        },
      ];

/**
 * A strip above the panels with the labels of events. From right to left each goes into the lowest row where no label is in its way:
 * so a line passes left of the labels below its own.
 */
function eventStrip({ x: { from, to }, events = [], panels }: Chart): Layer[] {
  if (events.length === 0) return [];
  const all = panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map(({ x }) => x)));
  const [low, high] = [from ?? Math.min(...all), to ?? Math.max(...all)];
  const starts: number[] = [];
  const values = [...events]
    .sort((one, other) => other.x - one.x)
    .map(({ x, label }) => {
      const at = ((x - low) / (high - low)) * WIDTH_PX;
      const end = at + (label.length + 2) * EVENT_CHARACTER_PX;
      let row = starts.length;
      while (row > 0 && end <= starts[row - 1]) row--;
      starts[row] = at;
      return { x, label, row: row + 0.5 };
    });
  const y = { field: 'row', type: 'quantitative', scale: { domain: [0, starts.length] }, axis: null };
  const encoding = { x: { field: 'x', type: 'quantitative', axis: null } };
  return [
    {
      height: starts.length * EVENT_ROW_PX,
      width: WIDTH_PX,
      data: { values },
      encoding,
      layer: [
        { mark: { type: 'rule', strokeDash: [3, 3], color: MUTED }, encoding: { y, y2: { datum: 0 } } },
        {
          mark: { type: 'text', align: 'left', dx: 5, fontSize: 11, color: MUTED, baseline: 'middle' },
          encoding: { y, text: { field: 'label' } },
        },
      ],
    },
  ];
}

/** The x axis, which all panels share. */
function sharedAxis({ x, panels }: Chart): Drawn {
  const values = panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map((point) => point.x)));
  const isMarked = panels.some(({ series }) => series.some(hasMarkers));
  return drawn(x, values, Math.floor(WIDTH_PX / TICK_PX), isMarked ? MARGIN_PX : EDGE_PX);
}

function panelSpec(chart: Chart, panel: Panel, looks: ReadonlyMap<string, number>, isLast: boolean): Layer {
  const { x, panels } = chart;
  const { scale, axis } = sharedAxis(chart);
  const title = { title: isLast ? axisTitle(x) : null, labels: isLast };
  return {
    width: WIDTH_PX,
    height: panel.heightPx ?? (panels.length === 1 ? SINGLE_PANEL_PX : PANEL_PX),
    title: { text: axisTitle(panel.y), fontSize: 12, offset: 8, frame: 'group' },
    encoding: { x: { field: 'x', type: 'quantitative', scale, axis: { ...axis, ...title } } },
    layer: [...eventLines(chart), ...linesOf(panel, looks), ...references(panel)],
  };
}

/** The specification of a chart. Throws an `Error` for a chart without panels. */
export function specOf(chart: Chart): TopLevelSpec {
  const { title, subtitle, panels } = chart;
  if (panels.length === 0) throw new Error(`chart '${title}' has no panel`);
  const looks = looksOf(chart);
  const stack = panels.map((panel, index) => panelSpec(chart, panel, looks, index === panels.length - 1));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: describe(chart),
    title: { text: title, subtitle, offset: 16 },
    config: CONFIG,
    spacing: 14,
    vconcat: [...eventStrip(chart), ...stack],
    resolve: { scale: { x: 'shared', color: 'independent', shape: 'independent' } },
  } as unknown as TopLevelSpec;
}
