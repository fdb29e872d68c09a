// Orders of the harness to closures on workers, in shared memory: fail, or kill your worker, at your next tuple.
// Promises: an order is taken by one tuple only; `poison` and `killer` stay with their tuple, whoever tries it again, until it
// is buried, and then it fails for ever, as determinism demands. A tuple is not hit twice in a row by orders that kill once:
// after some deaths in one tuple Millrace rightly takes the tuple for the cause.
// Relies on: the harness gives an operator one order at a time.

/** Where orders go to: the operators of the flow; `countEnd` is the end-of-stream closure of `count`. */
export const TARGETS = ['numbers', 'relay', 'spread', 'count', 'countEnd', 'total', 'line', 'weigh'] as const;
export type Target = (typeof TARGETS)[number];

/**
 * What a closure can be ordered to do: throw at one try of a tuple, at each until the order is released, or at each for ever; end the
 * thread; leave a rejection that nobody handles; throw in a timer; loop for ever; fill the heap; end the thread at every try of a tuple.
 */
const ORDERS = ['throw', 'throwOften', 'poison', 'exit', 'reject', 'timer', 'loop', 'heap', 'killer'] as const;
export type Order = (typeof ORDERS)[number];

/** Orders that stay with their tuple, which ends as a dead letter. */
export const LASTING: ReadonlySet<string> = new Set<Order>(['poison', 'killer']);

/** At which point of a closure: before it changes anything, or after it has changed its state and emitted. */
export const When = { before: 0, after: 1 } as const;
export type When = (typeof When)[keyof typeof When];

// Words of a target.
const ORDER = 0;
const WHEN = 1;
const VICTIM = 2;
const PREVIOUS = 3;
const DEAD_COUNT = 4;
const DEAD_FROM = 16;
const DEAD_SLOTS = 1 << 12;
const WORDS = DEAD_FROM + DEAD_SLOTS;
/** Tuples of one target that can be buried. */
const DEAD_MAX = DEAD_SLOTS >>> 1;

const NOBODY = 0;
const WANTED = -1;

/** A victim's mark: never NOBODY or WANTED. */
const markOf = (id: number): number => (id + 1) | 0;
const idOfMark = (mark: number): number => (mark - 1) >>> 0;
const slotOf = (mark: number): number => (Math.imul(mark, 0x9e3779b1) >>> 8) % DEAD_SLOTS;

/** Targets that may run in one actor share the memory of whom they hit last. */
const firstOfActor = (target: Target): Target => (target === 'relay' || target === 'spread' ? 'numbers' : target);
const baseOf = (target: Target): number => TARGETS.indexOf(target) * WORDS;

/** The harness's end. */
export class DrillOrders {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor() {
    this.buffer = new SharedArrayBuffer(TARGETS.length * WORDS * Int32Array.BYTES_PER_ELEMENT);
    this.words = new Int32Array(this.buffer);
  }

  place(target: Target, order: Order, when: When): void {
    const base = baseOf(target);
    Atomics.store(this.words, base + ORDER, ORDERS.indexOf(order));
    Atomics.store(this.words, base + WHEN, when);
    Atomics.store(this.words, base + VICTIM, WANTED);
  }

  /** The tuple that has taken the order; undefined while none has. */
  victim(target: Target): number | undefined {
    const mark = Atomics.load(this.words, baseOf(target) + VICTIM);
    return mark === NOBODY || mark === WANTED ? undefined : idOfMark(mark);
  }

  /** The tuple that a lasting order has been taken by. */
  lastingVictim(target: Target): number | undefined {
    const order = ORDERS[Atomics.load(this.words, baseOf(target) + ORDER)];
    return LASTING.has(order) ? this.victim(target) : undefined;
  }

  /** The tuple that has taken an order to throw, once or at each try. */
  throwingVictim(target: Target): number | undefined {
    const order = ORDERS[Atomics.load(this.words, baseOf(target) + ORDER)];
    return LASTING.has(order) || order === 'throw' ? this.victim(target) : undefined;
  }

