// Typed arrays of shared memory, Atomics, time and code generation as explored threads see them.
// Promises: while installed, every access to a registered shared buffer goes to `memory`, 32 bits at a time, wherever the
// shipped code makes its views; what it cannot follow it refuses. Nothing is left behind when it is taken out again.
// Relies on: little-endian; views are made while it is installed. Production code has no hook, so it costs nothing there.

import type { SharedCells } from './shared-cells.ts';

/** Where accesses go. */
export interface AccessedMemory {
  load(cell: number): number;
  store(cell: number, value: number): void;
  /** Returns the value before. */
  modify(kind: ModifyKind, cell: number, operand: number, expected: number): number;
  /** Waits if the cell has the value. Returns true if it had, after the wake-up. */
  wait(cell: number, value: number): boolean;
  notify(cell: number, count: number): number;
  read(cell: number): number;
  /** Changes the bits of `mask`. With `partial` the same store goes on in the next cell. */
  write(cell: number, bits: number, mask: number, partial: boolean): void;
  /** Called before anything else: throws if the thread is to stop. */
  touch(): void;
}

export type ModifyKind = 'add' | 'sub' | 'and' | 'or' | 'xor' | 'exchange' | 'compareExchange';

type RealView = Int32Array | Uint32Array | Float64Array | Uint8Array;
type ViewConstructor = new (...values: unknown[]) => RealView;

const CONSTRUCTORS = { Int32Array, Uint32Array, Float64Array, Uint8Array } as unknown as Record<
  string,
  ViewConstructor
>;
const UNSUPPORTED = ['Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Float32Array', 'DataView'];
const realAtomics = Atomics;
const realBufferFrom = Buffer.from;
const realGrow = SharedArrayBuffer.prototype.grow;
const RealFunction = Function;
const WORD = new Float64Array(1);
const HALVES = new Int32Array(WORD.buffer);
const ALL_BITS = -1;
const SOURCE_URL = /\n\/\/# sourceURL=[^\n]*$/;

/** A view of registered memory: elements are cells, or parts of them. */
class SharedView implements ProxyHandler<RealView> {
  readonly real: RealView;
  readonly bytes: number;
  /** Byte number of its first element, over all cells. */
  readonly start: number;
  private readonly globals: InstrumentedGlobals;
  private readonly isFloat: boolean;
  private readonly isSigned: boolean;

  constructor(globals: InstrumentedGlobals, real: RealView, base: number) {
    this.globals = globals;
    this.real = real;
    this.bytes = real.BYTES_PER_ELEMENT;
    this.start = base * 4 + real.byteOffset;
    this.isFloat = real instanceof CONSTRUCTORS.Float64Array;
    this.isSigned = real instanceof CONSTRUCTORS.Int32Array;
  }

  private methodNamed(name: string): ((...values: never[]) => unknown) | undefined {
    const { real, globals } = this;
    switch (name) {
      case 'set':
        return (from: ArrayLike<number>, at = 0) => this.copyFrom(from, 0, from.length, at);
      case 'fill':
        return (value: number, from = 0, to = real.length) => {
          for (let i = from; i < to; i++) this.write(i, value);
        };
      case 'copyWithin':
        return (at: number, from: number, to = real.length) => this.copyFrom(this.slice(from, to), 0, to - from, at);
      case 'subarray':
        return (from = 0, to = real.length) => globals.viewOf(real.subarray(from, to) as RealView);
      case 'slice':
        return (from = 0, to = real.length) => this.slice(from, to);
      case 'latin1Write':
        return (text: string, at: number, length: number) => this.writeText(text, at, length, 1);
      case 'ucs2Write':
        return (text: string, at: number, length: number) => this.writeText(text, at, length, 2);
      case 'latin1Slice':
        return (from: number, to: number) => realBufferFrom(this.slice(from, to)).latin1Slice(0, to - from);
      case 'ucs2Slice':
        return (from: number, to: number) => realBufferFrom(this.slice(from, to)).ucs2Slice(0, to - from);
    }
    return undefined;
  }

  private slice(from: number, to: number): RealView {
    const kind =
      this.bytes === 1 ? 'Uint8Array' : this.isFloat ? 'Float64Array' : this.isSigned ? 'Int32Array' : 'Uint32Array';
    const copy = new CONSTRUCTORS[kind](to - from);
    for (let i = from; i < to; i++) copy[i - from] = this.read(i) as number;
    return copy;
  }

  private copyFrom(from: ArrayLike<number>, start: number, end: number, at: number): void {
    for (let i = start; i < end; i++) this.write(at + i - start, from[i]);
  }

