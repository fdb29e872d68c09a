// The operator that is looked at: its replicas, its load, and what may be done to it.

import { byId, element, setText } from './dom.js';
import { countText, rateText, shareText, timeText } from './text.js';

/**
 * @param {number} share
 * @param {string} kind
 */
function meter(share, kind) {
  const bar = element('span', { class: `bar ${kind}` });
  bar.style.width = `${Math.round(100 * share)}%`;
  return element('span', { class: 'meter' }, bar);
}

/**
 * @param {any} facts
 * @param {any} operator
 * @returns {[string, string][]}
 */
function figuresOf({ role }, { tuples, rate, letters, lagMs, late, hot }) {
  /** @type {[string, string][]} */
  const figures = [
    [role === 'source' ? 'read' : 'taken in', countText(tuples)],
    ['tuples/s', rateText(rate)],
    ['dead letters', countText(letters)],
  ];
  if (late !== undefined)
    figures.push(['late', countText(late)], ['watermark lag', lagMs === undefined ? '–' : timeText(lagMs)]);
  if (hot.length > 0)
    figures.push([
      'hottest groups',
      hot.map((/** @type {[number, number]} */ [group, share]) => `${group}: ${shareText(share)}`).join(', '),
    ]);
  return figures;
}

export class OperatorPanel {
  #act;
  #close;
  #index = -1;
  #drawn = '';

  /**
   * @param {(action: object) => void} act
   * @param {() => void} close
   */
  constructor(act, close) {
    this.#act = act;
    this.#close = close;
  }

  get index() {
    return this.#index;
  }

  /** @param {number} index -1 for none */
  show(index) {
    this.#index = index;
    this.#drawn = '';
    byId('operator').hidden = index < 0;
  }

  /**
   * @param {any} hello
   * @param {any} state
   * @param {boolean} canAct
   */
  update(hello, state, canAct) {
    if (this.#index < 0) return;
    const facts = hello.operators[this.#index];
    const operator = state.operators[this.#index];
    const key = `${this.#index} ${canAct} ${operator.replicas.map((/** @type {any} */ each) => each.replica)}`;
    if (key !== this.#drawn) this.#draw(facts, operator, canAct);
    this.#drawn = key;
    this.#fill(facts, operator);
  }

  /**
   * @param {any} facts
   * @param {any} operator
   * @param {boolean} canAct
   */
  #draw({ name, id, kind, replicasMax, fusedInto, place }, { replicas }, canAct) {
    const count = replicas.length;
    const isElastic = canAct && replicasMax > 1 && fusedInto === undefined && place === 'worker';
    const scale = (/** @type {number} */ to) => this.#act({ action: 'scale', operator: id, replicas: to });
    const buttons = isElastic
      ? [
          element(
            'button',
            {
              type: 'button',
              disabled: count <= 1,
              onclick: () => scale(count - 1),
              'aria-label': `Scale ${name} to ${count - 1}`,
            },
            '−',
          ),
          element('span', { class: 'count' }, `${count} of at most ${replicasMax}`),
          element(
            'button',
            {
              type: 'button',
              disabled: count >= replicasMax,
              onclick: () => scale(count + 1),
              'aria-label': `Scale ${name} to ${count + 1}`,
            },
            '+',
          ),
          element(
            'button',
            { type: 'button', disabled: count < 2, onclick: () => this.#act({ action: 'rebalance', operator: id }) },
            'spread anew',
          ),
        ]
      : [];
    const heading = ['Replica', 'Worker', 'State', 'Tuples/s', 'Busy', 'Blocked', 'Mailbox'].map((text) =>
      element('th', { scope: 'col' }, text),
    );
    const rows = replicas.map(() => element('tr', {}));
    byId('operator').replaceChildren(
      element(
        'div',
        { class: 'heading' },
        element('h2', {}, name),
        element('span', { class: 'count' }, kind),
        ...buttons,
        element('button', { type: 'button', class: 'close', onclick: () => this.#close(), 'aria-label': 'Close' }, '✕'),
      ),
      element('dl', { class: 'figures small' }),
      element(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Replicas of ${name}` },
        element('table', {}, element('thead', {}, element('tr', {}, ...heading)), element('tbody', {}, ...rows)),
      ),
    );
  }

  /**
   * @param {any} facts
   * @param {any} operator
   */
  #fill(facts, operator) {
    const panel = byId('operator');
    const figures = figuresOf(facts, operator).map(([name, text]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, text)),
    );
    panel.querySelector('dl')?.replaceChildren(...figures);
    const rows = panel.querySelectorAll('tbody tr');
    for (const [index, { replica, worker, state, rate, busy, blocked, fill }] of operator.replicas.entries()) {
      const cells = [String(replica), worker < 0 ? 'app' : String(worker)].map((text) => element('td', {}, text));
      rows[index].replaceChildren(
        ...cells,
        element('td', {}, element('span', { class: `state ${state}` }, state)),
        element('td', { class: 'number' }, rateText(rate)),
        element('td', {}, meter(busy, 'busy'), shareText(busy)),
        element('td', {}, meter(blocked, 'blocked'), shareText(blocked)),
        element('td', {}, meter(fill, 'ring'), shareText(fill)),
      );
    }
    setText(panel.querySelector('h2') ?? panel, facts.name);
  }
}
