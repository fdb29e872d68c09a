// @ts-check
// Words per second of one side, and its progress. Both sides are measured alike: the first quarter of the words warms up
// compilers, caches and threads, and the speed is that of the rest, until the last total is there.

const WARM_SHARE = 0.25;
const SHOW_EVERY_MS = 500;

const millions = (/** @type {number} */ count) => `${(count / 1e6).toFixed(2)} M`;

export class Stopwatch {
  /**
   * @param {string} name
   * @param {number} total words to come
   */
  constructor(name, total) {
    this.name = name;
    this.total = total;
    this.startMs = performance.now();
    this.shownMs = this.startMs;
    /** @type {{ words: number, atMs: number } | undefined} */
    this.warm = undefined;
    this.wordsPerSecond = Number.NaN;
    this.seconds = Number.NaN;
  }

  /** Takes the count of words so far. */
  lap(/** @type {number} */ words) {
    const nowMs = performance.now();
    if (this.warm === undefined && words >= this.total * WARM_SHARE) this.warm = { words, atMs: nowMs };
    if (nowMs - this.shownMs < SHOW_EVERY_MS) return;
    this.shownMs = nowMs;
    this.show(words, nowMs);
  }

  /** All words are counted. */
  end() {
    const nowMs = performance.now();
    // A run that is over before its first lap has no warm share.
    const { words, atMs } = this.warm ?? { words: 0, atMs: this.startMs };
    this.wordsPerSecond = ((this.total - words) * 1000) / (nowMs - atMs);
    this.seconds = (nowMs - this.startMs) / 1000;
    this.show(this.total, nowMs);
    if (process.stderr.isTTY) process.stderr.write('\n');
  }

  show(/** @type {number} */ words, /** @type {number} */ nowMs) {
    const percent = Math.round((100 * words) / this.total);
    const seconds = (nowMs - this.startMs) / 1000;
    const text = `${this.name}: ${percent} %, ${millions(words)} words in ${seconds.toFixed(1)} s`;
    process.stderr.write(process.stderr.isTTY ? `\r${text}\x1b[K` : `${text}\n`);
  }
}
