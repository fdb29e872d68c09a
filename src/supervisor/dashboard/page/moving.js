// What moves a replica to another worker, for whoever has the token.

import { element } from './dom.js';

/**
 * A choice of the other workers, and a button.
 * @param {any} replica with its number, the operator's name and id, and its worker
 * @param {readonly number[]} workers those that can be given actors
 * @param {(action: object) => void} act
 */
export function moving({ name, id, replica, worker }, workers, act) {
  const others = workers.filter((each) => each !== worker);
  const options = others.map((each) => element('option', { value: each }, `worker ${each}`));
  const which = /** @type {HTMLSelectElement} */ (
    element('select', { 'aria-label': `Worker for replica ${replica} of ${name}` }, ...options)
  );
  const move = () => act({ action: 'move', operator: id, replica, worker: Number(which.value) });
  const label = `Move replica ${replica} of ${name}`;
  return element(
    'span',
    { class: 'moving' },
    which,
    element('button', { type: 'button', disabled: others.length === 0, onclick: move, 'aria-label': label }, 'move'),
  );
}
