// How long tuples were under way when they came to an end of the flow, end by end.
// Promises: an end where nothing has come in the last moment keeps its last figures, greyed.

import { byId, element, whenChanged } from './dom.js';
import { timeText } from './text.js';

/** A bar from here to there: each power of ten has the same width. */
const FROM_MS = 0.01;
const DECADES = 7;

/** @param {number} ms */
const place = (ms) => Math.max(0, Math.min(100, (100 * Math.log10(Math.max(ms, FROM_MS) / FROM_MS)) / DECADES));

/** @param {readonly number[]} latency */
function range([p50, p95, p99]) {
  const all = element('span', { class: 'span' });
  const most = element('span', { class: 'span most' });
  for (const [bar, to] of /** @type {const} */ ([
    [all, p99],
    [most, p95],
  ])) {
    bar.style.left = `${place(p50)}%`;
    bar.style.width = `${Math.max(1.5, place(to) - place(p50))}%`;
  }
  return element('span', { class: 'range', 'aria-hidden': 'true' }, all, most);
}

/** @param {{ name: string, latency: readonly number[] | undefined, isNew: boolean }} end */
const row = ({ name, latency, isNew }) =>
  element(
    'tr',
    { class: isNew ? 'now' : 'before', 'data-end': name },
    element('th', { scope: 'row' }, name),
    ...(latency ?? [undefined, undefined, undefined]).map((ms) =>
      element('td', { class: 'number' }, ms === undefined ? '–' : timeText(ms)),
    ),
    element('td', {}, latency === undefined ? '' : range(latency)),
  );

export class LatencyPanel {
  /** @type {Map<string, readonly number[]>} */
  #last = new Map();
  #draw = whenChanged((/** @type {readonly any[]} */ ends) => {
    const heading = ['End', 'p50', 'p95', 'p99', '10 µs to 100 s'].map((text) => element('th', { scope: 'col' }, text));
    byId('latency').replaceChildren(
      element('table', {}, element('thead', {}, element('tr', {}, ...heading)), element('tbody', {}, ...ends.map(row))),
    );
  });

  /**
   * @param {any} hello
   * @param {any} state
   */
  update(hello, state) {
    const ends = hello.operators.flatMap((/** @type {any} */ { name, id, role }, /** @type {number} */ index) => {
      if (role !== 'output' && role !== 'sink') return [];
      const { latency } = state.operators[index];
      if (latency !== undefined) this.#last.set(id, latency);
      return [{ name, latency: this.#last.get(id), isNew: latency !== undefined }];
    });
    byId('latency-card').hidden = ends.length === 0;
    this.#draw(ends);
  }
}
