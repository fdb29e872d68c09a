// Draws the operators and the streams between them, and keeps their figures up to date.
// Promises: an operator is a button; what colour tells, a pattern or a word tells as well.

import { byId, drawn, setText } from './dom.js';
import { GraphTools } from './graph-tools.js';
import { countText, cut, rateText, shareText } from './text.js';
import { Viewport } from './viewport.js';

/** From this scale on the graph runs from left to right, though it may fit better from top to bottom. */
const SCALE_GOOD = 0.75;
const PADDING = 12;
const NAME_CHARACTERS = 18;
/** Of a line of a name that is seen from afar. */
const FAR_CHARACTERS = 11;
const BOTTLENECK_BUSY = 0.8;
const LABEL = { width: 78, height: 34 };

const GLYPHS = /** @type {Record<string, string>} */ ({ source: '▶', sink: '■', output: '■' });

/** @param {readonly (readonly [number, number])[]} points */
function curve(points) {
  const [first, ...rest] = points;
  let path = `M${first[0]},${first[1]}`;
  for (const [index, [x, y]] of rest.entries()) {
    const next = rest[index + 1];
    if (next === undefined) path += ` L${x},${y}`;
    else path += ` Q${x},${y} ${(x + next[0]) / 2},${(y + next[1]) / 2}`;
  }
  return path;
}

/** A name in up to two lines. @param {string} name */
function linesOf(name) {
  if (name.length <= FAR_CHARACTERS) return [name];
  const space = name.lastIndexOf(' ', FAR_CHARACTERS);
  const at = space > 0 ? space : FAR_CHARACTERS;
  return [name.slice(0, at), cut(name.slice(at).trim(), FAR_CHARACTERS)];
}

/** @param {any} hello */
function isNarrowFor({ wide, narrow }) {
  const { clientWidth } = byId('graph');
  const [across, down] = [wide, narrow].map(({ width }) => Math.min(1, clientWidth / width));
  return across < SCALE_GOOD && down > across;
}

export class Graph {
  #hello;
  #choose;
  #layout;
  /** @type {any[]} */
  #nodes = [];
  /** @type {any[]} */
  #edges = [];
  /** @type {any} */
  #state;
  #isNarrow;
  #chosen = -1;
  #viewport;
  #tools;

  /**
   * @param {any} hello
   * @param {(index: number) => void} choose called with the operator that is looked at
   */
  constructor(hello, choose) {
    this.#hello = hello;
    this.#choose = choose;
    // Anew, with what listens to it: it was another job's.
    const frame = /** @type {HTMLElement} */ (byId('graph').cloneNode());
    byId('graph').replaceWith(frame);
    this.#viewport = new Viewport(frame);
    this.#tools = new GraphTools(hello, this.#viewport, (index) => this.#goTo(index));
    this.#isNarrow = isNarrowFor(hello);
    this.#layout = this.#isNarrow ? hello.narrow : hello.wide;
    this.#draw();
  }

