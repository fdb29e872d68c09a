// Shared memory in which a thread can be made to die between any two stores: the library's own code runs, on views that
// count what is stored through them.
// Promises: while installed, each store into a SharedArrayBuffer, plain or atomic, is a point at which the thread in work can
// die; copies of several elements can die half-way. A dead thread stores nothing and does nothing that asks `point` first.
// Relies on: views are made by the global constructors and Buffer.from, while the memory is installed. That no store goes
// past it is tested: revert() takes back everything that was seen, and must leave nothing.

import { reuseScripts } from '../mailbox/codegen.ts';

type View = Int32Array | Uint32Array | Float64Array | Uint8Array;
type ViewConstructor = new (...values: unknown[]) => View;

const CONSTRUCTORS: Readonly<Record<string, ViewConstructor>> = {
  Int32Array,
  Uint32Array,
  Float64Array,
  Uint8Array,
} as unknown as Record<string, ViewConstructor>;
const trueAtomics = Atomics;
const trueBufferFrom = Buffer.from;
const trueGrow = SharedArrayBuffer.prototype.grow;
/** Copies also a Buffer, whose own slice() does not. */
const copyOf = Uint8Array.prototype.slice as (this: View, start: number, end: number) => View;

/** Thrown where a thread dies, and wherever it would go on afterwards. */
export const CRASH = Symbol('the thread is dead');

/** Old values of a range. */
interface Overwritten {
  readonly view: View;
  readonly at: number;
  readonly values: View;
}

export class CrashingMemory {
  /** Points that the threads in work have passed. */
  points = 0;
  /** The thread that comes to this point dies there; those after it live on. */
  crashAt = Number.POSITIVE_INFINITY;
  /** Atomic stores of the threads in work, and the one at which the thread dies that comes to it. */
  atomics = 0;
  crashAtAtomic = Number.POSITIVE_INFINITY;
  /** Called at each point that is passed, before what comes then. */
  observe: (() => void) | undefined;
  /** All shared buffers that views were made of since the last {@link reset}. */
  readonly buffers = new Set<SharedArrayBuffer>();
  private isWorking = false;
  private isPlain = false;
  /** True from where the thread in work dies until another one works. */
  isDead = false;
  private journal: Overwritten[] | undefined;
  /** Buffers, and Int32 views of them, in which a store is no point to die at. */
  private readonly uncounted = new WeakSet<object>();
  private readonly viewOf = new WeakMap<object, View>();

  /** Forgets all buffers and points. */
  reset(): void {
    this.points = 0;
    this.crashAt = Number.POSITIVE_INFINITY;
    this.observe = undefined;
    this.buffers.clear();
    this.journal = undefined;
  }

  /** Runs `action` with instrumented memory. */
  async within<Result>(action: () => Result | Promise<Result>): Promise<Result> {
    const uninstall = this.install();
    try {
      return await action();
    } finally {
      uninstall();
    }
  }

  /** Int32 cells of `buffer` are no points: which row is in work is stored for each tuple, to describe a failure. */
  ignore(buffer: SharedArrayBuffer): void {
    this.uncounted.add(buffer);
  }

  /**
   * Runs `action` as a thread that may die.
   * @returns what it returns, or CRASH if the thread has died, whatever the action made of that
   */
  work<Result>(action: () => Result): Result | typeof CRASH {
    if (this.isWorking) throw new Error('one thread works at a time');
    this.isWorking = true;
    this.isDead = false;
    try {
      const result = action();
      return this.isDead ? CRASH : result;
    } catch (error) {
      if (this.isDead) return CRASH;
      throw error;
    } finally {
      this.isWorking = false;
    }
  }

  /** What follows, until {@link rest}, is the work of a thread that may die: also what promises carry on. */
  begin(): void {
    this.isWorking = true;
    this.isPlain = false;
    this.isDead = false;
  }

  /**
   * The work of the thread has ended, and whatever is at work now makes views of its own.
   * @returns true if the thread has died meanwhile
   */
  rest(): boolean {
    this.isWorking = false;
    this.isPlain = true;
    this.crashAt = Number.POSITIVE_INFINITY;
    this.crashAtAtomic = Number.POSITIVE_INFINITY;
    return this.isDead;
  }

  /** Lets `action` make views of its own, which are not counted: those of whoever only looks. */
  plainly<Result>(action: () => Result): Result {
    this.isPlain = true;
    try {
      return action();
    } finally {
      this.isPlain = false;
    }
  }

  /** A point at which the thread in work may die. Call it before everything that has an effect outside of it. */
  point(): void {
    if (!this.isWorking) return;
    if (this.isDead) throw CRASH;
    if (this.points === this.crashAt) this.die();
    this.points++;
    this.observe?.();
  }

  private countAtomic(): void {
    if (!this.isWorking) return;
    if (this.atomics === this.crashAtAtomic) this.die();
    this.atomics++;
  }

  /** The thread in work dies here. */
  die(): void {
    if (!this.isWorking) return;
    this.isDead = true;
    this.crashAt = Number.POSITIVE_INFINITY;
    throw CRASH;
  }

  /** From now on everything that is overwritten is kept, for {@link revert}. */
  record(): void {
    this.journal = [];
  }