  private writeText(text: string, at: number, length: number, width: 1 | 2): number {
    const bytes = realBufferFrom(text, width === 1 ? 'latin1' : 'utf16le');
    const count = Math.min(length, bytes.length);
    this.copyFrom(bytes, 0, count, at);
    return count;
  }

  cellOf(index: number): number {
    return (this.start + index * this.bytes) >>> 2;
  }

  private read(index: number): number | undefined {
    if (!(index >= 0 && index < this.real.length)) return undefined;
    const { memory } = this.globals;
    const cell = this.cellOf(index);
    if (this.isFloat) {
      const low = memory.read(cell);
      const high = memory.read(cell + 1);
      HALVES[0] = low;
      HALVES[1] = high;
      return WORD[0];
    }
    const bits = memory.read(cell);
    if (this.bytes === 1) return (bits >>> (((this.start + index) & 3) * 8)) & 0xff;
    return this.isSigned ? bits : bits >>> 0;
  }

  private write(index: number, value: number): void {
    if (!(index >= 0 && index < this.real.length)) return;
    const { memory } = this.globals;
    const cell = this.cellOf(index);
    if (this.isFloat) {
      WORD[0] = value;
      const [low, high] = HALVES;
      memory.write(cell, low, ALL_BITS, true);
      memory.write(cell + 1, high, ALL_BITS, false);
    } else if (this.bytes === 1) {
      const shift = ((this.start + index) & 3) * 8;
      memory.write(cell, (value & 0xff) << shift, 0xff << shift, false);
    } else memory.write(cell, value | 0, ALL_BITS, false);
  }

  get(target: RealView, name: string | symbol): unknown {
    this.globals.memory.touch();
    if (typeof name === 'string') {
      const index = Number(name);
      if (!Number.isNaN(index)) return this.read(index);
      const method = this.methodNamed(name);
      if (method !== undefined) return method;
    }
    const value = Reflect.get(target, name, target) as unknown;
    if (typeof value === 'function' && name !== 'constructor') {
      throw new Error(`the explorer does not know ${target.constructor.name}.${String(name)}() on shared memory`);
    }
    return value;
  }

  set(_target: RealView, name: string | symbol, value: unknown): boolean {
    this.globals.memory.touch();
    this.write(Number(name as string), value as number);
    return true;
  }
}

/** Puts instrumented globals in place of the real ones. One may be installed at a time. */
export class InstrumentedGlobals {
  readonly cells: SharedCells;
  readonly memory: AccessedMemory;
  /** Changes the source text of generated code: for broken variants. */
  readonly rewrite: (text: string) => string;
  /** True if that has changed any. */
  hasRewritten = false;
  private readonly handlers = new WeakMap<object, SharedView>();
  private readonly scratch = new Map<SharedArrayBuffer, ArrayBuffer>();
  private readonly views = new Map<string, RealView>();
  private readonly compiled = new Map<string, unknown>();
  private uninstall: (() => void) | undefined;
  private readonly replacements: Record<string, unknown>;

  constructor(cells: SharedCells, memory: AccessedMemory, rewrite: (text: string) => string = (text) => text) {
    this.cells = cells;
    this.memory = memory;
    this.rewrite = rewrite;
    const views = Object.entries(CONSTRUCTORS).map(([name, make]) => [name, this.constructorOf(make)]);
    const refused = UNSUPPORTED.map((name) => [name, this.refusing(name)]);
    this.replacements = {
      ...Object.fromEntries([...views, ...refused]),
      Atomics: this.atomics(),
      Function: this.compiler(),
    };
  }

  /** Forgets what threads have left in unobserved memory. */
  reset(): void {
    this.scratch.clear();
  }

  /** Lets `action` use the real globals, in the midst of a thread. */
  aside<Result>(action: () => Result): Result {
    if (this.uninstall === undefined) return action();
    this.uninstall();
    try {
      return action();
    } finally {
      this.install();
    }
  }

  /** Installs; returns what takes it out again. */
  install(): () => void {
    const globals = globalThis as unknown as Record<string, unknown>;
    const originals = Object.fromEntries(Object.keys(this.replacements).map((name) => [name, globals[name]]));
    const { now } = performance;
    Object.assign(globals, this.replacements);
    Buffer.from = ((...values: unknown[]) => {
      const [buffer, offset = 0, length] = values as [SharedArrayBuffer, number, number];
      if (!(buffer instanceof SharedArrayBuffer)) return Reflect.apply(realBufferFrom, Buffer, values);
      return this.view(buffer, (from) => realBufferFrom(from as ArrayBuffer, offset, length) as unknown as RealView);
    }) as typeof Buffer.from;
    performance.now = () => 0;
    SharedArrayBuffer.prototype.grow = () => {
      throw new Error('the explorer does not follow growing memory: make the case smaller');
    };
    this.uninstall = () => {
      this.uninstall = undefined;
      Object.assign(globals, originals);
      Buffer.from = realBufferFrom;
      performance.now = now;
      SharedArrayBuffer.prototype.grow = realGrow;
    };
    return this.uninstall;
  }

