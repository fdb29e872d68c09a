// Throughput over time, and above it what happened when.
// Promises: lines differ by their dashes as well as by colour, marks by their shapes.
// Relies on uPlot, which a script before this one has loaded.

import { byId, element } from './dom.js';
import { clockText, rateText } from './text.js';

const SPAN_S = 300;
const SPAN_S_MIN = 20;
const HEIGHT = 170;
const LINES_MAX = 6;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4]];
const MARKS = /** @type {Record<string, readonly [string, string]>} */ ({
  crash: ['✖', 'crash'],
  recovered: ['✔', 'recovered'],
  scaled: ['▲', 'scaled'],
  moved: ['⇄', 'moved'],
  stalled: ['■', 'stalled'],
  stallEnded: ['▶', 'moving again'],
  escalation: ['‼', 'escalation'],
  failed: ['✖', 'failed'],
  ended: ['●', 'ended'],
  deadLetter: ['✉', 'dead letter'],
});

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Timeline {
  #lines;
  #which;
  /** @type {any} */
  #plot;
  /** @type {any} */
  #state = { points: [], events: [], letters: [] };
  #drawnMarks = '';

  /** @param {any} hello */
  constructor(hello) {
    // Sources first, then ends: of many, the first few.
    this.#which = hello.lines.map((/** @type {any} */ _, /** @type {number} */ index) => index).slice(0, LINES_MAX);
    this.#lines = this.#which.map((/** @type {number} */ index) => hello.lines[index]);
    byId('lines').replaceChildren(
      ...this.#lines.map((/** @type {any} */ { name, isSource }, /** @type {number} */ index) =>
        element('li', {}, element('i', { class: `stroke line-${index}` }), `${name} ${isSource ? 'read' : 'got'}`),
      ),
    );
    this.#make();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#make();
      this.update(this.#state);
    });
  }

  #make() {
    this.#plot?.destroy();
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line') },
      font: '12px system-ui',
    };
    const rates = (/** @type {unknown} */ _, /** @type {number[]} */ values) => values.map((value) => rateText(value));

    const { uPlot } = /** @type {any} */ (globalThis);
    this.#plot = new uPlot(
      {
        width: Math.max(200, byId('chart').clientWidth),
        height: HEIGHT,
        padding: [8, 40, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true },
          y: {
            range: (/** @type {unknown} */ _, /** @type {number} */ _least, /** @type {number} */ most) => [
              0,
              Math.max(10, most * 1.1),
            ],
          },
        },
        series: [
          {},
          ...this.#lines.map((/** @type {any} */ { name }, /** @type {number} */ index) => ({
            label: name,
            stroke: colour(`--line-${index}`),
            width: 2,
            dash: DASHES[index],
            points: { show: false },
          })),
        ],
        axes: [
          {
            ...axis,
            values: (/** @type {unknown} */ _, /** @type {number[]} */ times) =>
              times.map((time) => clockText(time * 1000)),
            space: 90,
            size: 34,
          },
          { ...axis, values: rates, size: 58 },
        ],
      },
      [[], ...this.#lines.map(() => [])],
      byId('chart'),
    );
  }

  resize() {
    this.#plot.setSize({ width: Math.max(200, byId('chart').clientWidth), height: HEIGHT });
    this.#drawnMarks = '';
    this.update(this.#state);
  }

  /** @param {any} state */
  update(state) {
    this.#state = state;
    const { points } = state;
    if (points.length === 0) return;
    const last = points[points.length - 1][0] / 1000;
    const first = points.find((/** @type {any} */ [atMs]) => atMs / 1000 >= last - SPAN_S)[0] / 1000;
    const began = Math.min(first, ...state.events.map((/** @type {any} */ { atMs }) => atMs / 1000));
    const from = Math.max(last - SPAN_S, Math.min(began, last - SPAN_S_MIN));
    const shown = points.filter((/** @type {any} */ [atMs]) => atMs / 1000 >= from);
    const columns = [shown.map((/** @type {any} */ [atMs]) => atMs / 1000)];
    for (const index of this.#which) columns.push(shown.map((/** @type {any} */ point) => point[index + 1]));
    this.#plot.setData(columns, false);
    this.#plot.batch(() => {
      this.#plot.setScale('x', { min: from, max: last });
      const most = Math.max(0, ...columns.slice(1).flat());
      this.#plot.setScale('y', { min: 0, max: Math.max(10, most * 1.1) });
    });
    this.#mark(from, last, state);
  }

  /**
   * @param {number} from
   * @param {number} last
   * @param {any} state
   */
  #mark(from, last, { events, letters }) {
    const strip = byId('strip');
    const left = this.#plot.bbox.left / devicePixelRatio;
    const width = this.#plot.bbox.width / devicePixelRatio;
    const posts = letters.map((/** @type {any} */ { atMs, operator, error }) => ({
      atMs,
      type: 'deadLetter',
      grade: 'warn',
      text: `${operator}: ${error}`,
    }));
    const shown = [...events, ...posts].filter(
      ({ type, atMs }) => MARKS[type] !== undefined && atMs / 1000 >= from && atMs / 1000 <= last + 1,
    );
    const key = JSON.stringify([from.toFixed(1), last.toFixed(1), width, shown.length]);
    if (key === this.#drawnMarks) return;
    this.#drawnMarks = key;
    strip.replaceChildren(
      ...shown.map(({ type, atMs, grade, text }) => {
        const [glyph, word] = MARKS[type];
        const x = left + width * Math.min(1, (atMs / 1000 - from) / (last - from));
        const mark = element(
          'span',
          {
            class: `mark ${grade} ${type}`,
            role: 'listitem',
            'aria-label': `${clockText(atMs)} ${word}: ${text}`,
            title: `${clockText(atMs)} ${word}: ${text}`,
          },
          glyph,
        );
        mark.style.left = `${x}px`;
        return mark;
      }),
    );
  }
}
