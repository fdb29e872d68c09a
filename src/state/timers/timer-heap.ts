// When timers are due, of all keys or actors of a replica: a binary heap by time on the thread's own heap.
// Promises: nothing is looked through to find the next one; entries of one time come in the order of their owners and timers, whatever
// the order in which they were added. What an entry says is a hint: the timer itself stands in its owner's row, so one that was
// cancelled, or set in a batch that was rolled back, is found out when it is due.

export class TimerHeap {
  /** Three numbers an entry: time, owner, timer. */
  private times: Float64Array = new Float64Array(64);
  private owners: Float64Array = new Float64Array(64);
  private timers: Float64Array = new Float64Array(64);
  private entries = 0;
  /** Of the entry that was taken last. */
  owner = 0;
  timer = 0;
  atMs = 0;

  /** When the next one is due; Infinity if there is none. */
  get nextAtMs(): number {
    return this.entries === 0 ? Number.POSITIVE_INFINITY : this.times[0];
  }

  get size(): number {
    return this.entries;
  }

  clear(): void {
    this.entries = 0;
  }

  add(atMs: number, owner: number, timer: number): void {
    if (this.entries === this.times.length) this.grow();
    let i = this.entries++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.isAfter(parent, atMs, owner, timer)) break;
      this.move(parent, i);
      i = parent;
    }
    this.put(i, atMs, owner, timer);
  }

  /** Takes the next one out, into `atMs`, `owner` and `timer`. */
  take(): void {
    this.atMs = this.times[0];
    this.owner = this.owners[0];
    this.timer = this.timers[0];
    const last = --this.entries;
    if (last === 0) return;
    const atMs = this.times[last];
    const owner = this.owners[last];
    const timer = this.timers[last];
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= last) break;
      const other = child + 1;
      if (other < last && this.isAfter(child, this.times[other], this.owners[other], this.timers[other])) child = other;
      if (!this.isAfterThese(atMs, owner, timer, child)) break;
      this.move(child, i);
      i = child;
    }
    this.put(i, atMs, owner, timer);
  }

  /** Takes out all that are the same as the one that was taken last; returns how many. */
  takeSame(): number {
    const { atMs, owner, timer } = this;
    const before = this.entries;
    while (this.entries > 0 && this.times[0] === atMs && this.owners[0] === owner && this.timers[0] === timer)
      this.take();
    return before - this.entries;
  }

  /** True if the entry at `i` comes after another. */
  private isAfter(i: number, atMs: number, owner: number, timer: number): boolean {
    if (this.times[i] !== atMs) return this.times[i] > atMs;
    return this.owners[i] === owner ? this.timers[i] > timer : this.owners[i] > owner;
  }

  /** True if another entry comes after the one at `i`. */
  private isAfterThese(atMs: number, owner: number, timer: number, i: number): boolean {
    if (atMs !== this.times[i]) return atMs > this.times[i];
    return owner === this.owners[i] ? timer > this.timers[i] : owner > this.owners[i];
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from];
    this.owners[to] = this.owners[from];
    this.timers[to] = this.timers[from];
  }

  private put(i: number, atMs: number, owner: number, timer: number): void {
    this.times[i] = atMs;
    this.owners[i] = owner;
    this.timers[i] = timer;
  }

  private grow(): void {
    const wider = (lane: Float64Array): Float64Array => {
      const grown = new Float64Array(lane.length * 2);
      grown.set(lane);
      return grown;
    };
    this.times = wider(this.times);
    this.owners = wider(this.owners);
    this.timers = wider(this.timers);
  }
}
