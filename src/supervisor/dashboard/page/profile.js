// A CPU profile as a flame graph: who called whom, and how much of the thread's time that took.
// Promises: names from the profile are text; what is too narrow to be seen is left out; the functions with the most time of their own
// stand in a table as well, for whoever does not see the picture.

import { byId, drawn, element } from './dom.js';
import { cut, shareText, timeText } from './text.js';

const WIDTH = 1000;
const ROW = 20;
const NARROWEST = 1.5;
const CHARACTER = 6.6;
const BUTTON_FROM = 24;
const TOP = 12;
const TONES = 5;

/**
 * @typedef {{ name: string, where: string, self: number, total: number, children: Frame[], parent?: Frame }} Frame
 */

/** @param {any} callFrame */
function nameOf({ functionName, url }) {
  if (functionName !== '') return functionName;
  return url === '' ? '(anonymous)' : `(anonymous in ${url.slice(url.lastIndexOf('/') + 1)})`;
}

/** Where the code of a function stands, without the folders before it. @param {any} callFrame */
const placeOf = ({ url, lineNumber }) =>
  url === '' ? '' : `${url.split('/').slice(-3).join('/')}:${Number(lineNumber) + 1}`;

/**
 * The tree of calls with its times, in microseconds. Time in which the thread slept is no part of it.
 * @param {any} profile
 */
function framesOf(profile) {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  /** @type {Map<number, number>} */
  const selfs = new Map();
  samples.forEach((/** @type {number} */ id, /** @type {number} */ index) => {
    selfs.set(id, (selfs.get(id) ?? 0) + Math.max(0, timeDeltas[index] ?? 0));
  });
  /** @type {Map<number, any>} */
  const byNumber = new Map(nodes.map((/** @type {any} */ node) => [node.id, node]));
  let idle = 0;
  /**
   * @param {any} node
   * @param {Frame | undefined} parent
   * @returns {Frame}
   */
  const frame = ({ id, callFrame, children = [] }, parent) => {
    /** @type {Frame} */
    const made = {
      name: nameOf(callFrame),
      where: placeOf(callFrame),
      self: selfs.get(id) ?? 0,
      total: 0,
      children: [],
      parent,
    };
    for (const child of children) {
      const node = byNumber.get(child);
      if (node.callFrame.functionName === '(idle)') idle += selfs.get(child) ?? 0;
      else made.children.push(frame(node, made));
    }
    made.children.sort((one, other) => other.total - one.total);
    made.total = made.children.reduce((sum, { total }) => sum + total, made.self);
    return made;
  };
  const root = frame(nodes[0], undefined);
  return { root, idle };
}

/** The functions with the most time of their own. @param {Frame} root */
function hottest(root) {
  /** @type {Map<string, { name: string, where: string, self: number }>} */
  const all = new Map();
  const visit = (/** @type {Frame} */ { name, where, self, children }) => {
    const key = `${name} ${where}`;
    const before = all.get(key)?.self ?? 0;
    all.set(key, { name, where, self: before + self });
    children.forEach(visit);
  };
  visit(root);
  return [...all.values()]
    .filter(({ self }) => self > 0)
    .sort((one, other) => other.self - one.self)
    .slice(0, TOP);
}

/** A tone by name, so that a function has the same everywhere. @param {string} name */
const toneOf = (name) => [...name].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) >>> 0, 7) % TONES;

export class ProfileView {
  /** @type {string | undefined} */
  #address;