  /** Draws anew if the width of the page asks for another direction. */
  resize() {
    this.#viewport.fit();
    if (isNarrowFor(this.#hello) === this.#isNarrow) return;
    this.#isNarrow = !this.#isNarrow;
    this.#layout = this.#isNarrow ? this.#hello.narrow : this.#hello.wide;
    this.#draw();
    if (this.#state !== undefined) this.update(this.#state);
    this.mark(this.#chosen);
  }

  /** Brings an operator into view, and opens it. @param {number} index */
  #goTo(index) {
    const { x, y } = this.#layout.nodes[index];
    this.#viewport.comeCloser();
    this.#nodes[index].group.focus({ preventScroll: true });
    this.#viewport.centre(x, y);
    if (index !== this.#chosen) this.#choose(index);
  }

  #draw() {
    const { width, height, nodes, edges } = this.#layout;
    const { operators, box } = this.#hello;
    const hatch = drawn(
      'pattern',
      { id: 'hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      drawn('rect', { width: 5, height: 5, class: 'hatch-ground' }),
      drawn('rect', { width: 2.2, height: 5, class: 'hatch-line' }),
    );
    const arrow = drawn(
      'marker',
      {
        id: 'arrow',
        viewBox: '0 0 8 8',
        refX: 7,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        orient: 'auto',
        markerUnits: 'userSpaceOnUse',
      },
      drawn('path', { d: 'M0,0 L8,4 L0,8 z', class: 'arrow' }),
    );
    this.#edges = edges.map((/** @type {any} */ points, /** @type {number} */ index) => this.#edge(points, index));
    this.#nodes = nodes.map((/** @type {any} */ at, /** @type {number} */ index) =>
      this.#node(operators[index], at, box, index),
    );
    const svg = drawn(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': `${operators.length} operators` },
      drawn('defs', {}, hatch, arrow),
      this.#edges.map(({ line }) => line),
      this.#edges.map(({ label }) => label),
      this.#nodes.map(({ group }) => group),
    );
    byId('graph').replaceChildren(svg);
    this.#viewport.show({ width, height });
  }

  /**
   * @param {readonly (readonly [number, number])[]} points
   * @param {number} index
   */
  #edge(points, index) {
    const { isFused, output, from, to } = this.#hello.edges[index];
    const { operators } = this.#hello;
    const line = drawn('path', {
      d: curve(points),
      class: isFused ? 'edge fused' : 'edge',
      'marker-end': 'url(#arrow)',
    });
    const [x, y] = points[Math.floor(points.length / 2)];
    const rate = drawn('text', { x: LABEL.width / 2, y: 14, class: 'edge-rate', 'text-anchor': 'middle' });
    const fill = drawn('rect', { x: 8, y: 21, width: 0, height: 5, rx: 2.5, class: 'fill' });
    const percent = drawn('text', { x: LABEL.width - 8, y: 27, class: 'edge-fill', 'text-anchor': 'end' });
    const title = drawn(
      'title',
      {},
      `${operators[from].name} to ${operators[to].name}${output === undefined ? '' : `, output ${output}`}`,
    );
    const label = drawn(
      'g',
      {
        transform: `translate(${x - LABEL.width / 2},${y - LABEL.height / 2})`,
        class: 'edge-label',
        'data-edge': `${operators[from].id}→${operators[to].id}`,
      },
      title,
      drawn('rect', {
        width: LABEL.width,
        height: isFused ? 20 : LABEL.height,
        y: isFused ? 7 : 0,
        rx: 7,
        class: 'edge-box',
      }),
      rate,
      ...(isFused
        ? []
        : [drawn('rect', { x: 8, y: 21, width: 32, height: 5, rx: 2.5, class: 'track' }), fill, percent]),
    );
    if (isFused) rate.setAttribute('y', '21');
    return { line, label, rate, fill, percent, isFused };
  }

  /**
   * @param {any} operator
   * @param {{ x: number, y: number }} at
   * @param {readonly [number, number]} box
   * @param {number} index
   */
  #node({ name, id, kind, role, fusedInto, place }, { x, y }, [width, height], index) {
    const inner = width - 2 * PADDING;
    const isMeasured = fusedInto === undefined && place === 'worker';
    const replicas = drawn('text', { x: width - PADDING, y: 40, class: 'node-replicas', 'text-anchor': 'end' });
    const busy = drawn('rect', { x: PADDING, y: 50, height: 9, width: 0, class: 'bar busy' });
    const blocked = drawn('rect', {
      x: PADDING,
      y: 50,
      height: 9,
      width: 0,
      class: 'bar blocked',
      fill: 'url(#hatch)',
    });
    const split = drawn('text', { x: PADDING, y: 75, class: 'node-split' });
    const badge = drawn('text', { x: width - PADDING, y: 75, class: 'node-badge', 'text-anchor': 'end' });
    const choose = () => this.#choose(index);
    const group = drawn(
      'g',
      {
        transform: `translate(${x - width / 2},${y - height / 2})`,
        class: `node ${role}`,
        tabindex: 0,
        role: 'button',
        'data-operator': id,
        'aria-pressed': 'false',
        onclick: choose,
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          choose();
        },
      },
      drawn('rect', { width, height, rx: 11, class: 'box' }),
      drawn(
        'text',
        { x: PADDING, y: 23, class: 'node-name' },
        `${GLYPHS[role] ?? '●'} ${cut(name, NAME_CHARACTERS)}`,
        name.length > NAME_CHARACTERS && drawn('title', {}, name),
      ),
      drawn(
        'text',
        { x: PADDING, y: 40, class: 'node-kind' },
        fusedInto === undefined ? kind : `${kind} in ${cut(fusedInto, 12)}`,
      ),
      linesOf(name).map((line, nth) => drawn('text', { x: PADDING, y: 28 + 24 * nth, class: 'node-far' }, line)),
      replicas,
      drawn('rect', { x: PADDING, y: 50, width: inner, height: 9, rx: 4.5, class: isMeasured ? 'track' : 'none' }),
      busy,
      blocked,
      split,
      badge,
    );
    return { group, replicas, busy, blocked, split, badge, inner };
  }

