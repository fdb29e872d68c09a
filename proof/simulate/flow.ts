// A random flow: built from a case (case.ts), its operators from steps.ts. What must come out of it says expected.ts.
// Promises: depends on its params alone. Every operator keeps to its tuples and its state.

import { count, custom } from '../../src/aggregates.ts';
import { dataflow, outputs, type SinkDefinition, type Stream, t, table } from '../../src/index.ts';
import { type FlowCase, Interruption, type OperatorCase, replicasMax } from './case.ts';
import { sourceOf } from './sources.ts';
import {
  advance,
  endTuple,
  gather,
  gatheredTuple,
  isKept,
  isPoison,
  isRemoved,
  type KeyState,
  type KeyTable,
  type Numbered,
  partsOf,
  sideOf,
  sourceTuple,
} from './steps.ts';

const FIELDS = { key: t.string(), number: t.u32(), digest: t.u32(), text: t.string() };

/** What sinks have written, by the seed of their case: the simulated threads share it like a file. */
export const written = new Map<number, Numbered[]>();

function memorySink(seed: number): SinkDefinition<Numbered> {
  const lines = written.get(seed) ?? [];
  written.set(seed, lines);
  return {
    open: ({ position }) => {
      lines.length = Math.min(lines.length, position);
      let pending: Numbered[] = [];
      return {
        write: (tuple) => void pending.push({ ...tuple }),
        flush: () => {
          for (const tuple of pending) lines.push(tuple);
          pending = [];
          return lines.length;
        },
        rollback: (to) => {
          pending = [];
          lines.length = Math.min(lines.length, to);
        },
        close: () => {},
      };
    },
  };
}

export interface SimulatedParams extends FlowCase {}

export const simulated = dataflow(import.meta.url, 'simulated', (flow, params: SimulatedParams) => {
  const [first, ...others] = params.sources.map((source, index) =>
    flow.source(
      `source-${index}`,
      sourceOf(FIELDS, (at) => sourceTuple(params, index, at), source),
      {
        failure: params.failure,
        parallelism: source.parallelism,
      },
    ),
  );
  let stream: Stream<typeof FIELDS> = others.length === 0 ? first : first.merge(...others);
  const interrupt = interrupter(params.interruptAfter);
  params.operators.forEach((operator, index) => {
    stream = addOperator(stream, params, operator, index, interrupt);
  });
  if (!params.withSink) return stream.collect('out');
  const [out] = stream.split(
    (branch) => branch.collect('out'),
    (branch) => branch.to('sink', memorySink(params.seed)),
  );
  return out;
});

/** What closures call with each tuple. */
function interrupter(after: readonly number[] = []): () => void {
  const left = [...after];
  let calls = 0;
  return () => {
    if (left.length === 0 || ++calls < left[0]) return;
    left.shift();
    calls = 0;
    throw new Interruption('on purpose');
  };
}

function addOperator(
  stream: Stream<typeof FIELDS>,
  params: FlowCase,
  operator: OperatorCase,
  index: number,
  interrupt: () => void,
): Stream<typeof FIELDS> {
  const name = `${operator.kind}-${index}`;
  const { failure } = params;
  const check = (tuple: Numbered): void => {
    interrupt();
    if (isPoison(params, index, tuple)) throw new Error(`${tuple.key} ${tuple.number} is poison`);
  };
  switch (operator.kind) {
    case 'map': {
      const { fuse, parallelism, isUnordered, isOrdered } = operator;
      const keyed = (): Stream<typeof FIELDS> => (replicasMax(parallelism) > 1 ? stream.keyBy('key') : stream);
      const inOrder = (): Stream<typeof FIELDS> => (isOrdered ? stream.ordered() : keyed());
      const from = isUnordered ? stream.unordered() : inOrder();
      return from.map(
        name,
        FIELDS,
        (tuple) => {
          check(tuple);
          return tuple;
        },
        { fuse, parallelism, failure },
      );
    }
    case 'filter': {
      const { fuse, drop } = operator;
      return stream.filter(
        name,
        (tuple) => {
          check(tuple);
          return isKept(drop, tuple);
        },
        { fuse, failure },
      );
    }
    case 'flatMap': {
      const { fuse, parts } = operator;
      return stream.flatMap(
        name,
        FIELDS,
        (tuple, emit) => {
          for (const part of partsOf(parts, tuple)) {
            emit(part);
            interrupt();
          }
          // Late: what has been emitted is taken back.
          check(tuple);
        },
        { fuse, failure },
      );
    }
    case 'fork': {
      const { fuse, sideEvery } = operator;
      const { main, side } = stream.flatMap(
        name,
        outputs({ main: FIELDS, side: FIELDS, unread: { number: t.u32() } }),
        (tuple, emit) => {
          const beside = sideOf(sideEvery, tuple);
          if (beside !== undefined) emit.side(beside);
          interrupt();
          emit.main(tuple);
          interrupt();
          emit.unread({ number: tuple.number });
          // Late: what has been emitted is taken back from each output.
          check(tuple);
        },
        { fuse, failure },
      );
      side.collect(`side-${index}`);
      return main;
    }
    case 'aggregate': {
      const { parallelism, combine, combineMs } = operator;
      const gathered = custom({
        state: { digest: t.u32() },
        type: t.u32(),
        add(state, tuple: Numbered) {
          check(tuple);
          state.digest = gather(state.digest, tuple);
        },
        merge(state, other) {
          state.digest = (state.digest + other.digest) >>> 0;
        },
        result: ({ digest }) => digest,
      });
      return stream
        .keyBy('key')
        .aggregate(name, { digest: gathered, tuples: count() }, { parallelism, combine, combineMs, failure })
        .map(`end-${index}`, FIELDS, ({ key, digest, tuples }) => gatheredTuple(index, key, tuples, digest));
    }
    case 'process':
      return stream.keyBy('key').process(
        name,
        {
          state: { count: t.u32(), digest: t.u32(), last: t.string() },
          tables: { slots: table({ slot: t.u32() }, { value: t.u32() }) },
          output: FIELDS,
        },
        (tuple, state, emit, context) => {
          const { slots } = state;
          const rows: KeyTable = {
            get: (slot) => slots.get(slot)?.value ?? 0,
            set: (slot, value) => {
              slots.upsert(slot).value = value;
            },
            delete: (slot) => {
              slots.delete(slot);
            },
          };
          const result = advance(operator, state as KeyState, rows, tuple);
          emit(result);
          check(tuple);
          if (isRemoved(operator, state as KeyState)) context.remove();
        },
        {
          parallelism: operator.parallelism,
          failure,
          end: operator.atEnd
            ? ({ key }, state, emit) => {
                interrupt();
                emit(endTuple(index, key, state));
              }
            : undefined,
        },
      );
  }
}
