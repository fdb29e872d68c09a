// Which series is which: labels beside the ends of the lines if they fit, or else a row of entries above the plot.

import { element, px, textWidthPx } from './markup.ts';
import { type Look, marker, TEXT_PX, textAt } from './style.ts';

export interface Entry {
  readonly name: string;
  readonly look: Look;
  readonly swatch: 'line' | 'marked line' | 'bar';
  readonly dashed?: boolean;
}

export const DASHES = '5 4';

const LINE_SWATCH_PX = 22;
const BAR_SWATCH_PX = 13;
const SWATCH_GAP_PX = 6;
const ENTRY_GAP_PX = 20;
export const LEGEND_LINE_PX = 18;

/** The height of a label beside a line's end. */
export const LABEL_PX = 17;

const swatchPx = ({ swatch }: Entry): number => (swatch === 'bar' ? BAR_SWATCH_PX : LINE_SWATCH_PX);

export const entryWidthPx = (entry: Entry): number =>
  swatchPx(entry) + SWATCH_GAP_PX + textWidthPx(entry.name, TEXT_PX);

/** Swatch and name, with the swatch's left end at x and its middle at y. */
export function drawEntry(entry: Entry, x: number, y: number): string {
  return drawSwatch(entry, x, y) + textAt(x + swatchPx(entry) + SWATCH_GAP_PX, y + TEXT_PX * 0.36, entry.name);
}

function drawSwatch({ look, swatch, dashed }: Entry, x: number, y: number): string {
  if (swatch === 'bar') return element('rect', { x, y: y - 6, width: BAR_SWATCH_PX, height: 12, fill: look.colour });
  const line = element('path', {
    d: `M${px(x)} ${px(y)}h${LINE_SWATCH_PX}`,
    stroke: look.colour,
    'stroke-width': 2,
    'stroke-dasharray': dashed ? DASHES : undefined,
  });
  return swatch === 'line' ? line : line + marker(look, x + LINE_SWATCH_PX / 2, y);
}

/** Lines of entries, each at most as wide as given (unless one entry alone is wider). */
export function legendLines(entries: readonly Entry[], widthPx: number): Entry[][] {
  const lines: Entry[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const width = entryWidthPx(entry) + ENTRY_GAP_PX;
    if (used + width - ENTRY_GAP_PX > widthPx) {
      lines.push([]);
      used = 0;
    }
    lines[lines.length - 1].push(entry);
    used += width;
  }
  return lines;
}

export function drawLegend(lines: readonly (readonly Entry[])[], left: number, top: number): string {
  return lines
    .flatMap((entries, line) => {
      let x = left;
      return entries.map((entry) => {
        const drawn = drawEntry(entry, x, top + (line + 0.5) * LEGEND_LINE_PX);
        x += entryWidthPx(entry) + ENTRY_GAP_PX;
        return drawn;
      });
    })
    .join('');
}

/**
 * Moves wanted positions apart until they are at least `gap` from one another, within [top, bottom], keeping their order.
 * Relies on room for all of them.
 */
export function spread(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const placed = [...wanted];
  let least = top;
  for (const index of order) {
    placed[index] = Math.max(least, wanted[index]);
    least = placed[index] + gap;
  }
  let most = bottom;
  for (const index of order.reverse()) {
    placed[index] = Math.min(most, placed[index]);
    most = placed[index] - gap;
  }
  return placed;
}