  hide() {
    byId('profile').hidden = true;
    byId('profile').replaceChildren();
    if (this.#address !== undefined) URL.revokeObjectURL(this.#address);
    this.#address = undefined;
  }

  /**
   * @param {string} operator
   * @param {string} text of the profile, as JSON
   */
  show(operator, text) {
    this.hide();
    const profile = JSON.parse(text);
    const { root, idle } = framesOf(profile);
    const spent = profile.endTime - profile.startTime;
    this.#address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    const picture = element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Flame graph' });
    const draw = (/** @type {Frame} */ top) => picture.replaceChildren(this.#flames(top, root, draw));
    draw(root);
    const heading = ['Function', 'Where', 'Own time'].map((name) => element('th', { scope: 'col' }, name));
    const rows = hottest(root).map(({ name, where, self }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, cut(name, 60)),
        element('td', { class: 'where' }, where),
        element('td', { class: 'number' }, `${timeText(self / 1000)} · ${shareText(self / Math.max(1, root.total))}`),
      ),
    );
    byId('profile').replaceChildren(
      element(
        'div',
        { class: 'heading' },
        element('h2', {}, `Profile of ${operator}'s thread`),
        element('span', { class: 'count' }, `busy for ${timeText(root.total / 1000)} of ${timeText(spent / 1000)}`),
        element('a', { href: this.#address, download: 'millrace.cpuprofile' }, 'download .cpuprofile'),
        element(
          'button',
          { type: 'button', class: 'close', onclick: () => this.hide(), 'aria-label': 'Close the profile' },
          '✕',
        ),
      ),
      picture,
      element(
        'div',
        { class: 'list', tabindex: 0, role: 'region', 'aria-label': 'Functions with the most time of their own' },
        element('table', {}, element('thead', {}, element('tr', {}, ...heading)), element('tbody', {}, ...rows)),
      ),
      element(
        'p',
        { class: 'where' },
        `The thread slept for ${timeText(idle / 1000)}; that is no part of the picture.`,
      ),
    );
    byId('profile').hidden = false;
  }

  /**
   * @param {Frame} top what takes the whole width
   * @param {Frame} root
   * @param {(top: Frame) => void} zoom
   */
  #flames(top, root, zoom) {
    /** @type {Frame[]} */
    const path = [];
    for (let each = top.parent; each !== undefined; each = each.parent) path.unshift(each);
    /** @type {unknown[]} */
    const boxes = [];
    let depth = path.length;
    const box = (
      /** @type {Frame} */ frame,
      /** @type {number} */ x,
      /** @type {number} */ width,
      /** @type {number} */ row,
    ) => {
      const { name, where, self, total } = frame;
      const share = total / Math.max(1, root.total);
      const figures = `${timeText(total / 1000)}, ${shareText(share)}`;
      // What is heard has what is seen in it; the whole name is in the title.
      const shown = width > 5 * CHARACTER ? cut(name, Math.floor((width - 8) / CHARACTER)) : undefined;
      const choose = () => zoom(frame);
      const isButton = width >= BUTTON_FROM;
      boxes.push(
        drawn(
          'g',
          {
            class: `flame tone-${toneOf(name)}`,
            onclick: choose,
            ...(isButton && {
              tabindex: 0,
              role: 'button',
              'aria-label': `${shown ?? name}: ${figures}`,
              onkeydown: (/** @type {KeyboardEvent} */ event) => {
                if (event.key === 'Enter') choose();
              },
            }),
          },
          drawn(
            'title',
            {},
            `${name}: ${figures}, ${timeText(self / 1000)} of its own${where === '' ? '' : `, ${where}`}`,
          ),
          drawn('rect', { x, y: row * ROW, width: Math.max(0.5, width - 1), height: ROW - 2, rx: 3 }),
          shown !== undefined && drawn('text', { x: x + 5, y: row * ROW + 13 }, shown),
        ),
      );
    };
    const visit = (/** @type {Frame} */ frame, /** @type {number} */ x, /** @type {number} */ row) => {
      const width = (WIDTH * frame.total) / Math.max(1, top.total);
      if (width < NARROWEST) return;
      depth = Math.max(depth, row + 1);
      box(frame, x, width, row);
      let at = x;
      for (const child of frame.children) {
        visit(child, at, row + 1);
        at += (WIDTH * child.total) / Math.max(1, top.total);
      }
    };
    for (const [row, frame] of path.entries()) box(frame, 0, WIDTH, row);
    visit(top, 0, path.length);
    return drawn(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${depth * ROW}`, class: 'flames', role: 'group', 'aria-label': 'Who called whom' },
      boxes,
    );
  }
}