  /** Takes back all stores since {@link record}; what has grown stays grown. */
  revert(): void {
    const { journal = [] } = this;
    for (let i = journal.length - 1; i >= 0; i--) {
      const { view, at, values } = journal[i];
      view.set(values, at);
    }
    this.journal = [];
  }

  /** The bytes of all buffers. */
  image(): Map<SharedArrayBuffer, Buffer> {
    return new Map([...this.buffers].map((buffer) => [buffer, Buffer.from(trueBufferFrom(buffer as never))]));
  }

  private store(view: View, at: number, count: number): void {
    if (this.isDead || !this.uncounted.has(view)) this.point();
    this.journal?.push({ view, at, values: copyOf.call(view, at, at + count) });
  }

  /** Instruments the memory; returns what takes that back. */
  install(): () => void {
    const globals = globalThis as unknown as Record<string, unknown>;
    const originals = Object.fromEntries(
      [...Object.keys(CONSTRUCTORS), 'Atomics'].map((name) => [name, globals[name]]),
    );
    const compileAnew = reuseScripts();
    for (const [name, make] of Object.entries(CONSTRUCTORS)) globals[name] = this.hookedConstructor(make);
    globals.Atomics = this.hookedAtomics();
    const memory = this;
    Buffer.from = ((...values: unknown[]) => {
      const made = Reflect.apply(trueBufferFrom, Buffer, values) as Buffer;
      return this.isShared(values[0]) ? this.hooked(made as unknown as View) : made;
    }) as typeof Buffer.from;
    SharedArrayBuffer.prototype.grow = function grow(bytes) {
      memory.point();
      return trueGrow.call(this, bytes);
    };
    return () => {
      compileAnew();
      Object.assign(globals, originals);
      Buffer.from = trueBufferFrom;
      SharedArrayBuffer.prototype.grow = trueGrow;
    };
  }

  private isShared(value: unknown): boolean {
    return value instanceof SharedArrayBuffer && !this.isPlain;
  }

  private hookedConstructor(make: ViewConstructor): ViewConstructor {
    return new Proxy(make, {
      construct: (target, values, newTarget) => {
        const made = Reflect.construct(target, values, newTarget) as View;
        return this.isShared(values[0]) ? this.hooked(made) : made;
      },
    });
  }

  private hookedAtomics(): typeof Atomics {
    const hooked: Record<string, unknown> = {};
    const reads = ['load', 'wait', 'waitAsync', 'isLockFree'];
    for (const name of Object.getOwnPropertyNames(trueAtomics)) {
      const call = trueAtomics[name as 'load'] as (...values: unknown[]) => unknown;
      hooked[name] = (...values: unknown[]) => {
        const view = this.unhooked(values[0]);
        const isStore = !reads.includes(name) && name !== 'notify';
        if (isStore && view !== values[0]) {
          this.countAtomic();
          this.store(view as View, values[1] as number, 1);
        }
        return call(view, ...values.slice(1));
      };
    }
    return hooked as unknown as typeof Atomics;
  }

  private unhooked(value: unknown): unknown {
    return this.viewOf.get(value as object) ?? value;
  }

  private hooked(view: View): View {
    this.buffers.add(view.buffer as unknown as SharedArrayBuffer);
    if (view instanceof CONSTRUCTORS.Int32Array && this.uncounted.has(view.buffer)) this.uncounted.add(view);
    const methods = this.methodsOf(view);
    const proxy = new Proxy(view, {
      get: (target, name) => {
        if (typeof name === 'string' && isIndex(name)) return target[name as unknown as number];
        const own = methods[name as string];
        if (own !== undefined) return own;
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
      set: (target, name, value) => {
        this.store(target, Number(name as string), 1);
        target[name as unknown as number] = value;
        return true;
      },
    });
    this.viewOf.set(proxy, view);
    return proxy;
  }

  /** The methods that store, and die half-way if they are told to. */
  private methodsOf(view: View): Readonly<Record<string, unknown>> {
    const text = view as unknown as Buffer;
    const write =
      (name: 'latin1Write' | 'ucs2Write') =>
      (value: string, at: number, length: number): number => {
        this.store(view, at, length);
        if (length < 4) return text[name](value, at, length);
        text[name](value, at, (length >>> 2) << 1);
        this.store(view, at, length);
        return text[name](value, at, length);
      };
    return {
      set: (given: ArrayLike<number>, at = 0) => {
        const from = this.unhooked(given) as View;
        const half = from.length >>> 1;
        if (half > 0) this.store(view, at, half);
        view.set(from.subarray(0, half), at);
        this.store(view, at + half, from.length - half);
        view.set(from.subarray(half), at + half);
      },
      fill: (value: number, start = 0, end = view.length) => {
        const half = start + ((end - start) >>> 1);
        if (half > start) this.store(view, start, half - start);
        view.fill(value, start, half);
        this.store(view, half, end - half);
        return view.fill(value, half, end);
      },
      subarray: (start: number, end: number) => this.hooked(view.subarray(start, end) as View),
      latin1Write: write('latin1Write'),
      ucs2Write: write('ucs2Write'),
    };
  }
}

const ZERO = '0'.charCodeAt(0);
const NINE = '9'.charCodeAt(0);

function isIndex(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= ZERO && first <= NINE;
}
