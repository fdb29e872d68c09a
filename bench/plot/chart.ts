// What can be drawn: lines over a shared x axis in one or more stacked panels, and grouped bars.
// A chart is plain data in the units of its axes; it holds no colours and no pixels, so every suite's plots look alike.

export type Chart = LineChart | BarChart;

interface Heading {
  readonly title: string;
  /** Names the machine and the command that measured this. Wrapped if it is long. */
  readonly subtitle: string;
  /** What a screen reader says; made from the data if left out. */
  readonly description?: string;
}

/**
 * Lines, or a time series: the panels are stacked, top to bottom, and share the x axis and the events.
 * A series' colour and marker belong to its name, so the same name looks the same in every panel.
 */
export interface LineChart extends Heading {
  readonly kind: 'lines';
  readonly x: Axis;
  /** At least one. */
  readonly panels: readonly Panel[];
  /** Vertical lines through all panels: a crash, a hand-over, a change of rate. */
  readonly events?: readonly ChartEvent[];
}

export interface Axis {
  /** Without the unit: 'recovery time'. */
  readonly title: string;
  /** Follows the title in brackets: 'ms', 'tuples/s'. */
  readonly unit?: string;
  /** `linear` (the default), or `log`: base 10, and only positive values. */
  readonly scale?: 'linear' | 'log';
  /**
   * Where the axis starts and ends. Left out, both are ticks, and a linear y axis includes 0.
   * Data outside is an error: a plot hides nothing.
   */
  readonly from?: number;
  readonly to?: number;
  /** The text of a tick. The default writes 20,000 as `20 k`. */
  readonly format?: (value: number) => string;
}

export interface Panel {
  readonly y: Axis;
  /** The first one is drawn on top. */
  readonly series: readonly Series[];
  /** Horizontal lines, such as a target. */
  readonly references?: readonly Reference[];
  /** Height of the plotting area; by default 340 for a single panel and 120 for each of several. */
  readonly heightPx?: number;
}

export interface Series {
  /** The label. Not drawn in a panel with only one series: there the axis title names it. */
  readonly name: string;
  /** In the order in which they are joined. */
  readonly points: readonly Point[];
  /** How `min` and `max` are shown: `whiskers` (the default), or a `band` behind the line. */
  readonly spread?: 'whiskers' | 'band';
  /** The value holds until the next point: for counts such as replicas. */
  readonly stepped?: boolean;
  readonly dashed?: boolean;
  /** By default a series of up to 30 points has markers, unless it is stepped. */
  readonly markers?: boolean;
}

export interface Point {
  readonly x: number;
  /** NaN where nothing was measured: the line has a gap there. */
  readonly y: number;
  readonly min?: number;
  readonly max?: number;
}

export interface Reference {
  readonly y: number;
  readonly label: string;
}

export interface ChartEvent {
  /** In the unit of the x axis. */
  readonly x: number;
  readonly label: string;
}

/** Bars side by side in each group. The y axis is linear and includes 0. */
export interface BarChart extends Heading {
  readonly kind: 'bars';
  readonly y: Omit<Axis, 'scale'>;
  /** The labels below the groups. */
  readonly groups: readonly string[];
  readonly series: readonly BarSeries[];
  /** Height of the plotting area; 340 by default. */
  readonly heightPx?: number;
}

interface BarSeries {
  readonly name: string;
  /** One for each group, in their order. NaN where nothing was measured: no bar. */
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly value: number;
  /** Ends of the whisker; drawn only if both are given. */
  readonly min?: number;
  readonly max?: number;
}

/** Title and unit as one text: 'recovery time (ms)'. */
export const axisTitle = ({ title, unit }: Pick<Axis, 'title' | 'unit'>): string =>
  unit ? `${title} (${unit})` : title;
