// @ts-check
// What `npm start -- --crash` does to the word count while it runs: it kills workers, and tells what becomes of their actors.
// Each blow falls at full speed, and when a spare worker is warm, as one is in any longer run.

import { setTimeout } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;
/** How long the words are counted in peace before each blow, and after the last one. */
const PEACE_MS = 500;

/** @typedef {import('millrace').Job} Job */

/**
 * An operator whose worker is hit, and how.
 * @type {readonly { operator: string, by: 'killWorker' | 'exit' }[]}
 */
const BLOWS = [
  { operator: 'count', by: 'killWorker' },
  { operator: 'lines-0', by: 'exit' },
  { operator: 'lines-0', by: 'killWorker' },
];

export class Drill {
  /**
   * @param {Job} job
   * @param {Int32Array} orders to the flow's closures
   */
  constructor(job, orders) {
    this.job = job;
    this.orders = orders;
    this.startMs = performance.now();
    this.isOver = false;
    /** Milliseconds from the notice of each crash to the first commit of an actor that it hit. @type {number[]} */
    this.tookMs = [];
    /**
     * Called with the name of each operator that is at work again, and without one when the job has ended.
     * @type {(operator?: string) => void}
     */
    this.recovered = () => {};
    job.on('*', (event) => this.hear(event));
  }

  /** Strikes all blows, and stops the job when the last one is overcome. Throws if the job ends before that. */
  async strike() {
    for (const { operator, by } of BLOWS) {
      await this.peace();
      const isHit = new Promise((resolve) => {
        this.recovered = (name) => (name === operator || this.isOver) && resolve(undefined);
      });
      if (by === 'killWorker') {
        const worker = this.workerOf(operator);
        this.say(`${this.counted()}. Worker ${worker} is terminated from outside: job.killWorker(${worker})`);
        await this.job.killWorker(worker);
      } else {
        this.say(`${this.counted()}. The closure of 'split-0' calls process.exit(1) at its next line`);
        Atomics.store(this.orders, 0, 1);
      }
      await isHit;
    }
    await this.peace();
    await this.job.stop();
    this.say(`${this.counted()}. The book is closed: job.stop()`);
  }

  /** Waits for a while, and until a spare is warm. */
  async peace() {
    await setTimeout(PEACE_MS);
    while (!this.job.workers().some(({ state }) => state === 'spare')) {
      if (this.isOver) throw new Error('the job has ended before the last worker was killed');
      await setTimeout(LOOK_EVERY_MS);
    }
  }

  counted() {
    const splits = this.job.reading().operators.filter(({ name }) => name.startsWith('split'));
    const words = splits.reduce((sum, { tuplesOut }) => sum + tuplesOut, 0);
    return `${(words / 1e6).toFixed(1)} M words are counted`;
  }

  workerOf(/** @type {string} */ operator) {
    const found = this.job.workers().find(({ actors }) => actors.some((actor) => actor.operator === operator));
    if (found === undefined) throw new Error(`no worker hosts '${operator}'`);
    return found.worker;
  }

  hear(/** @type {import('millrace').JobEvent} */ event) {
    if (event.type === 'crash') this.say(`crash: ${event.report.reason.message}`, true);
    if (event.type === 'adoption') {
      const names = event.actors.map(({ operator }) => `'${operator}'`).join(' and ');
      this.say(`adoption: worker ${event.worker}, a warm spare, has taken over ${names}`, true);
    }
    if (event.type === 'recovered') {
      const took = `${event.tookMs.toFixed(1)} ms after the crash was noticed`;
      this.tookMs.push(event.tookMs);
      this.say(`recovered: '${event.operator}' has committed its next batch, ${took}`, true);
      this.recovered(event.operator);
    }
    if (event.type === 'ended') {
      this.isOver = true;
      this.recovered();
    }
  }

  say(/** @type {string} */ text, isDetail = false) {
    const seconds = ((performance.now() - this.startMs) / 1000).toFixed(3);
    console.log(`${seconds.padStart(7)} s  ${isDetail ? '    ' : ''}${text}`);
  }
}
