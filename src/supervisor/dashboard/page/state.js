// Keyed state, some rows at a time, or the row of a key. Values come as texts, and stay texts.

import { byId, element } from './dom.js';

/** @param {readonly (readonly [string, string])[]} fields */
const fieldsOf = (fields) =>
  element(
    'dl',
    { class: 'tuple' },
    ...fields.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );

export class StateBrowser {
  #ask;
  #operator = '';
  /** Where the rows that are shown begin, and the pages before them. @type {{ group: number, skip: number }[]} */
  #pages = [];
  /** Counts questions: an answer that comes late is not shown in place of a later one. */
  #asked = 0;

  /** @param {(path: string) => Promise<Response>} ask */
  constructor(ask) {
    this.#ask = ask;
  }

  hide() {
    this.#asked++;
    byId('state').hidden = true;
    byId('state').replaceChildren();
  }

  /**
   * @param {{ id: string, name: string }} operator
   * @param {number} group
   */
  show({ id, name }, group = 0) {
    this.#operator = id;
    this.#pages = [{ group, skip: 0 }];
    const field = /** @type {HTMLInputElement} */ (
      element('input', { type: 'search', 'aria-label': `Key of ${name}`, placeholder: 'a key; fields apart by |' })
    );
    const find = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (field.value === '') void this.#page();
      else void this.#rows(`key=${field.value.split('|').map(encodeURIComponent).join('&key=')}`);
    };
    byId('state').replaceChildren(
      element(
        'div',
        { class: 'heading' },
        element('h2', {}, `State of ${name}`),
        element('form', { class: 'find', onsubmit: find }, field, element('button', { type: 'submit' }, 'find')),
        element('button', { type: 'button', id: 'state-back', onclick: () => this.#back() }, 'back'),
        element('button', { type: 'button', id: 'state-next' }, 'more'),
        element(
          'button',
          { type: 'button', class: 'close', onclick: () => this.hide(), 'aria-label': 'Close the state' },
          '✕',
        ),
      ),
      element('ol', { id: 'state-rows', class: 'list', 'aria-label': `Rows of ${name}`, tabindex: 0 }),
    );
    byId('state').hidden = false;
    void this.#page();
  }

  #back() {
    if (this.#pages.length > 1) this.#pages.pop();
    void this.#page();
  }

  #page() {
    const { group, skip } = this.#pages[this.#pages.length - 1];
    return this.#rows(`group=${group}&skip=${skip}`);
  }

  /** @param {string} which */
  async #rows(which) {
    const asked = ++this.#asked;
    let problem = 'the job does not answer';
    /** @type {any} */
    let found;
    try {
      const response = await this.#ask(`/state?operator=${encodeURIComponent(this.#operator)}&${which}`);
      if (response.ok) found = await response.json();
      else problem = (await response.text()).trim();
    } catch {}
    if (asked === this.#asked) this.#draw(found, problem);
  }

  /**
   * @param {any} found
   * @param {string} problem
   */
  #draw(found, problem) {
    const list = byId('state-rows');
    const next = /** @type {HTMLButtonElement} */ (byId('state-next'));
    const back = /** @type {HTMLButtonElement} */ (byId('state-back'));
    back.disabled = this.#pages.length < 2;
    next.disabled = found?.next === undefined;
    next.onclick = () => {
      this.#pages.push(found.next);
      void this.#page();
    };
    if (found === undefined || found.rows.length === 0) {
      list.replaceChildren(element('li', { class: 'nothing' }, found === undefined ? problem : 'No row.'));
      return;
    }
    list.replaceChildren(
      ...found.rows.map((/** @type {any} */ { group, key, value }) =>
        element(
          'li',
          { class: 'state-row' },
          fieldsOf(key),
          fieldsOf(value),
          group === undefined ? '' : element('span', { class: 'count' }, `group ${group}`),
        ),
      ),
    );
  }
}