  /** Takes an order back. Returns false if a tuple has taken it. */
  withdraw(target: Target): boolean {
    return Atomics.compareExchange(this.words, baseOf(target) + VICTIM, WANTED, NOBODY) !== WANTED
      ? this.victim(target) === undefined
      : true;
  }

  /** Ends an order: its tuple goes free. */
  release(target: Target): void {
    Atomics.store(this.words, baseOf(target) + VICTIM, NOBODY);
  }

  /** A tuple is a dead letter: it fails at every further try, as after a restore of older state. Ends its order. */
  bury(target: Target, id: number): void {
    const { words } = this;
    const isVictim = this.victim(target) === id;
    const base = baseOf(target);
    const mark = markOf(id);
    let slot = slotOf(mark);
    while (words[base + DEAD_FROM + slot] !== NOBODY) slot = (slot + 1) % DEAD_SLOTS;
    Atomics.store(words, base + DEAD_FROM + slot, mark);
    Atomics.add(words, base + DEAD_COUNT, 1);
    if (isVictim) this.release(target);
  }

  /** How many tuples can still be buried. */
  graves(target: Target): number {
    return DEAD_MAX - Atomics.load(this.words, baseOf(target) + DEAD_COUNT);
  }
}

/** A closure's end. */
export class DrillPort {
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly previous: number;

  constructor(buffer: SharedArrayBuffer, target: Target) {
    this.words = new Int32Array(buffer);
    this.base = baseOf(target);
    this.previous = baseOf(firstOfActor(target)) + PREVIOUS;
  }

  /** Obeys an order, if there is one for this tuple. */
  obey(id: number, when: When): void {
    const { words, base } = this;
    const victim = Atomics.load(words, base + VICTIM);
    if (victim !== NOBODY) this.consider(id, when, victim);
    if (Atomics.load(words, base + DEAD_COUNT) > 0 && this.isBuried(id)) throw new Error(`drill: ${id} is poison`);
  }

  private consider(id: number, when: When, victim: number): void {
    const { words, base } = this;
    if (Atomics.load(words, base + WHEN) !== when) return;
    const mark = markOf(id);
    if (victim === mark) {
      const order = ORDERS[Atomics.load(words, base + ORDER)];
      if (order === 'throwOften' || LASTING.has(order)) carryOut(order, id);
      return;
    }
    if (victim !== WANTED || Atomics.load(words, this.previous) === mark) return;
    if (Atomics.compareExchange(words, base + VICTIM, WANTED, mark) !== WANTED) return;
    Atomics.store(words, this.previous, mark);
    carryOut(ORDERS[Atomics.load(words, base + ORDER)], id);
  }

  private isBuried(id: number): boolean {
    const { words, base } = this;
    const mark = markOf(id);
    for (let slot = slotOf(mark); ; slot = (slot + 1) % DEAD_SLOTS) {
      const found = Atomics.load(words, base + DEAD_FROM + slot);
      if (found === mark) return true;
      if (found === NOBODY) return false;
    }
  }
}

interface Hog {
  readonly before: Hog | undefined;
  readonly weight: readonly number[];
}

function carryOut(order: Order, id: number): void {
  switch (order) {
    case 'throw':
    case 'throwOften':
      throw new Error(`drill: ${id} fails`);
    case 'poison':
      throw new Error(`drill: ${id} is poison`);
    case 'exit':
    case 'killer':
      process.exit(9);
      break;
    case 'reject':
      void Promise.reject(new Error(`drill: ${id} leaves a rejection`));
      break;
    case 'timer':
      setTimeout(() => {
        throw new Error(`drill: ${id} throws in a timer`);
      }, 0);
      break;
    case 'loop':
      for (;;);
    case 'heap':
      // Pieces of 40 kB: one large array would end the process instead of the thread, small objects take seconds.
      for (let hog: Hog | undefined; ; ) hog = { before: hog, weight: new Array(5000).fill(id + 0.5) };
  }
}
