// The words that a benchmark of recovery shares with the workers of its flow: how far the stream has come, what the next
// tuple is to do (crash, or report that it was reached), and when a crash happened.
// Promises: an order to crash is obeyed once, whoever processes a tuple next: one that is processed again does not crash
// again. Relies on: one actor at a time processes tuples. Plain loads and stores do: whatever is a tuple late is soon enough.

const SEEN = 0;
const CALL = 1;
const MARK = 2;
const GATE = 3;
const CELLS = 4;

const CALL_NONE = 0;
const CALL_THROW = 1;
const CALL_EXIT = 2;
const CALL_REPORT = 3;

const GATE_OPEN = 0;
const GATE_CLOSED = 1;
const GATE_WAITED_AT = 2;

/** Milliseconds since the epoch, as the events of a job count them. */
export const epochMs = (): number => performance.timeOrigin + performance.now();

export class CrashWords {
  readonly buffer: SharedArrayBuffer;
  private readonly cells: Int32Array;
  private readonly times: Float64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(CELLS * 4 + 8)) {
    this.buffer = buffer;
    this.cells = new Int32Array(buffer, 0, CELLS);
    this.times = new Float64Array(buffer, CELLS * 4, 1);
  }

  /** Notes that a tuple is processed. Returns true if {@link answer} is to be called with it. */
  see(index: number): boolean {
    this.cells[SEEN] = index;
    return this.cells[CALL] !== CALL_NONE;
  }

  /** Does what the app has ordered; returns true if the tuple is beyond the mark, and that is to be reported. */
  answer(index: number): boolean {
    const { cells } = this;
    const call = cells[CALL];
    if (call === CALL_REPORT) return index > cells[MARK];
    if (Atomics.compareExchange(cells, CALL, call, CALL_NONE) !== call) return false;
    if (call === CALL_EXIT) {
      this.noteCrash();
      process.exit(1);
    }
    if (call === CALL_THROW) {
      setImmediate(() => {
        this.noteCrash();
        throw new Error('a crash outside of any tuple, as ordered');
      });
    }
    return false;
  }

  /** Waits while the gate is closed. */
  passGate(): void {
    if (Atomics.compareExchange(this.cells, GATE, GATE_CLOSED, GATE_WAITED_AT) === GATE_OPEN) return;
    Atomics.wait(this.cells, GATE, GATE_WAITED_AT);
  }

  closeGate(): void {
    Atomics.store(this.cells, GATE, GATE_CLOSED);
  }

  get isWaitedAt(): boolean {
    return Atomics.load(this.cells, GATE) === GATE_WAITED_AT;
  }

  openGate(): void {
    Atomics.store(this.cells, GATE, GATE_OPEN);
    Atomics.notify(this.cells, GATE);
  }

  /** The tuple that was processed last. */
  get seen(): number {
    return Atomics.load(this.cells, SEEN);
  }

  /** The worker that processes the next tuple crashes. */
  order(kind: 'throw' | 'exit'): void {
    Atomics.store(this.cells, CALL, kind === 'throw' ? CALL_THROW : CALL_EXIT);
  }

  /** Tuples beyond `mark` are reported from now on. */
  reportFrom(mark: number): void {
    Atomics.store(this.cells, MARK, mark);
    Atomics.store(this.cells, CALL, CALL_REPORT);
  }

  endReports(): void {
    Atomics.store(this.cells, CALL, CALL_NONE);
  }

  /** The crash is now. */
  noteCrash(): void {
    this.times[0] = epochMs();
  }

  get crashedAtMs(): number {
    return this.times[0];
  }
}
