// The flow of the chaos run: a chain of stateless operators, two keyed ones on different keys, and two ends; and beside them an
// aggregate (sum-flow.ts).
// Promises: every output tells the state that it was made from, so that an oracle can check each one by itself; its operators
// are deterministic; each closure obeys the orders of the drill (chaos/drill-words.ts).
// Workers import this module too: it declares, and runs nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { dataflow, type SourceDefinition, type SourceReader, t, table } from '../../src/index.ts';
import { writeLines } from '../../src/sinks.ts';
import { generate, push } from '../../src/sources.ts';
import { DrillPort, When } from './drill-words.ts';
import {
  CLEAR_EVERY,
  digestWith,
  FINAL,
  GROUPS,
  isBornPoison,
  keyNumber,
  keyOfId,
  keyOfUid,
  keyText,
  LIFE,
  PARTS,
  RECENT,
  textOf,
} from './numbering.ts';
import type { FlowSettings } from './plan.ts';
import { ELASTIC } from './shifts.ts';
import { addSums } from './sum-flow.ts';

export interface ChaosParams extends FlowSettings {
  /** Memory of the orders. */
  readonly orders: SharedArrayBuffer;
  /** The file that the sink writes. */
  readonly file: string;
}

const NUMBER = { key: t.string(), id: t.u32() };
const RELAYED = { key: t.string(), id: t.u32(), text: t.string() };
const SPREAD = { key: t.string(), uid: t.u32(), text: t.string() };
const COUNTED = {
  key: t.string(),
  group: t.u32(),
  uid: t.u32(),
  count: t.u32(),
  digest: t.u32(),
  /** The text of the key's tuple before. */
  before: t.string(),
  /** Rows of the sub-table, and the sum of what they hold. */
  rows: t.u32(),
  recent: t.f64(),
};
const TOTALLED = { ...COUNTED, tuples: t.u32(), total: t.u32() };

/** What the flow's output carries. */
export interface Totalled {
  readonly key: string;
  readonly group: number;
  readonly uid: number;
  readonly count: number;
  readonly digest: number;
  readonly before: string;
  readonly rows: number;
  readonly recent: number;
  readonly tuples: number;
  readonly total: number;
}

const numberAt = (id: number): { key: string; id: number } => ({ key: keyText(keyOfId(id)), id });

const OPEN_MS = 2;
const READER_PAUSE_EVERY = 5000;

/** The same numbers from a reader, as of a network: it opens late, and makes the actor wait now and then. */
function reading(orders: SharedArrayBuffer, ratePerSecond: number): SourceDefinition<typeof NUMBER> {
  return {
    kind: 'reader',
    fields: NUMBER,
    open: async ({ position, wake }) => {
      await sleep(OPEN_MS);
      const drill = new DrillPort(orders, 'numbers');
      const openedMs = performance.now();
      let timer: NodeJS.Timeout | undefined;
      let pausedAt = -1;
      const reader: SourceReader<{ key: string; id: number }> = {
        position,
        read(emit, limit) {
          const due = position + ((performance.now() - openedMs) * ratePerSecond) / 1000;
          for (let taken = 0; taken < limit; taken++) {
            const id = reader.position;
            const isPause = id % READER_PAUSE_EVERY === 0 && id !== pausedAt;
            if (isPause) pausedAt = id;
            if (id >= due || isPause) {
              timer = setTimeout(wake, 1);
              return 'wait';
            }
            drill.obey(id, When.before);
            emit(numberAt(id));
            reader.position++;
          }
          return 'more';
        },
        close: () => clearTimeout(timer),
      };
      return reader;
    },
  };
}

