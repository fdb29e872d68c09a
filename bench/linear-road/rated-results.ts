// What the checks of a rated run found, in memory that all threads share: counts by type of answer, and latencies over time.
// Promises: a histogram of milliseconds for each slot of time and type; quantiles are rounded up to a millisecond.
// Relies on: one thread writes the cells of a type.

export const ANSWER_TYPES = ['toll', 'accident', 'balance', 'expenditure'] as const;
export type AnswerType = (typeof ANSWER_TYPES)[number];

/** Whatever takes longer counts as so much. */
const LATENCY_MS_MAX = 20_000;
const SLOTS_MAX = 240;

/** Cells of a type: counts, and then for each slot the missed deadlines and a histogram. */
export const ANSWERS = 0;
export const WRONG = 1;
export const DOUBLED = 2;
const SLOTS = 3;
const MISSED = 0;
const HISTOGRAM = 1;
const CELLS_PER_SLOT = HISTOGRAM + LATENCY_MS_MAX;

export interface ResultsMemory {
  readonly cells: SharedArrayBuffer;
  /** Slots of time, and how many seconds each of them has. */
  readonly slots: number;
  readonly slotSeconds: number;
}

/** Of some of the answers: those that came in real time, in a slot or in all. */
export interface Latencies {
  readonly timed: number;
  readonly missed: number;
  /** Milliseconds from when the line was due, below which a share of the answers is. 0 if there is none. */
  quantileMs(share: number): number;
}

export interface TypeResult extends Latencies {
  readonly answers: number;
  readonly wrong: number;
  readonly doubled: number;
}

/** Room for what is found in so many seconds of real time; what nobody touches takes no memory. */
export function allocateResults(seconds: number): ResultsMemory {
  const slotSeconds = Math.ceil(seconds / SLOTS_MAX);
  const slots = Math.ceil(seconds / slotSeconds);
  return { cells: new SharedArrayBuffer(ANSWER_TYPES.length * cellsPerType(slots) * 4), slots, slotSeconds };
}

const cellsPerType = (slots: number): number => SLOTS + slots * CELLS_PER_SLOT;

/** Where the cells of a type begin. */
export const typeCell = ({ slots }: ResultsMemory, type: AnswerType): number =>
  ANSWER_TYPES.indexOf(type) * cellsPerType(slots);

const slotCell = (memory: ResultsMemory, type: AnswerType, slot: number): number =>
  typeCell(memory, type) + SLOTS + slot * CELLS_PER_SLOT;

/** The cell that counts missed deadlines, `second` seconds after real time began; that of a latency is behind it. */
export function missedCell({ slots, slotSeconds }: ResultsMemory, typeAt: number, second: number): number {
  return typeAt + SLOTS + Math.min(slots - 1, Math.floor(second / slotSeconds)) * CELLS_PER_SLOT + MISSED;
}

export const latencyCell = (missedAt: number, latencyMs: number): number =>
  missedAt + HISTOGRAM + Math.min(LATENCY_MS_MAX - 1, Math.max(0, Math.floor(latencyMs)));

const slotsOf = ({ slots }: ResultsMemory): number[] => Array.from({ length: slots }, (_, slot) => slot);

/** All that is known of a type. */
export function resultOf(memory: ResultsMemory, type: AnswerType): TypeResult {
  const cells = new Int32Array(memory.cells);
  const at = typeCell(memory, type);
  const [answers, wrong, doubled] = [cells[at + ANSWERS], cells[at + WRONG], cells[at + DOUBLED]];
  return { answers, wrong, doubled, ...latenciesOf(memory, [type], slotsOf(memory)) };
}

/** The latencies of all types together, slot by slot. */
export const timeline = (memory: ResultsMemory): Latencies[] =>
  slotsOf(memory).map((slot) => latenciesOf(memory, ANSWER_TYPES, [slot]));

/** Missed deadlines so far, and wrong and doubled answers: quick to read while the run goes on. */
export function faultsSoFar(memory: ResultsMemory): number {
  const cells = new Int32Array(memory.cells);
  let faults = 0;
  for (const type of ANSWER_TYPES) {
    const at = typeCell(memory, type);
    faults += cells[at + WRONG] + cells[at + DOUBLED];
    for (const slot of slotsOf(memory)) faults += cells[slotCell(memory, type, slot) + MISSED];
  }
  return faults;
}

function latenciesOf(memory: ResultsMemory, types: readonly AnswerType[], slots: readonly number[]): Latencies {
  const cells = new Int32Array(memory.cells);
  const histogram = new Float64Array(LATENCY_MS_MAX);
  let missed = 0;
  let timed = 0;
  for (const type of types) {
    for (const slot of slots) {
      const at = slotCell(memory, type, slot);
      missed += cells[at + MISSED];
      for (let i = 0; i < LATENCY_MS_MAX; i++) {
        const count = cells[at + HISTOGRAM + i];
        histogram[i] += count;
        timed += count;
      }
    }
  }
  const quantileMs = (share: number): number => {
    let left = Math.max(1, Math.ceil(timed * share));
    for (let i = 0; i < LATENCY_MS_MAX && timed > 0; i++) {
      left -= histogram[i];
      if (left <= 0) return i + 1;
    }
    return 0;
  };
  return { timed, missed, quantileMs };
}
