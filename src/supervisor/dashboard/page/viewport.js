// How much of the graph is seen: its scale, and which part of it is in the frame.
// Promises: what was in the middle stays there when the scale changes; the frame scrolls as any other, so that keys, wheels and fingers
// move it, and a mouse drags it.

/** Below this scale texts cannot be read: the graph is scrolled instead, unless a person wants to see all of it. */
const SCALE_READABLE = 0.62;
/** Below this scale an operator shows its name, large, and how busy it is, and nothing else. */
const SCALE_FAR = 0.5;
const SCALE_LEAST = 0.08;
const SCALE_MOST = 2;
const STEP = 1.3;
/** Of a frame that is as high as it may be, beside what is drawn in it. */
const MARGIN = 4;
const HIGHEST_SHARE = 0.74;

export class Viewport {
  #frame;
  #size = { width: 1, height: 1 };
  /** @type {'readable' | 'whole' | number} */
  #wanted = 'readable';
  #scale = 1;

  /** @param {HTMLElement} frame holds the graph, and nothing else */
  constructor(frame) {
    this.#frame = frame;
    this.#drag();
    frame.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.zoom(event.deltaY < 0);
      },
      { passive: false },
    );
  }

  /** What is in the frame has been drawn anew. @param {{ width: number, height: number }} size */
  show(size) {
    this.#size = size;
    this.fit();
  }

  /** True while the graph is in the frame as a whole. */
  get showsAll() {
    return this.#wanted === 'whole';
  }

  /** The frame may have another size. */
  fit() {
    const { width, height } = this.#size;
    const across = (this.#frame.clientWidth - MARGIN) / width;
    const down = (HIGHEST_SHARE * innerHeight) / height;
    if (this.#wanted === 'readable') this.#scale = Math.max(SCALE_READABLE, Math.min(1, across));
    else if (this.#wanted === 'whole') this.#scale = Math.max(SCALE_LEAST, Math.min(1, across, down));
    else this.#scale = this.#wanted;
    this.#apply();
  }

  #apply() {
    const { width, height } = this.#size;
    const svg = this.#frame.firstElementChild;
    svg?.setAttribute('width', String(Math.floor(width * this.#scale)));
    svg?.setAttribute('height', String(Math.floor(height * this.#scale)));
    svg?.classList.toggle('far', this.#scale < SCALE_FAR);
  }

  /** Shows all of the graph, or again as much of it as can be read. @param {boolean} isWhole */
  showAll(isWhole) {
    this.#wanted = isWhole ? 'whole' : 'readable';
    this.fit();
  }

  /** @param {boolean} isCloser */
  zoom(isCloser) {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#frame;
    const x = (scrollLeft + clientWidth / 2) / this.#scale;
    const y = (scrollTop + clientHeight / 2) / this.#scale;
    this.#wanted = Math.min(SCALE_MOST, Math.max(SCALE_LEAST, this.#scale * (isCloser ? STEP : 1 / STEP)));
    this.fit();
    this.centre(x, y);
  }

  /** Brings a place of the graph to the middle of the frame. @param {number} x @param {number} y */
  centre(x, y) {
    const { clientWidth, clientHeight } = this.#frame;
    this.#frame.scrollTo(x * this.#scale - clientWidth / 2, y * this.#scale - clientHeight / 2);
  }

  /** Has a person come closer, if they could not read what they look for. */
  comeCloser() {
    if (this.#scale >= SCALE_READABLE) return;
    this.#wanted = SCALE_READABLE;
    this.fit();
  }

  #drag() {
    const frame = this.#frame;
    frame.addEventListener('pointerdown', (event) => {
      const isOperator = /** @type {Element} */ (event.target).closest('.node') !== null;
      if (event.pointerType !== 'mouse' || event.button !== 0 || isOperator) return;
      const from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
      const move = (/** @type {PointerEvent} */ { clientX, clientY }) =>
        frame.scrollTo(from.x - clientX, from.y - clientY);
      const end = () => {
        frame.classList.remove('dragged');
        removeEventListener('pointermove', move);
      };
      frame.classList.add('dragged');
      addEventListener('pointermove', move);
      addEventListener('pointerup', end, { once: true });
    });
  }
}
