// How all plots look: colours, sizes, text and markers.
// Colours are Okabe and Ito's, which people with any kind of colour blindness can tell apart (their yellow is left out:
// too pale on white). Each goes with a marker of its own, so that no series is told by colour alone.

import { element, escapeText, px } from './markup.ts';

export const WIDTH_PX = 860;
export const PADDING_PX = 24;
export const TEXT_PX = 12;

export const INK = '#1f2328';
export const MUTED = '#59636e';
export const AXIS = '#818b98';
export const GRID = '#e1e4e8';
export const GRID_MINOR = '#f1f3f5';
export const PAPER = '#ffffff';

/** The PNG is drawn with Inter; where an SVG is shown without it, the others are no wider. */
export const FONT_FAMILY = 'Inter';
export const FONT_FAMILIES = `${FONT_FAMILY}, 'Segoe UI', Helvetica, Arial, sans-serif`;

const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
/** Circle, square, triangle, diamond and triangle on its tip: path data relative to the marker's middle. */
const MARKERS = [
  'm-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0 -8.4 0z',
  'm-3.9 -3.9h7.8v7.8h-7.8z',
  'm0 -5.3l5 8.8h-10z',
  'm0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z',
  'm0 5.3l5 -8.8h-10z',
];

export interface Look {
  readonly colour: string;
  readonly marker: string;
}

/** The looks of the series of a chart, by name, in the order in which the names first appear. */
export function looksOf(names: Iterable<string>): ReadonlyMap<string, Look> {
  return new Map(
    [...new Set(names)].map((name, index) => [
      name,
      { colour: COLOURS[index % COLOURS.length], marker: MARKERS[index % MARKERS.length] },
    ]),
  );
}

/** A marker around (x, y). Its paper-coloured rim keeps markers apart that overlap. */
export const marker = ({ colour, marker: shape }: Look, x: number, y: number): string =>
  element('path', { d: `M${px(x)} ${px(y)}${shape}`, fill: colour, stroke: PAPER, 'stroke-width': 1.2 });

export type Pixel = readonly [x: number, y: number];

/** Path data of straight lines through the given pixels. */
export const pathThrough = (pixels: readonly Pixel[]): string =>
  pixels.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');

export interface TextStyle {
  readonly anchor?: 'middle' | 'end';
  readonly sizePx?: number;
  readonly fill?: string;
  readonly bold?: boolean;
  /** A rim in the paper's colour, for text over lines. */
  readonly halo?: boolean;
}

/** One line of text whose baseline starts (or has its middle, or ends) at (x, y). */
export function textAt(x: number, y: number, content: string, style: TextStyle = {}): string {
  const rim = style.halo
    ? { stroke: PAPER, 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' }
    : {};
  const attributes = {
    x,
    y,
    'font-size': style.sizePx ?? TEXT_PX,
    'font-weight': style.bold ? 600 : undefined,
    'text-anchor': style.anchor,
    fill: style.fill ?? INK,
    ...rim,
  };
  return element('text', attributes, escapeText(content));
}