export const chaos = dataflow(import.meta.url, 'chaos', (flow, params: ChaosParams) => {
  const {
    orders,
    file,
    source,
    ratePerSecond,
    pushed,
    fuse,
    onRelayError,
    totals,
    strategy,
    fileEvery,
    bornPoison,
    sums,
  } = params;
  const supervision = { strategy, intensity: 1_000_000 };
  const port = (target: ConstructorParameters<typeof DrillPort>[1]): DrillPort => new DrillPort(orders, target);

  const made = port('numbers');
  const make = (id: number): { key: string; id: number } => {
    made.obey(id, When.before);
    return numberAt(id);
  };
  const sources = {
    generate: () => generate(NUMBER, make, { ratePerSecond }),
    reader: () => reading(orders, ratePerSecond ?? Number.POSITIVE_INFINITY),
    push: () => push(NUMBER),
  };
  const main = flow.source('numbers', sources[source](), { supervision });
  // An operator with a supervisor of its own has an actor of its own.
  const isFused = fuse && !pushed && source !== 'push';
  const numbers = pushed ? main.merge(flow.source('pushed', push(NUMBER))) : main;

  const relay = port('relay');
  const spread = port('spread');
  const count = port('count');
  const countEnd = port('countEnd');
  const counted = numbers
    .map(
      'relay',
      RELAYED,
      ({ key, id }) => {
        relay.obey(id, When.before);
        return { key, id, text: textOf(id) };
      },
      { fuse, failure: onRelayError, ...(!isFused && { supervision }) },
    )
    .flatMap('spread', SPREAD, ({ key, id, text }, emit) => {
      spread.obey(id, When.before);
      for (let part = 0; part < PARTS; part++) emit({ key, uid: id * PARTS + part, text });
      spread.obey(id, When.after);
    })
    .keyBy('key')
    .process(
      'count',
      {
        state: { count: t.u32(), digest: t.u32(), uid: t.u32(), last: t.string() },
        tables: { recent: table({ place: t.u32() }, { uid: t.u32() }) },
        output: COUNTED,
      },
      ({ key, uid, text }, state, emit, context) => {
        count.obey(uid, When.before);
        if (bornPoison && isBornPoison('count', uid)) throw new Error(`drill: ${uid} is poison`);
        const before = state.last;
        state.count += 1;
        state.digest = digestWith(state.digest, uid);
        state.uid = uid;
        state.last = text;
        const { recent } = state;
        if (state.count % CLEAR_EVERY === 0) recent.clear();
        recent.upsert(state.count % RECENT).uid = uid;
        if (uid % 3 === 0) recent.delete((state.count + 1) % RECENT);
        let sum = 0;
        for (const row of recent) sum += row.uid;
        emit({
          key,
          group: keyOfUid(uid) % GROUPS,
          uid,
          count: state.count,
          digest: state.digest,
          before,
          rows: recent.size,
          recent: sum,
        });
        if (state.count === LIFE) context.remove();
        count.obey(uid, When.after);
      },
      {
        parallelism: { max: ELASTIC.count, start: 2 },
        supervision,
        end: ({ key }, { count, digest, last, recent }, emit) => {
          const number = keyNumber(key);
          countEnd.obey(number, When.before);
          const group = number % GROUPS;
          emit({ key, group, uid: FINAL, count, digest, before: last, rows: recent.size, recent: 0 });
          countEnd.obey(number, When.after);
        },
      },
    );

  const total = port('total');
  const line = port('line');
  const [output] = counted
    .keyBy('group')
    .process(
      'total',
      { state: { tuples: t.u32(), total: t.u32() }, output: TOTALLED },
      (tuple, state, emit) => {
        const { uid } = tuple;
        const isFinal = uid === FINAL;
        if (!isFinal) {
          total.obey(uid, When.before);
          if (bornPoison && isBornPoison('total', uid)) throw new Error(`drill: ${uid} is poison`);
          state.tuples += 1;
          state.total = (state.total + uid) >>> 0;
        }
        emit({ ...tuple, tuples: state.tuples, total: state.total });
        if (!isFinal) total.obey(uid, When.after);
      },
      { parallelism: { max: ELASTIC.total, start: totals }, supervision },
    )
    .split(
      (stream) => stream.collect('out'),
      (stream) =>
        stream
          .filter('thin', ({ key }) => keyNumber(key) % fileEvery === 0, { fuse: false, supervision })
          .map('line', { line: t.string() }, ({ key, uid, count, digest }) => {
            if (uid !== FINAL) line.obey(uid, When.before);
            return { line: `${keyNumber(key)} ${uid} ${count} ${digest}` };
          })
          .to(
            'file',
            writeLines(file, ({ line }) => line),
          ),
    );
  return [output, addSums(flow, sums, port('weigh'), supervision)];
});
