// The lists below the graph: why it scaled, events, dead letters, supervision, workers and memory, actors.

import { byId, element, setText, whenChanged } from './dom.js';
import { bytesText, clockText, countText, timeText, wordsOf } from './text.js';

const GLYPHS = /** @type {Record<string, string>} */ ({ plain: '●', change: '▲', good: '✔', warn: '◆', bad: '✖' });

/** @param {string} text */
const nothing = (text) => element('li', { class: 'nothing' }, text);

/**
 * A time, a mark, a text.
 * @param {any} event
 */
function head({ atMs, grade, type, text }) {
  return [
    element('time', {}, clockText(atMs)),
    element('span', { class: `grade ${grade}`, 'aria-hidden': 'true' }, GLYPHS[grade]),
    element('span', { class: 'what' }, element('b', {}, wordsOf(type)), ' ', text),
  ];
}

/**
 * What can be opened, if there is more to be seen.
 * @param {readonly unknown[]} heads
 * @param {readonly unknown[]} more
 */
const entry = (heads, more) =>
  more.length === 0
    ? element('li', {}, element('div', { class: 'row' }, ...heads))
    : element('li', {}, element('details', {}, element('summary', { class: 'row' }, ...heads), ...more));

/** @param {any} event */
const eventEntry = (event) =>
  entry(head(event), event.detail === undefined ? [] : [element('pre', { tabindex: 0 }, event.detail)]);

/** @param {number} value */
const figure = (value) =>
  Number.isInteger(value) ? countText(value) : value.toLocaleString('en-US', { maximumFractionDigits: 3 });

/** @param {any} event */
function decisionEntry(event) {
  const { atMs, text, detail, inputs } = event;
  const rows = inputs.map((/** @type {[string, number]} */ [name, value]) =>
    element('div', {}, element('dt', {}, wordsOf(name)), element('dd', {}, value === null ? '–' : figure(value))),
  );
  return element(
    'li',
    { class: 'decision' },
    element('div', { class: 'row' }, element('time', {}, clockText(atMs)), element('b', { class: 'what' }, text)),
    element('p', {}, detail),
    element('dl', { class: 'inputs' }, ...rows),
  );
}

/** @param {any} letter */
function letterEntry({ atMs, operator, replica, key, tuple, error, stack, position }) {
  const fields = tuple.map((/** @type {[string, string]} */ [name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value)),
  );
  return entry(
    [
      element('time', {}, clockText(atMs)),
      element('span', { class: 'grade warn', 'aria-hidden': 'true' }, '✉'),
      element('span', { class: 'what' }, element('b', {}, operator), ' ', error),
    ],
    [
      element('p', { class: 'where' }, `replica ${replica}, ${position}${key === undefined ? '' : `, key ${key}`}`),
      element('dl', { class: 'tuple' }, ...fields),
      ...(stack === undefined ? [] : [element('pre', { tabindex: 0 }, stack)]),
    ],
  );
}

/**
 * A list with the latest first. What is open stays open, and what is new is put on top.
 * @param {string} id
 * @param {string} empty what stands there while there is nothing
 * @param {(item: any) => HTMLElement} made
 */
function growing(id, empty, made) {
  const list = byId(id);
  /** @type {{ key: string, node: HTMLElement }[]} */
  let entries = [];
  list.replaceChildren(nothing(empty));
  return (/** @type {readonly any[]} */ items) => {
    const nodes = new Map(entries.map(({ key, node }) => [key, node]));
    const keys = new Map();
    const now = items.map((item) => {
      const text = JSON.stringify(item);
      const times = keys.get(text) ?? 0;
      keys.set(text, times + 1);
      const key = `${text}${times}`;
      return { key, node: nodes.get(key) ?? made(item) };
    });
    if (now.length === entries.length && now.every(({ key }, index) => key === entries[index].key)) return;
    entries = now;
    const order = now.map(({ node }) => node).reverse();
    if (order.length === 0) list.replaceChildren(nothing(empty));
    else {
      // Nodes that stay are not moved: a details element keeps its focus.
      const stay = new Set(order);
      for (const child of [...list.children]) if (!stay.has(/** @type {HTMLElement} */ (child))) child.remove();
      let before = /** @type {Element | null} */ (list.firstElementChild);
      for (const node of order) {
        if (node === before) before = before.nextElementSibling;
        else list.insertBefore(node, before);
      }
    }
  };
}