  /** What an instrumented view stands on; undefined for other objects. */
  handlerOf(value: object): SharedView | undefined {
    return this.handlers.get(value);
  }

  /** Views hold nothing, so there is one for each place. */
  viewOf(real: RealView): RealView {
    const buffer = real.buffer as unknown as SharedArrayBuffer;
    const key = `${this.cells.baseOf(buffer)} ${real.constructor.name} ${real.byteOffset} ${real.length}`;
    let view = this.views.get(key);
    if (view === undefined) {
      view = this.makeView(real);
      this.views.set(key, view);
    }
    return view;
  }

  private makeView(real: RealView): RealView {
    const handler = new SharedView(this, real, this.cells.baseOf(real.buffer as unknown as SharedArrayBuffer));
    const view = new Proxy(real, handler);
    this.handlers.set(view, handler);
    return view;
  }

  private view(buffer: SharedArrayBuffer, make: (from: unknown) => RealView): RealView {
    if (!this.cells.isUnobserved(buffer)) return this.viewOf(make(buffer));
    let copy = this.scratch.get(buffer);
    if (copy === undefined) {
      copy = new ArrayBuffer(buffer.byteLength);
      this.scratch.set(buffer, copy);
    }
    return make(copy);
  }

  private constructorOf(make: ViewConstructor): ViewConstructor {
    return new Proxy(make, {
      construct: (target, values, newTarget) => {
        const [buffer, ...rest] = values as unknown[];
        if (!(buffer instanceof SharedArrayBuffer)) return Reflect.construct(target, values, newTarget);
        return this.view(buffer, (from) => new make(from, ...rest));
      },
    });
  }

  private refusing(name: string): unknown {
    const real = (globalThis as unknown as Record<string, ViewConstructor>)[name];
    return new Proxy(real, {
      construct: (target, values, newTarget) => {
        if (values[0] instanceof SharedArrayBuffer) throw new Error(`the explorer does not know ${name}`);
        return Reflect.construct(target, values, newTarget);
      },
    });
  }

  private atomics(): typeof Atomics {
    const onCell =
      (name: string, access: (cell: number, ...operands: number[]) => unknown) =>
      (view: RealView, index: number, ...operands: number[]): unknown => {
        const handler = this.handlers.get(view);
        const real = realAtomics[name as 'add'] as unknown as (...values: unknown[]) => unknown;
        if (handler === undefined) return real(view, index, ...operands);
        this.memory.touch();
        return access(handler.cellOf(index), ...operands);
      };
    const modify = (kind: ModifyKind) =>
      onCell(kind, (cell, operand) => this.memory.modify(kind, cell, operand | 0, 0));
    const { memory } = this;
    return {
      load: onCell('load', (cell) => memory.load(cell)),
      store: onCell('store', (cell, value) => {
        memory.store(cell, value | 0);
        return value;
      }),
      add: modify('add'),
      sub: modify('sub'),
      and: modify('and'),
      or: modify('or'),
      xor: modify('xor'),
      exchange: modify('exchange'),
      compareExchange: onCell('compareExchange', (cell, expected, operand) =>
        memory.modify('compareExchange', cell, operand | 0, expected | 0),
      ),
      notify: onCell('notify', (cell, count = Number.POSITIVE_INFINITY) => memory.notify(cell, count)),
      waitAsync: onCell('waitAsync', (cell, value) =>
        memory.wait(cell, value) ? { async: true, value: Promise.resolve('ok') } : { async: false, value: 'not-equal' },
      ),
      wait: () => {
        throw new Error('the explorer does not know Atomics.wait: hosts use waitAsync');
      },
    } as unknown as typeof Atomics;
  }

  /** Compiles each text once, since threads run again and again from their start. */
  private compiler(): FunctionConstructor {
    return new Proxy(RealFunction, {
      construct: (target, values, newTarget) => {
        const texts = (values as string[]).map((text) => text.replace(SOURCE_URL, ''));
        const key = texts.join('\n\n');
        let made = this.compiled.get(key);
        if (made === undefined) {
          const last = texts.length - 1;
          const text = this.rewrite(texts[last]);
          this.hasRewritten ||= text !== texts[last];
          texts[last] = text;
          made = Reflect.construct(target, texts, newTarget);
          this.compiled.set(key, made);
        }
        return made as object;
      },
    });
  }
}
