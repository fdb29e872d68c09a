// The shared memory of a case, as 32-bit cells with names and first values.
// Promises: a cell's number, name and first value stay the same for all threads and runs of a case.
// Relies on: every buffer that a thread touches is registered before the first thread runs.

/** Names a cell by its offset in its buffer. */
export type CellNames = (offset: number) => string;

interface Region {
  readonly name: string;
  readonly buffer: SharedArrayBuffer;
  /** Number of its first cell. */
  readonly base: number;
  readonly cells: number;
  readonly nameOf: CellNames;
}

interface Place {
  readonly cell: number;
  readonly view: Int32Array;
  readonly at: number;
}

/** Finds the cells of registered buffers. Values live in the explorer's states, not here. */
export class SharedCells {
  /** Number of all cells. */
  count = 0;
  private readonly regions = new Map<SharedArrayBuffer, Region>();
  private readonly unobserved = new Set<SharedArrayBuffer>();
  private readonly places = new WeakMap<readonly number[], readonly Place[]>();
  private firstValues: Int32Array | undefined;

  /** Registers a buffer. Its contents at {@link freeze} are the first values of its cells. */
  add(name: string, buffer: SharedArrayBuffer, nameOf: CellNames = (offset) => `${name}[${offset}]`): void {
    if (this.regions.has(buffer) || this.unobserved.has(buffer)) throw new Error(`'${name}' is registered twice`);
    const cells = buffer.byteLength >>> 2;
    this.regions.set(buffer, { name, buffer, base: this.count, cells, nameOf });
    this.count += cells;
  }

  /**
   * Registers a buffer that no thread's way depends on: counters for people. Each run of a thread has a copy of its own, and
   * none of it is part of a state.
   */
  addUnobserved(buffer: SharedArrayBuffer): void {
    this.unobserved.add(buffer);
  }

  /** The numbers of a buffer's cells. */
  cellsOf(buffer: SharedArrayBuffer): number[] {
    const base = this.baseOf(buffer);
    return Array.from({ length: buffer.byteLength >>> 2 }, (_, offset) => base + offset);
  }

  isUnobserved(buffer: SharedArrayBuffer): boolean {
    return this.unobserved.has(buffer);
  }

  /** Number of a buffer's first cell. */
  baseOf(buffer: SharedArrayBuffer): number {
    const region = this.regions.get(buffer);
    if (region === undefined) throw new Error('a thread uses a shared buffer that its case has not named');
    return region.base;
  }

  /** Takes the first values. */
  freeze(): Int32Array {
    const values = new Int32Array(this.count);
    for (const { buffer, base, cells } of this.regions.values()) values.set(new Int32Array(buffer, 0, cells), base);
    this.firstValues = values;
    return values;
  }

  private regionOf(cell: number): Region {
    for (const region of this.regions.values()) {
      if (cell >= region.base && cell < region.base + region.cells) return region;
    }
    throw new Error(`cell ${cell} is in no buffer`);
  }

  nameOf(cell: number): string {
    const region = this.regionOf(cell);
    return region.nameOf(cell - region.base);
  }

  /** What a cell belongs to. */
  regionNameOf(cell: number): string {
    return this.regionOf(cell).name;
  }

  /** Where cells are in the real buffers. Lists of cells only grow. */
  private placesOf(cells: readonly number[]): readonly Place[] {
    let places = this.places.get(cells);
    if (places?.length !== cells.length) {
      places = cells.map((cell) => {
        const { buffer, base } = this.regionOf(cell);
        return { cell, view: new Int32Array(buffer), at: cell - base };
      });
      this.places.set(cells, places);
    }
    return places;
  }

  /** Lets `look` read the real buffers while they hold the given cells; all others have their first values. */
  holding<Result>(cells: readonly number[], valueAt: (cell: number) => number, look: () => Result): Result {
    const { firstValues } = this;
    if (firstValues === undefined) throw new Error('the cells have no first values yet');
    const places = this.placesOf(cells);
    for (const { cell, view, at } of places) view[at] = valueAt(cell);
    try {
      return look();
    } finally {
      for (const { cell, view, at } of places) view[at] = firstValues[cell];
    }
  }
}
