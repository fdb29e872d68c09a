// What a thread does next, as a graph: each local state is one operation on shared memory, with an edge for each result that it had.
// Promises: a thread's local state is a function of the results of its operations so far, so an edge leads to one local state
// for ever; two ways to one and the same local state may be joined at a turning point.

/** Operations on shared memory, and points of a thread's life. */
export const Operation = {
  start: 0,
  load: 1,
  store: 2,
  add: 3,
  sub: 4,
  and: 5,
  or: 6,
  xor: 7,
  exchange: 8,
  compareExchange: 9,
  wait: 10,
  notify: 11,
  /** Plain accesses. A store of 64 bits is a part and a write: a thread cannot die in between. */
  read: 12,
  write: 13,
  writePart: 14,
  /** Where a thread has nothing on its stack that is not in the objects it shows: see {@link ThreadContext.turn}. */
  turn: 15,
  end: 16,
  fail: 17,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

export const operationName = (operation: Operation): string =>
  (Object.entries(Operation).find(([, value]) => value === operation) as [string, number])[0];

let made = 0;

export class LocalState {
  readonly id: number;
  readonly operation: Operation;
  readonly cell: number;
  /** Of a store, the value; of a compareExchange, the new one; of a write, the bits. */
  readonly operand: number;
  /** Of a compareExchange, the value before; of a write, the mask. */
  readonly second: number;
  /** Of a fail, what failed. */
  readonly text: string;
  /** The local state before, and the result that led here. */
  readonly parent: LocalState | undefined;
  readonly label: number;
  /** True if the thread has come to a turning point before, or does now. */
  readonly hasTurned: boolean;
  private onlyLabel = 0;
  private only: LocalState | undefined;
  private others: Map<number, LocalState> | undefined;

  constructor(
    operation: Operation,
    cell: number,
    operand: number,
    second: number,
    parent: LocalState | undefined,
    label: number,
    text = '',
  ) {
    this.id = made++;
    this.operation = operation;
    this.cell = cell;
    this.operand = operand;
    this.second = second;
    this.text = text;
    this.hasTurned = operation === Operation.turn || parent?.hasTurned === true;
    this.parent = parent;
    this.label = label;
  }

  /** Where a result leads; undefined if nobody has gone there. */
  after(result: number): LocalState | undefined {
    if (this.only !== undefined && this.onlyLabel === result) return this.only;
    return this.others?.get(result);
  }

  link(result: number, to: LocalState): void {
    if (this.only === undefined) {
      this.only = to;
      this.onlyLabel = result;
    } else {
      this.others ??= new Map();
      this.others.set(result, to);
    }
  }
}
