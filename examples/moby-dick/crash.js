// @ts-check
// What `npm start -- --crash` does to the word count while it runs: it kills workers, and tells what becomes of their actors.
// Each blow falls at full speed, when so many words have been counted and a spare worker is warm, as one is in any longer run.

import { setTimeout } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;

/** @typedef {import('millrace').Job} Job */

/**
 * The share of the words at which a blow falls; an operator whose worker it hits; and how.
 * @type {readonly { share: number, operator: string, by: 'killWorker' | 'exit' }[]}
 */
const BLOWS = [
  { share: 0.2, operator: 'count', by: 'killWorker' },
  { share: 0.45, operator: 'count', by: 'exit' },
  { share: 0.7, operator: 'lines-0', by: 'killWorker' },
];

export class Drill {
  /**
   * @param {Job} job
   * @param {number} total words to come
   * @param {Int32Array} orders to the flow's closures
   */
  constructor(job, total, orders) {
    this.job = job;
    this.total = total;
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
    job.on((event) => this.hear(event));
  }

  /** Strikes all blows; resolves when the last one is overcome. Rejects if the count was over before. */
  async strike() {
    for (const { share, operator, by } of BLOWS) {
      const done = await this.countedShare(share);
      const isHit = new Promise((resolve) => {
        this.recovered = (name) => (name === operator || this.isOver) && resolve(undefined);
      });
      if (by === 'killWorker') {
        const worker = this.workerOf(operator);
        this.say(`${done} counted. Worker ${worker} is terminated from outside: job.killWorker(${worker})`);
        await this.job.killWorker(worker);
      } else {
        this.say(`${done} counted. The closure of '${operator}' calls process.exit(1) at its next word`);
        Atomics.store(this.orders, 0, 1);
      }
      await isHit;
    }
  }

  /** Waits until that share of the words is counted, and a spare is warm; returns what is counted then. */
  async countedShare(/** @type {number} */ share) {
    for (;;) {
      if (this.isOver) {
        throw new Error(
          'the words were all counted before the last worker could be killed: read the book more often, with --passes',
        );
      }
      const words = this.job.metrics().operators.find(({ name }) => name === 'count')?.tuplesIn ?? 0;
      const hasSpare = this.job.workers().some(({ state }) => state === 'spare');
      if (words >= share * this.total && hasSpare)
        return `${Math.round((100 * words) / this.total)} % of the words are`;
      await setTimeout(LOOK_EVERY_MS);
    }
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
