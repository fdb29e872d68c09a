// The load of an operator's key groups, a cell each; the hottest have their number and share below.
// Promises: what colour tells stands in words as well.

import { drawn, element } from './dom.js';
import { shareText } from './text.js';

const PER_ROW = 32;
const CELL = 14;
const MOST = 35;

/** The same as in heat.ts: their squares are as the loads. @param {string} digit */
const loadOf = (digit) => parseInt(digit, 36) ** 2;

/**
 * @param {string} digits
 * @param {((group: number) => void) | undefined} choose what a click on a group does, if anything
 */
export function heatMap(digits, choose) {
  const total = [...digits].reduce((sum, digit) => sum + loadOf(digit), 0);
  const cells = [...digits].map((digit, group) => {
    const share = total === 0 ? 0 : loadOf(digit) / total;
    return drawn(
      'rect',
      {
        x: (group % PER_ROW) * CELL,
        y: Math.floor(group / PER_ROW) * CELL,
        width: CELL - 2,
        height: CELL - 2,
        rx: 2,
        class: digit === '0' ? 'heat none' : 'heat',
        'fill-opacity': digit === '0' ? 1 : 0.15 + (0.85 * parseInt(digit, 36)) / MOST,
        ...(choose !== undefined && { onclick: () => choose(group) }),
      },
      drawn('title', {}, `group ${group}: ${shareText(share)}`),
    );
  });
  const rows = Math.ceil(digits.length / PER_ROW);
  const busy = [...digits].filter((digit) => digit !== '0').length;
  const svg = drawn(
    'svg',
    {
      viewBox: `0 0 ${PER_ROW * CELL} ${rows * CELL}`,
      class: choose === undefined ? 'heat-map' : 'heat-map open',
      role: 'img',
      'aria-label': `Load of ${digits.length} groups, ${busy} of them with some`,
    },
    cells,
  );
  return element(
    'figure',
    { class: 'heat-figure' },
    svg,
    element('figcaption', {}, `load of ${digits.length} groups, lately`),
  );
}
