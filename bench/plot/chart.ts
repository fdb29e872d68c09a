// What can be drawn: lines over a shared x axis in one or more stacked panels.
// A chart is plain data in the units of its axes, so that a file of JSON holds it; it has no colours and no pixels.

export interface Chart {
  readonly title: string;
  /** Names the machine and the command that measured this. */
  readonly subtitle: string;
  readonly x: Axis;
  /** At least one, from top to bottom. */
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
  /** Where the axis starts and ends. A linear y axis starts at 0 if this is left out. */
  readonly from?: number;
  readonly to?: number;
}

export interface Panel {
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Horizontal lines, such as a target. */
  readonly references?: readonly Reference[];
  /** Height of the plotting area; by default 300 for a single panel and 120 for each of several. */
  readonly heightPx?: number;
}

export interface Series {
  /** The same name looks the same in every panel. Not drawn in a panel with only one series: there the axis title names it. */
  readonly name: string;
  readonly points: readonly Point[];
  /** The value holds until the next point: for counts such as replicas. */
  readonly stepped?: boolean;
  /** By default a series of up to 30 points has markers, unless it is stepped. */
  readonly markers?: boolean;
}

export interface Point {
  readonly x: number;
  /** NaN, or null in a file, where nothing was measured: the line has a gap there. */
  readonly y: number | null;
  /** Ends of the whisker; drawn only if both are given. */
  readonly min?: number;
  readonly max?: number;
}

interface Reference {
  readonly y: number;
  readonly label: string;
}

interface ChartEvent {
  /** In the unit of the x axis. */
  readonly x: number;
  readonly label: string;
}

/** Title and unit as one text: 'recovery time (ms)'. */
export const axisTitle = ({ title, unit }: Pick<Axis, 'title' | 'unit'>): string =>
  unit ? `${title} (${unit})` : title;
