// A flow whose tables are keyed by fields of its input, in every way that a look-up can be foreseen, and in some that it cannot.

import { dataflow, t, table } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export interface ForeseenParams {
  readonly count: number;
  readonly ids: number;
  readonly parallelism: number;
}

export const foreseenTuple = (index: number, ids: number) => {
  const id = Math.imul(index, 0x9e3779b1) >>> 0;
  return { share: index % 5, id: id % ids, level: (id % 300) / 4 - 20, isOpen: index % 3 === 0, name: `n${id % 50}` };
};

const fields = { share: t.u8(), id: t.u32(), level: t.f64(), isOpen: t.bool(), name: t.string() };
const count = { count: t.u32() };

export const foreseen = dataflow(import.meta.url, 'foreseen', (flow, params: ForeseenParams) =>
  flow
    .source(
      'tuples',
      generate(fields, (index) => foreseenTuple(index, params.ids), { count: params.count }),
    )
    .keyBy('share')
    .process(
      'count',
      {
        tables: {
          byId: table({ id: t.u32() }, count),
          byLevel: table({ level: t.f64() }, count),
          byPair: table({ id: t.u32(), isOpen: t.bool() }, count),
          byName: table({ name: t.string() }, count),
          // Not the field of the input: another type, and another name.
          byOther: table({ id: t.f64() }, count),
          byHalf: table({ half: t.u32() }, count),
        },
        output: { table: t.string(), share: t.u8(), key: t.string(), count: t.u32() },
      },
      ({ id, level, isOpen, name }, state) => {
        state.byId.upsert(id).count += 1;
        state.byLevel.upsert(level).count += 1;
        state.byPair.upsert(id, isOpen).count += 1;
        state.byName.upsert(name).count += 1;
        state.byOther.upsert(id / 2).count += 1;
        state.byHalf.upsert(id >>> 1).count += 1;
      },
      {
        parallelism: params.parallelism,
        end: ({ share }, state, emit) => {
          for (const { id, count } of state.byId) emit({ table: 'byId', share, key: `${id}`, count });
          for (const { level, count } of state.byLevel) emit({ table: 'byLevel', share, key: `${level}`, count });
          for (const { id, isOpen, count } of state.byPair)
            emit({ table: 'byPair', share, key: `${id} ${isOpen}`, count });
          for (const { name, count } of state.byName) emit({ table: 'byName', share, key: name, count });
          for (const { id, count } of state.byOther) emit({ table: 'byOther', share, key: `${id}`, count });
          for (const { half, count } of state.byHalf) emit({ table: 'byHalf', share, key: `${half}`, count });
        },
      },
    )
    .collect('counts'),
);
