// Who uses which cell how: learned while exploring, and never forgotten within a case.
// Promises: tells when something new makes what was explored so far incomplete: then the exploration begins again, knowing more. What an
// exploration that learned nothing has relied on is therefore true of all it has reached.

import { Operation } from './local-state.ts';
import type { ConstantCells } from './thread-graph.ts';

const isPlain = (operation: Operation): boolean =>
  operation === Operation.read || operation === Operation.write || operation === Operation.writePart;

const isWriting = (operation: Operation): boolean =>
  operation !== Operation.read && operation !== Operation.load && operation !== Operation.wait;

export class CellUsage implements ConstantCells {
  /** True if threads were made to rely on a cell that is written: their graphs are wrong. */
  graphsAreWrong = false;
  /** True if states are missing. */
  hasLearned = false;
  /**
   * True while ways are gone only to learn from them: no read is taken for known, so nothing that is learned makes what was found wrong.
   */
  isScouting = false;
  /** Cells that are written, in the order of their slots. */
  readonly written: number[] = [];
  private readonly firstValues: Int32Array;
  private readonly slots: Int32Array;
  private readonly reliedOn: Uint8Array;
  /** Threads by bits: at any time, and once they have come to a turning point. */
  private readonly readers: Uint8Array;
  private readonly writers: Uint8Array;
  private readonly lateReaders: Uint8Array;
  private readonly lateWriters: Uint8Array;
  private readonly atomicUsers: Uint8Array;
  private readonly plainUsers: Uint8Array;
  private readonly synchronizing = new Map<number, number>();

  constructor(firstValues: Int32Array) {
    const { length } = firstValues;
    this.firstValues = firstValues;
    this.slots = new Int32Array(length).fill(-1);
    this.reliedOn = new Uint8Array(length);
    this.readers = new Uint8Array(length);
    this.writers = new Uint8Array(length);
    this.lateReaders = new Uint8Array(length);
    this.lateWriters = new Uint8Array(length);
    this.atomicUsers = new Uint8Array(length);
    this.plainUsers = new Uint8Array(length);
  }

  isConstant(cell: number): boolean {
    return this.slots[cell] < 0 && !this.isScouting;
  }

  constantAt(cell: number): number {
    this.reliedOn[cell] = 1;
    return this.firstValues[cell];
  }

  firstValueOf(cell: number): number {
    return this.firstValues[cell];
  }

  /** Where a cell's value stands in a state; -1 if nobody writes it. */
  slotOf(cell: number): number {
    return this.slots[cell];
  }

  /** Takes note of an operation that is about to be done. */
  note(operation: Operation, cell: number, thread: number, hasTurned: boolean): void {
    const bit = 1 << thread;
    const isWrite = isWriting(operation);
    const users = isWrite ? this.writers : this.readers;
    const late = isWrite ? this.lateWriters : this.lateReaders;
    const kind = isPlain(operation) ? this.plainUsers : this.atomicUsers;
    if ((users[cell] & kind[cell] & bit) !== 0 && (!hasTurned || (late[cell] & bit) !== 0)) return;
    users[cell] |= bit;
    if (hasTurned) late[cell] |= bit;
    kind[cell] |= bit;
    if (this.slots[cell] < 0 && (isWrite || operation === Operation.wait)) {
      this.slots[cell] = this.written.length;
      this.written.push(cell);
      if (this.reliedOn[cell] === 1) {
        this.graphsAreWrong = true;
        this.hasLearned = true;
      }
    }
    if (this.isShared(cell)) this.hasLearned = true;
  }

  /** True if one thread writes a cell that another uses. */
  isShared(cell: number): boolean {
    const users = this.readers[cell] | this.writers[cell];
    return this.writers[cell] !== 0 && (users & (users - 1)) !== 0;
  }

  /**
   * The threads, by bits, whose operations an atomic operation of a thread must be ordered with.
   * @param turned threads, by bits, that have come to a turning point and will not begin anew: what they did before it does not count
   */
  rivalsOf(operation: Operation, cell: number, thread: number, turned: number): number {
    let users = this.writers[cell];
    let late = this.lateWriters[cell];
    if (isWriting(operation)) {
      users |= this.readers[cell];
      late |= this.lateReaders[cell];
    }
    return ((users & ~turned) | late) & ~(1 << thread);
  }

  /** True if plain accesses to a cell must be ordered. */
  mustBeOrdered(cell: number): boolean {
    return this.plainUsers[cell] !== 0 && this.isShared(cell);
  }

  /** True if one thread uses a cell plainly, and another one by atomic operations. */
  isMixed(cell: number): boolean {
    const plain = this.plainUsers[cell];
    const atomic = this.atomicUsers[cell];
    return plain !== 0 && atomic !== 0 && this.isShared(cell) && (plain | atomic) !== (plain & atomic);
  }

  /** The number of a cell by whose atomic operations threads learn of each other. */
  synchronizingNumber(cell: number): number {
    let number = this.synchronizing.get(cell);
    if (number === undefined) {
      number = this.synchronizing.size;
      this.synchronizing.set(cell, number);
    }
    return number;
  }

  /** Slots of cells whose plain accesses must be ordered. */
  orderedSlots(): number[] {
    return this.written.flatMap((cell, slot) => (this.mustBeOrdered(cell) ? [slot] : []));
  }

  /** Begins an exploration. */
  begin(): void {
    this.hasLearned = false;
    this.graphsAreWrong = false;
  }

  /** Forgets what threads rely on: they are run anew. */
  forgetGraphs(): void {
    this.reliedOn.fill(0);
  }
}
