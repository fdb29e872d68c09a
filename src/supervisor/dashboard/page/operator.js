// The operator that is looked at: its replicas, its load, and what may be done to it.

import { byId, element, setText } from './dom.js';
import { heatMap } from './heat.js';
import { moving } from './moving.js';
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
 * @param {readonly (readonly [group: number, share: number])[]} hot
 * @returns {[string, string][]}
 */
function figuresOf({ role }, { tuples, progress, rate, letters, lagMs, late, latency }, hot) {
  /** @type {[string, string][]} */
  const figures = [
    [role === 'source' ? 'read' : 'taken in', countText(tuples)],
    ['tuples/s', rateText(rate)],
    ['dead letters', countText(letters)],
  ];
  if (progress !== undefined) figures.push(['of all that there is', shareText(progress)]);
  if (latency !== undefined) figures.push(['under way, p50 · p95 · p99', latency.map(timeText).join(' · ')]);
  if (late !== undefined)
    figures.push(['late', countText(late)], ['watermark lag', lagMs === undefined ? '–' : timeText(lagMs)]);
  if (hot.length > 0)
    figures.push(['hottest groups', hot.map(([group, share]) => `${group}: ${shareText(share)}`).join(', ')]);
  return figures;
}

/** Workers that have a thread and may be given actors. @param {readonly any[]} workers */
const activeOf = (workers) => workers.flatMap(({ worker, state }) => (state === 'active' ? [worker] : []));

export class OperatorPanel {
  #act;
  #close;
  #profile;
  #browse;
  #heat = '';
  #index = -1;
  #drawn = '';

  /**
   * @param {(action: object) => void} act
   * @param {() => void} close
   * @param {(operator: string, replica: number) => void} profile
   * @param {(operator: any, group?: number) => void} browse opens the state of an operator, from a group on
   */
  constructor(act, close, profile, browse) {
    this.#act = act;
    this.#close = close;
    this.#profile = profile;
    this.#browse = browse;
  }

  get index() {
    return this.#index;
  }

  /** @param {number} index -1 for none */
  show(index) {
    this.#index = index;
    this.#drawn = '';
    this.#heat = '';
    byId('operator').hidden = index < 0;
  }

  /**
   * @param {any} hello
   * @param {any} state
   * @param {any} details its replicas and key groups; undefined while they are not there yet
   * @param {boolean} canAct
   */
  update(hello, state, details, canAct) {
    if (this.#index < 0) return;
    const facts = hello.operators[this.#index];
    const operator = state.operators[this.#index];
    const workers = activeOf(state.workers);
    const { heat, hot, replicas } = details ?? { heat: undefined, hot: [], replicas: [] };
    const places = replicas.map((/** @type {any} */ each) => `${each.replica} on ${each.worker}`);
    const key = `${this.#index} ${canAct} ${operator.replicas} ${places} of ${workers}`;
    if (key !== this.#drawn) this.#draw(facts, operator.replicas, replicas, canAct, hello.showsState, workers);
    this.#drawn = key;
    this.#fill(facts, figuresOf(facts, operator, hot), replicas);
    this.#drawHeat(facts, heat, hello.showsState);
  }

  /**
   * @param {any} facts
   * @param {number} count how many replicas there are
   * @param {readonly any[]} replicas as far as is known
   * @param {boolean} canAct
   * @param {boolean} showsState
   * @param {readonly number[]} workers those that a replica may be moved to
   */
  #draw({ name, id, kind, hasState, replicasMax, fusedInto, place }, count, replicas, canAct, showsState, workers) {
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
    if (showsState && hasState)
      buttons.push(element('button', { type: 'button', onclick: () => this.#browse({ id, name }) }, 'state'));
    if (canAct && replicas.length > 0) buttons.push(...this.#profiling(name, id, replicas));
    const isMovable = canAct && fusedInto === undefined && place === 'worker' && workers.length > 1;
    const columns = ['Replica', 'Worker', 'State', 'Tuples/s', 'Busy', 'Blocked', 'Mailbox'];
    const heading = [...columns, ...(isMovable ? ['Move'] : [])].map((text) => element('th', { scope: 'col' }, text));
    // Its figures are filled in again and again; what a person may be at stays.
    const rows = replicas.map((/** @type {any} */ each) =>
      element(
        'tr',
        {},
        isMovable && element('td', { class: 'kept' }, moving({ name, id, ...each }, workers, this.#act)),
      ),
    );
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
      element('div', { class: 'heat-place' }),
      element(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Replicas of ${name}` },
        element('table', {}, element('thead', {}, element('tr', {}, ...heading)), element('tbody', {}, ...rows)),
      ),
    );
  }

  /**
   * @param {any} facts
   * @param {string | undefined} heat
   * @param {boolean} showsState
   */
  #drawHeat({ id, name, hasState }, heat, showsState) {
    const place = byId('operator').querySelector('.heat-place');
    if (place === null || heat === undefined || (heat === this.#heat && place.childElementCount > 0)) return;
    this.#heat = heat;
    place.replaceChildren(
      heatMap(heat, showsState && hasState ? (group) => this.#browse({ id, name }, group) : undefined),
    );
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {readonly any[]} replicas
   */
  #profiling(name, id, replicas) {
    const numbers = replicas.map(({ replica }) => element('option', { value: replica }, `replica ${replica}`));
    const which = /** @type {HTMLSelectElement} */ (
      element('select', { 'aria-label': `Replica of ${name} to be profiled`, hidden: numbers.length < 2 }, ...numbers)
    );
    const profile = () => this.#profile(id, Number(which.value));
    return [which, element('button', { type: 'button', onclick: profile, 'aria-label': `Profile ${name}` }, 'profile')];
  }

  /**
   * @param {any} facts
   * @param {readonly [string, string][]} told
   * @param {readonly any[]} replicas
   */
  #fill(facts, told, replicas) {
    const panel = byId('operator');
    const figures = told.map(([name, text]) => element('div', {}, element('dt', {}, name), element('dd', {}, text)));
    panel.querySelector('dl')?.replaceChildren(...figures);
    const rows = panel.querySelectorAll('tbody tr');
    for (const [index, { replica, worker, state, rate, busy, blocked, fill }] of replicas.entries()) {
      const cells = [String(replica), worker < 0 ? 'app' : String(worker)].map((text) => element('td', {}, text));
      for (const cell of rows[index].querySelectorAll('td:not(.kept)')) cell.remove();
      rows[index].prepend(
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
