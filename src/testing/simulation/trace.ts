// What happened in a simulated run, line by line: for people, and to tell whether two runs were the same.
// Promises: lines depend on the run alone, not on the machine; the latest are kept, and all of them count for the digest.

import { createHash } from 'node:crypto';

const LINES_KEPT_MAX = 20_000;

export class Trace {
  private kept: string[] = [];
  private dropped = 0;
  private readonly hash = createHash('sha1');

  /** Adds a line: when, in whose thread, and what. */
  add(atMs: number, who: string, what: string): void {
    const line = `${atMs.toFixed(3).padStart(10)} ${who.padEnd(4)} ${what}`;
    this.hash.update(line);
    this.kept.push(line);
    if (this.kept.length < 2 * LINES_KEPT_MAX) return;
    this.dropped += this.kept.length - LINES_KEPT_MAX;
    this.kept = this.kept.slice(-LINES_KEPT_MAX);
  }

  /** The lines that are kept: the latest. */
  lines(): readonly string[] {
    return this.kept;
  }

  /** The last lines as a text. */
  tail(count: number): string {
    const left = Math.max(0, this.dropped + this.kept.length - count);
    const lines = this.kept.slice(-count).join('\n');
    return left === 0 ? lines : `… ${left} lines before\n${lines}`;
  }

  /** Equal for runs of the same lines. */
  digest(): string {
    return this.hash.copy().digest('hex').slice(0, 16);
  }
}