/** @param {any} root */
function drawTree(root) {
  const row = (/** @type {any} */ node, /** @type {string} */ kind) => {
    const { name, state, restarts, strategy, intensity, periodMs, worker, reason } = node;
    const rule =
      kind === 'replica'
        ? worker === undefined
          ? ''
          : `worker ${worker}`
        : `${wordsOf(strategy ?? '').replaceAll('_', ' ')}, ${intensity} in ${timeText(periodMs)}`;
    return element(
      'tr',
      { class: kind },
      element('th', { scope: 'row' }, kind === 'replica' ? `replica ${name}` : name),
      element('td', {}, element('span', { class: `state ${state}` }, state)),
      element('td', { class: 'number' }, restarts === 0 ? '–' : countText(restarts)),
      element('td', { class: 'rule' }, rule, reason === undefined ? '' : element('div', { class: 'reason' }, reason)),
    );
  };
  const rows = [row(root, 'job')];
  for (const operator of root.children) {
    rows.push(row(operator, 'operator'));
    for (const replica of operator.children) rows.push(row(replica, 'replica'));
  }
  const heading = ['Child', 'State', 'Restarts', 'Rule, worker, last reason'].map((text) =>
    element('th', { scope: 'col' }, text),
  );
  byId('tree').replaceChildren(
    element('table', {}, element('thead', {}, element('tr', {}, ...heading)), element('tbody', {}, ...rows)),
  );
}

/** Draws a list of figures, each with its name. @param {string} id */
const drawFigures = (id = 'figures') =>
  whenChanged((/** @type {readonly (readonly [string, string])[]} */ figures) => {
    byId(id).replaceChildren(
      ...figures.map(([name, text]) => element('div', {}, element('dt', {}, name), element('dd', {}, text))),
    );
  });

export class Panels {
  #why = growing('why', 'No decision yet. With the option scaling a policy decides about replicas.', decisionEntry);
  #events = growing('events', 'Nothing has happened yet.', eventEntry);
  #letters = growing('letters', 'None: no operator has failed at a tuple.', letterEntry);
  #tree = whenChanged(drawTree);
  #figures = drawFigures();
  #actors = drawFigures('actors');
  #workers;

  /** @param {(worker: number) => void} kill undefined if nobody may */
  constructor(kill) {
    this.#workers = whenChanged((/** @type {any} */ { workers, memory, canAct }) => {
      const rows = workers.map((/** @type {any} */ { worker, state, actors }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, `worker ${worker}`),
          element('td', {}, element('span', { class: `state ${state}` }, state)),
          element('td', { class: 'number' }, `${actors} ${actors === 1 ? 'actor' : 'actors'}`),
          ...(canAct
            ? [
                element(
                  'td',
                  {},
                  element(
                    'button',
                    {
                      type: 'button',
                      class: 'danger',
                      onclick: () => kill(worker),
                      'aria-label': `Kill worker ${worker}, as a drill`,
                    },
                    'kill',
                  ),
                ),
              ]
            : []),
        ),
      );
      byId('workers').replaceChildren(
        element('table', {}, element('tbody', {}, ...rows)),
        element(
          'dl',
          { class: 'figures small' },
          ...memory.map((/** @type {[string, string]} */ [name, text]) =>
            element('div', {}, element('dt', {}, name), element('dd', {}, text)),
          ),
        ),
      );
    });
  }

  /**
   * @param {any} hello
   * @param {any} state
   * @param {boolean} canAct
   */
  update(hello, state, canAct) {
    const { operators, memory } = state;
    const read = hello.operators.reduce(
      (/** @type {number} */ sum, /** @type {any} */ { role }, /** @type {number} */ index) =>
        sum + (role === 'source' ? operators[index].rate : 0),
      0,
    );
    const total = hello.operators.reduce(
      (/** @type {number} */ sum, /** @type {any} */ { role }, /** @type {number} */ index) =>
        sum + (role === 'source' ? operators[index].tuples : 0),
      0,
    );
    const restarts = state.tree.restarts;
    this.#figures([
      ['time', timeText(state.elapsedMs)],
      ['read', countText(total)],
      ['tuples/s', countText(read)],
      ['restarts', countText(restarts)],
      ['dead letters', countText(state.letterCount)],
      ['memory', bytesText(memory.rss)],
    ]);
    this.#why(state.events.filter((/** @type {any} */ { type }) => type === 'decision'));
    this.#events(state.events);
    this.#letters(state.letters);
    setText(
      byId('letter-count'),
      state.letterCount > state.letters.length
        ? `the latest ${state.letters.length} of ${countText(state.letterCount)}`
        : '',
    );
    this.#tree(state.tree);
    this.#workers({
      workers: state.workers,
      canAct,
      memory: [
        ['whole process', bytesText(memory.rss)],
        ["app's heap", bytesText(memory.heapUsed)],
        ['array buffers', bytesText(memory.arrayBuffers)],
      ],
    });
    byId('actors-card').hidden = state.actors === undefined;
    if (state.actors !== undefined)
      this.#actors(Object.entries(state.actors).map(([name, count]) => [wordsOf(name), countText(count)]));
  }
}
