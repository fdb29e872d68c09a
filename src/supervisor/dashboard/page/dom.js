// Makes elements. Whatever a job says becomes text of a node, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {Element} made
 * @param {Readonly<Record<string, unknown>>} attributes `on…` are listeners; undefined and false are left out
 * @param {readonly unknown[]} children nodes, or what becomes text
 */
function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child === undefined || child === false) continue;
    made.append(child instanceof Node ? child : String(child));
  }
  return made;
}

/**
 * An element of HTML.
 * @param {string} tag
 * @param {Readonly<Record<string, unknown>>} attributes
 * @param {readonly unknown[]} children
 */
export const element = (tag, attributes = {}, ...children) =>
  /** @type {HTMLElement} */ (filled(document.createElement(tag), attributes, children));

/**
 * An element of SVG.
 * @param {string} tag
 * @param {Readonly<Record<string, unknown>>} attributes
 * @param {readonly unknown[]} children
 */
export const drawn = (tag, attributes = {}, ...children) =>
  /** @type {SVGElement} */ (filled(document.createElementNS(SVG, tag), attributes, children));

/**
 * The element with an id, which is there.
 * @param {string} id
 */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Sets a text, if it has changed.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Calls what draws a part only if what it draws has changed.
 * @template Data
 * @param {(data: Data) => void} draw
 * @returns {(data: Data) => void}
 */
export function whenChanged(draw) {
  let before = '';
  return (data) => {
    const now = JSON.stringify(data);
    if (now === before) return;
    before = now;
    draw(data);
  };
}
