// What helps in a graph that is larger than its frame: a search, the busiest operator at a click, and how much is seen.
// Promises: everything can be done by keyboard; the tools are there only where the graph needs them, the busiest operator always.

import { byId, element, setText } from './dom.js';
import { cut, shareText } from './text.js';

/** From so many operators on nobody finds one at a glance. */
const OPERATORS_MANY = 12;
const NAME_CHARACTERS = 24;

export class GraphTools {
  #names;
  #goTo;
  #busiest = -1;
  #button;
  #whole;
  #viewport;

  /**
   * @param {any} hello
   * @param {import('./viewport.js').Viewport} viewport
   * @param {(index: number) => void} goTo brings an operator into view
   */
  constructor({ operators }, viewport, goTo) {
    this.#names = operators.map((/** @type {any} */ { name }) => name);
    this.#goTo = goTo;
    this.#viewport = viewport;
    this.#button = element('button', {
      type: 'button',
      id: 'busiest',
      hidden: true,
      onclick: () => this.#showBusiest(),
    });
    this.#whole = element(
      'button',
      { type: 'button', 'aria-pressed': 'false', onclick: () => this.#toggle() },
      'whole',
    );
    const zoom = (/** @type {boolean} */ isCloser) => () => {
      viewport.zoom(isCloser);
      this.#tellWhole();
    };
    const many = [
      this.#search(),
      element('button', { type: 'button', onclick: zoom(false), 'aria-label': 'Zoom out' }, '−'),
      element('button', { type: 'button', onclick: zoom(true), 'aria-label': 'Zoom in' }, '+'),
      this.#whole,
    ];
    byId('graph-tools').replaceChildren(this.#button, ...(this.#names.length >= OPERATORS_MANY ? many : []));
  }

  #search() {
    const find = () => {
      const wanted = /** @type {HTMLInputElement} */ (input).value.trim().toLowerCase();
      if (wanted === '') return;
      const names = this.#names.map((/** @type {string} */ name) => name.toLowerCase());
      const exact = names.indexOf(wanted);
      const found = exact >= 0 ? exact : names.findIndex((/** @type {string} */ name) => name.includes(wanted));
      setText(told, found < 0 ? 'no such operator' : '');
      if (found >= 0) this.#goTo(found);
      this.#tellWhole();
    };
    const input = element('input', {
      id: 'find',
      type: 'search',
      list: 'operator-names',
      placeholder: 'find an operator',
      'aria-label': 'Find an operator',
      autocomplete: 'off',
      spellcheck: 'false',
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && find(),
      // A choice from the list comes as a whole name.
      onchange: () => this.#names.includes(/** @type {HTMLInputElement} */ (input).value) && find(),
    });
    const told = element('span', { class: 'count', role: 'status' });
    const names = this.#names.map((/** @type {string} */ value) => element('option', { value }));
    return element('span', { class: 'find' }, input, element('datalist', { id: 'operator-names' }, ...names), told);
  }

  #toggle() {
    this.#viewport.showAll(!this.#viewport.showsAll);
    this.#tellWhole();
  }

  #tellWhole() {
    this.#whole.setAttribute('aria-pressed', String(this.#viewport.showsAll));
  }

  #showBusiest() {
    this.#goTo(this.#busiest);
    this.#tellWhole();
  }

  /** @param {number} index -1 if none is measured @param {number} share @param {boolean} isBottleneck */
  update(index, share, isBottleneck) {
    this.#busiest = index;
    this.#button.hidden = index < 0;
    this.#button.classList.toggle('bottleneck', isBottleneck);
    if (index < 0) return;
    const word = isBottleneck ? 'bottleneck' : 'busiest';
    setText(this.#button, `${word}: ${cut(this.#names[index], NAME_CHARACTERS)}, ${shareText(share)}`);
  }
}
