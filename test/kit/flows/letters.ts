// A flow whose tuples have fields of every type, and whose operator fails at some of them in odd ways.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, type TupleOf, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** What the operator does with a tuple that it fails at. */
export type Failing =
  | 'error'
  | 'caused'
  | 'text'
  | 'function'
  | 'long'
  | 'nothing'
  | 'bad-value'
  | 'explosion'
  | 'too-large';

export interface LettersParams {
  readonly count: number;
  /** Fails at the tuples from here to there. */
  readonly from: number;
  readonly to: number;
  readonly failing: Failing;
  /** How many fields make the key. */
  readonly keyed: 0 | 1 | 2;
  readonly parallelism?: number;
  /** Length of the text in each tuple. */
  readonly characters?: number;
}

export const letterFields = {
  n: t.u32(),
  ratio: t.f64(),
  when: t.timestamp(),
  flag: t.bool(),
  kind: t.dictionary(),
  text: t.string(),
  raw: t.bytes(),
  note: t.json(),
};

/** Tuple n: with keys that are no numbers, bytes, and structured values. */
export const letterTuple = (n: number, characters = 3): TupleOf<typeof letterFields> => ({
  n,
  ratio: n % 2 === 0 ? Number.NaN : n / 3,
  when: 1_700_000_000_000 + n,
  flag: n % 2 === 0,
  kind: `kind ${n % 5}`,
  text: 'é漢'.padEnd(characters, '-'),
  raw: Uint8Array.of(n & 255, 1, 2),
  note: { list: [n, null, { deep: true }], none: null },
});

export class OddError extends Error {
  override readonly name = 'OddError';
}

const output = { n: t.u32(), small: t.u8(), text: t.string() };
type Emit = (tuple: TupleOf<typeof output>) => void;

function fail(n: number, failing: Failing, emit: Emit): void {
  const good = { n, small: 0, text: '' };
  switch (failing) {
    case 'error':
      throw new OddError(`odd ${n}`);
    case 'caused':
      throw new Error(`outer ${n}`, { cause: new OddError('inner') });
    case 'text':
      throw `a mere text ${n}`;
    case 'function':
      throw () => n;
    case 'long':
      throw new Error(`${n}`.padEnd(1_000_000, 'x'));
    case 'nothing':
      throw undefined;
    case 'bad-value':
      emit({ ...good, small: 256 });
      break;
    case 'explosion':
      for (let i = 0; ; i++) emit({ ...good, n: i });
    case 'too-large':
      emit({ ...good, text: 'x'.repeat(1_000_000) });
  }
}

export const letters = dataflow(import.meta.url, 'letters', (flow, params: LettersParams) => {
  const { count, from, to, failing, keyed, parallelism = 1, characters } = params;
  const tuples = flow.source(
    'tuples',
    generate(letterFields, (n) => letterTuple(n, characters), { count }),
  );
  const work = ({ n }: { n: number }, emit: Emit): void => {
    if (n >= from && n < to) fail(n, failing, emit);
    else emit({ n, small: 1, text: 'good' });
  };
  if (keyed === 0) return tuples.flatMap('failing', output, work, { fuse: false }).collect('out');
  const byKey = keyed === 1 ? tuples.keyBy('ratio') : tuples.keyBy('n', 'kind');
  return byKey
    .process(
      'failing',
      { state: { count: t.u32() }, output },
      (tuple, state, emit) => {
        state.count += 1;
        work(tuple, emit);
      },
      { parallelism },
    )
    .collect('out');
});