  /** Marks the operator that is looked at. @param {number} index */
  mark(index) {
    this.#chosen = index;
    const { edges } = this.#hello;
    for (const [each, { group }] of this.#nodes.entries()) group.setAttribute('aria-pressed', String(each === index));
    for (const [each, { line, label }] of this.#edges.entries()) {
      const isNear = edges[each].from === index || edges[each].to === index;
      for (const part of [line, label]) part.classList.toggle('near', isNear);
    }
    byId('graph').firstElementChild?.classList.toggle('chosen', index >= 0);
  }

  /** @param {any} state */
  update(state) {
    this.#state = state;
    const { operators: facts } = this.#hello;
    const isMeasuredAt = (/** @type {number} */ index) =>
      facts[index].fusedInto === undefined && facts[index].place === 'worker';
    const shares = state.operators.map((/** @type {any} */ { busy }, /** @type {number} */ index) =>
      isMeasuredAt(index) ? busy : -1,
    );
    const most = Math.max(...shares);
    this.#tools.update(most < 0 ? -1 : shares.indexOf(most), most, most >= BOTTLENECK_BUSY);
    for (const [index, operator] of state.operators.entries()) {
      const { group, replicas, busy, blocked, split, badge, inner } = this.#nodes[index];
      const { fusedInto, place } = facts[index];
      const isMeasured = isMeasuredAt(index);
      setText(replicas, place === 'app' ? 'app' : fusedInto === undefined ? `× ${operator.replicas}` : 'fused');
      const width = isMeasured ? operator.busy * inner : 0;
      busy.setAttribute('width', String(width));
      blocked.setAttribute('x', String(PADDING + width));
      blocked.setAttribute('width', String(isMeasured ? operator.blocked * inner : 0));
      const isDown = operator.isDown === true;
      const isBottleneck = isMeasured && operator.busy === most && most >= BOTTLENECK_BUSY;
      const word = isDown
        ? 'restarting'
        : isBottleneck
          ? 'bottleneck'
          : operator.letters > 0
            ? `✉ ${countText(operator.letters)}`
            : '';
      setText(badge, word);
      group.classList.toggle('down', isDown);
      group.classList.toggle('bottleneck', isBottleneck && !isDown);
      const parts =
        operator.blocked >= 0.005
          ? `${shareText(operator.busy)} busy, ${shareText(operator.blocked)} blk`
          : `${shareText(operator.busy)} busy`;
      setText(split, isMeasured ? parts : place === 'app' ? "app's thread" : `${rateText(operator.rate)}/s`);
    }
    for (const [index, { rate, fill }] of state.edges.entries()) {
      const edge = this.#edges[index];
      setText(edge.rate, `${rateText(rate)}/s`);
      edge.line.classList.toggle('flows', rate > 0);
      if (edge.isFused) continue;
      edge.fill.setAttribute('width', String(32 * Math.min(1, fill)));
      edge.fill.classList.toggle('full', fill >= 0.8);
      setText(edge.percent, shareText(fill));
    }
  }
}
