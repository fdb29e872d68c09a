// Traps in closures: they do harm when a certain tuple passes, as often as they are told to.
// Relies on shots that all threads share: what has gone off stays so when a closure is made anew after a crash.

/** What a trap does. Those with `later` do it in a callback, when the tuple is long done. */
export type Misdeed =
  | 'throw'
  | 'exit'
  | 'loop'
  | 'wait'
  | 'heap'
  | 'throw-later'
  | 'reject'
  | 'exit-later'
  | 'loop-later';

export interface Trap<Place extends string> {
  readonly place: Place;
  /** The number of the tuple that springs it. */
  readonly at: number;
  /** And every so many tuples behind that one. */
  readonly every?: number;
  readonly misdeed: Misdeed;
  /** How often it goes off in all; without it always. */
  readonly times?: number;
}

/** What a flow's params have of them. */
export interface Traps<Place extends string> {
  readonly traps?: readonly Trap<Place>[];
  /** An int32 per trap: how often it has gone off. See {@link armed}. */
  readonly shots?: SharedArrayBuffer;
}

/** Params with a count of shots for each of their traps. */
export function armed<Params extends Traps<string>>(params: Params): Params {
  const traps = params.traps?.length ?? 0;
  return { ...params, shots: new SharedArrayBuffer(Math.max(1, traps) * Int32Array.BYTES_PER_ELEMENT) };
}

/** How often each trap has gone off. */
export const shotsOf = ({ shots }: Traps<string>): number[] => [...new Int32Array(shots as SharedArrayBuffer)];

const harm: Readonly<Record<Misdeed, (n: number) => void>> = {
  throw(n) {
    throw new RangeError(`trapped at ${n}`);
  },
  exit: () => process.exit(7),
  loop() {
    for (;;);
  },
  wait: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  heap() {
    const hoard: number[][] = [];
    for (;;) hoard.push(new Array<number>(100_000).fill(hoard.length));
  },
  'throw-later': (n) =>
    void setTimeout(() => {
      throw new Error(`out of nowhere after ${n}`);
    }),
  reject: (n) => void Promise.reject(new Error(`nobody caught this at ${n}`)),
  'exit-later': () => void setTimeout(() => process.exit(7)),
  'loop-later': () =>
    void setTimeout(() => {
      for (;;);
    }),
};

function trapOf<Place extends string>(place: Place, { traps = [], shots }: Traps<Place>): (n: number) => void {
  const cells = shots && new Int32Array(shots);
  const here = traps.flatMap((trap, index) => (trap.place === place ? [{ ...trap, index }] : []));
  return (n) => {
    for (const { at, every, misdeed, times, index } of here) {
      const isHit = n === at || (every !== undefined && n > at && (n - at) % every === 0);
      if (!isHit || cells === undefined) continue;
      if (times !== undefined && Atomics.load(cells, index) >= times) continue;
      Atomics.add(cells, index, 1);
      harm[misdeed](n);
    }
  };
}

/** For each place what its closure calls with each tuple. */
export const trapsAt = <Place extends string>(
  places: readonly Place[],
  params: Traps<Place>,
): Record<Place, (n: number) => void> =>
  Object.fromEntries(places.map((place) => [place, trapOf(place, params)])) as Record<Place, (n: number) => void>;
