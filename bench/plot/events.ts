// Events of a time series: a dashed vertical line through all panels each, with its label above the first one.

import type { ChartEvent } from './chart.ts';
import { element, px, textWidthPx } from './markup.ts';
import { MUTED, textAt, WIDTH_PX } from './style.ts';

const TEXT_PX = 11;
const ROW_PX = 15;
const GAP_PX = 5;

export interface PlacedEvents {
  /** What the labels need above the panels. */
  readonly heightPx: number;
  draw(top: number, bottom: number): string;
}

/**
 * Puts each label into the lowest row where neither a label is in its way nor the line of one in a higher row.
 * From right to left: so a line passes left of the labels below its own, and whatever is lower starts further right.
 */
export function placeEvents(events: readonly ChartEvent[], xAt: (x: number) => number): PlacedEvents {
  /** Where the leftmost label of each row starts, from the lowest row up. */
  const rows: number[] = [];
  const placed = events
    .map(({ x, label }) => ({ x: xAt(x), label, width: GAP_PX + textWidthPx(label, TEXT_PX) }))
    .sort((a, b) => b.x - a.x)
    .map(({ x, label, width }) => {
      const flipped = x + width > WIDTH_PX;
      const right = (flipped ? x : x + width) + GAP_PX;
      let row = rows.length;
      while (row > 0 && right <= rows[row - 1]) row -= 1;
      rows[row] = flipped ? x - width : x;
      return { x, label, flipped, row };
    });
  const heightPx = rows.length * ROW_PX;
  const draw = (top: number, bottom: number): string => {
    const rowTop = (row: number): number => top + (rows.length - 1 - row) * ROW_PX;
    const lines = placed.map(({ x, row }) => `M${px(x)} ${px(rowTop(row))}V${px(bottom)}`).join('');
    const labels = placed.map(({ x, label, flipped, row }) =>
      textAt(flipped ? x - GAP_PX : x + GAP_PX, rowTop(row) + 11, label, {
        sizePx: TEXT_PX,
        fill: MUTED,
        anchor: flipped ? 'end' : undefined,
        halo: true,
      }),
    );
    if (lines === '') return '';
    return element('path', { d: lines, stroke: MUTED, 'stroke-dasharray': '3 3' }) + labels.join('');
  };
  return { heightPx, draw };
}
