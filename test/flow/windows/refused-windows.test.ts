// Goal: what no function of millrace/windows has made is refused where it is given, with the mistake named; and so is a key whose fields
// are called as the bounds that a closure gets with it. What is made is taken, also as a parameter that has travelled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, sum } from '../../../src/aggregates.ts';
import { buildGraph } from '../../../src/flow/dataflow.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import {
  calendar,
  count as countWindow,
  globalWindow,
  session,
  sliding,
  tumbling,
  type Window,
} from '../../../src/windows.ts';
import { thrown } from '../../kit/run-flow.ts';

const ITEM = { key: t.u8(), start: t.u32(), end: t.u32(), at: t.f64() };

const made: readonly Window[] = [
  tumbling({ sizeMs: 10, offsetMs: 3 }),
  sliding({ sizeMs: 10, everyMs: 5 }),
  session({ gapMs: 5 }),
  calendar({ timeZone: 'UTC' }),
  countWindow({ size: 2 }),
  globalWindow({ count: 2 }),
];

/** Builds a flow whose tuples are grouped by a window; `by` is its key. */
function grouped(window: unknown, how: 'aggregate' | 'process' = 'aggregate', by: 'key' | 'start' | 'end' = 'key') {
  const flow = dataflow(import.meta.url, 'grouped', (builder) => {
    const windows = builder
      .source('items', push(ITEM))
      .withEventTime('at')
      .keyBy(by)
      .window(window as ReturnType<typeof tumbling>);
    return how === 'aggregate'
      ? windows.aggregate('results', { n: count() }).collect('out')
      : windows
          .process('results', { output: { n: t.u32() } }, (_, rows, emit) => emit({ n: rows.length }))
          .collect('out');
  });
  return buildGraph(flow, {});
}

test('windows as they are made, and as they have travelled', () => {
  for (const window of made) {
    grouped(window);
    grouped(structuredClone(window), 'process');
  }
});

test('what no function has made is BAD_OPTION, and the text names the mistake', () => {
  const refused: readonly [unknown, RegExp][] = [
    [count(), /count\(\{ size \}\) of millrace\/windows, and this is the aggregate count\(\) of millrace\/aggregates/],
    [sum('at'), /the aggregate sum\(\) of millrace\/aggregates, which aggregate\(\) takes/],
    [{ kind: 'session' }, /session\(\{ gapMs \}\) of millrace\/windows.*'gapMs' of session\(\)/],
    [{ kind: 'session', gapMs: '5' }, /'gapMs' of session\(\)/],
    [{ kind: 'tumbling', sizeMs: 10 }, /'everyMs' of tumbling\(\)/],
    [{ ...tumbling({ sizeMs: 10 }), sizeMs: 20 }, /'everyMs' of tumbling\(\)/],
    [{ ...sliding({ sizeMs: 10, everyMs: 5 }), everyMs: 15 }, /at most sizeMs/],
    [{ kind: 'count' }, /count\(\{ size \}\) of millrace\/windows/],
    [{ kind: 'calendar', timeZone: 'Mars/Olympus' }, /'timeZone' of calendar\(\)/],
    [{ kind: 'global' }, /without a trigger/],
    [{ kind: 'toString' }, /a window such as tumbling/],
    [{ kind: 'hopping', sizeMs: 1 }, /a window such as tumbling/],
    [tumbling, /got function tumbling/],
    [60_000, /got 60000/],
    [undefined, /got undefined/],
    [null, /got null/],
  ];
  for (const [window, text] of refused) {
    const { message } = thrown(() => grouped(window), 'BAD_OPTION');
    assert.match(message, text);
    assert.match(message, /'window' of window\(\) after 'items-time'/);
  }
});

test('so is that of a join, which names the operator', () => {
  const flow = dataflow(import.meta.url, 'joined', (builder) => {
    const items = builder.source('items', push(ITEM)).withEventTime('at').keyBy('key');
    const join = () => ({ n: 1 });
    return items
      .connect(items)
      .windowJoin('pairs', { kind: 'session' } as never, { n: t.u32() }, join)
      .collect('out');
  });
  assert.match(thrown(() => buildGraph(flow, {}), 'BAD_OPTION').message, /'window' of operator 'pairs'.*'gapMs'/);
});

test('a key called start or end, which bounds would take the place of: BAD_FLOW for every window that a closure gets', () => {
  for (const window of made) {
    for (const by of ['start', 'end'] as const) {
      const { message } = thrown(() => grouped(window, 'process', by), 'BAD_FLOW');
      assert.match(message, new RegExp(`operator 'results'.*a field '${by}'.*another name`));
      grouped(window, 'aggregate', by);
    }
  }
});

const UNWRITTEN: readonly [string, unknown, string][] = [
  ['tumbling', 60_000, 'tumbling({ sizeMs: 60000 })'],
  ['tumbling', undefined, 'tumbling({ sizeMs: … })'],
  ['sliding', 60_000, 'sliding({ sizeMs: 60000, everyMs: … })'],
  ['session', 30_000, 'session({ gapMs: 30000 })'],
  ['count', 100, 'count({ size: 100 })'],
  ['globalWindow', 100, 'globalWindow({ count: 100 })'],
  ['calendar', 'Europe/Berlin', 'calendar({ timeZone: "Europe/Berlin" })'],
];

test('a window that is made of a bare value is BAD_OPTION, and the text shows what to write', () => {
  const makers: Readonly<Record<string, unknown>> = {
    tumbling,
    sliding,
    session,
    count: countWindow,
    globalWindow,
    calendar,
  };
  for (const [name, given, written] of UNWRITTEN) {
    const { message } = thrown(() => (makers[name] as (options: unknown) => unknown)(given), 'BAD_OPTION');
    assert.ok(message.startsWith(`option 'options' of ${name}() must be an object: write ${written}, got `), message);
  }
});
