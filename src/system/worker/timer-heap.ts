// When timers are due, of all actors of a replica: a binary heap by time on the thread's own heap.
// Promises: nothing is looked through to find the next one. What it says is a hint: the timer itself stands in its actor's row, so one that
// was cancelled, or set in a batch that was rolled back, is found out when it is due.

export class TimerHeap {
  /** Three numbers an entry: time, actor, timer. */
  private times: Float64Array = new Float64Array(64);
  private actors: Float64Array = new Float64Array(64);
  private timers: Float64Array = new Float64Array(64);
  private size = 0;
  /** Of the entry that was taken last. */
  actor = 0;
  timer = 0;
  atMs = 0;

  /** When the next one is due; Infinity if there is none. */
  get nextAtMs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.times[0];
  }

  clear(): void {
    this.size = 0;
  }

  add(atMs: number, actor: number, timer: number): void {
    if (this.size === this.times.length) this.grow();
    let i = this.size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.times[parent] <= atMs) break;
      this.move(parent, i);
      i = parent;
    }
    this.put(i, atMs, actor, timer);
  }

  /** Takes the next one out, into `atMs`, `actor` and `timer`. */
  take(): void {
    this.atMs = this.times[0];
    this.actor = this.actors[0];
    this.timer = this.timers[0];
    const last = --this.size;
    if (last === 0) return;
    const atMs = this.times[last];
    const actor = this.actors[last];
    const timer = this.timers[last];
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= last) break;
      if (child + 1 < last && this.times[child + 1] < this.times[child]) child++;
      if (this.times[child] >= atMs) break;
      this.move(child, i);
      i = child;
    }
    this.put(i, atMs, actor, timer);
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from];
    this.actors[to] = this.actors[from];
    this.timers[to] = this.timers[from];
  }

  private put(i: number, atMs: number, actor: number, timer: number): void {
    this.times[i] = atMs;
    this.actors[i] = actor;
    this.timers[i] = timer;
  }

  private grow(): void {
    const wider = (lane: Float64Array): Float64Array => {
      const grown = new Float64Array(lane.length * 2);
      grown.set(lane);
      return grown;
    };
    this.times = wider(this.times);
    this.actors = wider(this.actors);
    this.timers = wider(this.timers);
  }
}
