// Goal: days of a time zone have 23, 24 or 25 hours, as its clocks say; each tuple is in one of them, whatever the order, late ones,
// restarts and early results.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { count, distinct } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { type CalendarOptions, calendar } from '../../../src/windows.ts';
import { runs } from '../../kit/arbitraries.ts';
import { thrown } from '../../kit/run-flow.ts';

const HOUR_MS = 3_600_000;

interface Params extends CalendarOptions {
  readonly allowedMs?: number;
  readonly everyMs?: number;
  readonly how?: 'process';
}

interface Day {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly n: number;
}

const flow = dataflow(import.meta.url, 'days', (builder, { allowedMs = 0, everyMs, how, ...options }: Params) => {
  const grouped = builder
    .source('items', push({ key: t.u8(), at: t.f64() }))
    .withEventTime('at', { allowedLatenessMs: allowedMs })
    .keyBy('key')
    .window(calendar(options));
  if (how === 'process') {
    const output = { windowStart: t.f64(), windowEnd: t.f64(), n: t.u32() };
    return grouped
      .process('results', { output }, ({ start, end }, rows, emit) =>
        emit({ windowStart: start, windowEnd: end, n: rows.length }),
      )
      .collect('out');
  }
  return grouped
    .aggregate('results', { n: count(), times: distinct('at') }, everyMs === undefined ? {} : { emit: { everyMs } })
    .collect('out') as never;
});

const daysOf = (params: Params, isDisturbed = true) =>
  testOperator<object, Day>(flow, 'results', { params, rollback: isDisturbed, restore: isDisturbed });

/** A tuple each half hour from one moment to another; gives the windows with their hours. */
function hoursOf(timeZone: string, from: string, until: string): [string, number, number][] {
  const days = daysOf({ timeZone }, false);
  for (let at = Date.parse(from); at < Date.parse(until); at += HOUR_MS / 2) days.feed({ key: 1, at }, { at });
  days.end();
  return days
    .emitted()
    .map(({ windowStart, windowEnd, n }) => [
      new Date(windowStart).toISOString(),
      (windowEnd - windowStart) / HOUR_MS,
      n,
    ]);
}

test('days in Berlin where the clocks change have 23 and 25 hours, and each tuple is in one', () => {
  assert.deepEqual(hoursOf('Europe/Berlin', '2026-03-27T23:00Z', '2026-03-30T22:00Z'), [
    ['2026-03-27T23:00:00.000Z', 24, 48],
    ['2026-03-28T23:00:00.000Z', 23, 46],
    ['2026-03-29T22:00:00.000Z', 24, 48],
  ]);
  assert.deepEqual(hoursOf('Europe/Berlin', '2026-10-23T22:00Z', '2026-10-26T23:00Z'), [
    ['2026-10-23T22:00:00.000Z', 24, 48],
    ['2026-10-24T22:00:00.000Z', 25, 50],
    ['2026-10-25T23:00:00.000Z', 24, 48],
  ]);
});

test('days where clocks change by half an hour, at midnight, and where a day is left out', () => {
  assert.deepEqual(
    hoursOf('Australia/Lord_Howe', '2026-04-03T13:00Z', '2026-04-05T13:30Z').map(([, hours, n]) => [hours, n]),
    [
      [24, 48],
      [24.5, 49],
    ],
  );
  // In Beirut clocks go from midnight to 1: the day begins at 1.
  assert.deepEqual(hoursOf('Asia/Beirut', '2026-03-28T22:00Z', '2026-03-29T21:00Z'), [
    ['2026-03-28T22:00:00.000Z', 23, 46],
  ]);
  // In Samoa there was no 30 December in 2011.
  assert.deepEqual(hoursOf('Pacific/Apia', '2011-12-29T10:00Z', '2011-12-31T10:00Z'), [
    ['2011-12-29T10:00:00.000Z', 24, 48],
    ['2011-12-30T10:00:00.000Z', 24, 48],
  ]);
});

test('weeks begin on the day that they are told', () => {
  const weeks = daysOf({ timeZone: 'Europe/Berlin', days: 7, offsetDays: 4 });
  const at = Date.parse('2026-03-28T12:00Z');
  weeks.feed({ key: 1, at }, { at });
  weeks.end();
  const [{ windowStart, windowEnd }] = weeks.emitted();
  // From Monday to Monday, an hour short.
  assert.deepEqual(
    [new Date(windowStart).toISOString(), (windowEnd - windowStart) / HOUR_MS],
    ['2026-03-22T23:00:00.000Z', 7 * 24 - 1],
  );
});

test('the earliest and the latest times have a day', () => {
  for (const at of [-8.64e15, 8.64e15, -1, -0, 0, -62_200_000_000_000]) {
    const days = daysOf({ timeZone: 'America/New_York' });
    days.feed({ key: 1, at }, { at });
    days.end();
    const [{ windowStart, windowEnd }] = days.emitted();
    assert.ok(windowStart <= at && at < windowEnd && windowEnd - windowStart <= 25 * HOUR_MS);
  }
});

const ZONES = ['Europe/Berlin', 'Australia/Lord_Howe', 'America/New_York', 'Asia/Kolkata', 'UTC'];
const START_MS = Date.parse('2026-03-01T00:00Z');

const acts = fc.array(
  fc.oneof(
    // How much later than the earliest that may come, in minutes.
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 * 24 * 60 }) },
    { weight: 2, arbitrary: fc.record({ hours: fc.constantFrom(1, 12, 24, 2000) }) },
    { weight: 1, arbitrary: fc.constantFrom('restart' as const, 'clock' as const) },
  ),
  { maxLength: 20 },
);

for (const how of ['close', 'early', 'process'] as const) {
  test(`days are those of the date that the zone has, ${how}`, () => {
    const cases = fc.tuple(fc.constantFrom(...ZONES), fc.constantFrom(0, 30 * HOUR_MS), acts);
    fc.assert(
      fc.property(cases, ([timeZone, allowedMs, steps]) => {
        const format = new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'full' });
        const params = { timeZone, allowedMs, ...(how === 'early' && { everyMs: 20 }) };
        const days = daysOf(how === 'process' ? { ...params, how } : params, false);
        let watermark = START_MS;
        days.advanceWatermark(watermark);
        const counts = new Map<string, number>();
        const found = new Map<string, number>();
        const changed = new Set<string>();
        const look = (isByClock: boolean): void => {
          for (const { windowStart, windowEnd, n } of days.emitted()) {
            const name = format.format(windowStart);
            assert.equal(format.format(windowEnd - 1), name);
            assert.equal(n, counts.get(name));
            assert.equal(isByClock, windowEnd > watermark, 'early ones come by the clock');
            if (isByClock) assert.ok(changed.has(name));
            else found.set(name, n);
            changed.delete(name);
          }
        };
        for (const act of steps) {
          if (act === 'restart') days.restart();
          else if (act === 'clock') days.advance(20);
          else if (typeof act === 'object') {
            watermark += act.hours * HOUR_MS;
            days.advanceWatermark(watermark);
          } else {
            const at = watermark - allowedMs + act * 60_000;
            const name = format.format(at);
            counts.set(name, (counts.get(name) ?? 0) + 1);
            changed.add(name);
            days.feed({ key: 1, at }, { at });
          }
          look(act === 'clock');
        }
        days.end();
        watermark = Number.POSITIVE_INFINITY;
        look(false);
        assert.deepEqual(found, new Map([...counts].sort(([one], [other]) => order(found, one, other))));
        assert.deepEqual(days.state.entries(), []);
      }),
      runs(40),
    );
  });
}

/** As they were found: maps are compared with their order. */
const order = (found: Map<string, number>, one: string, other: string): number => {
  const names = [...found.keys()];
  return names.indexOf(one) - names.indexOf(other);
};

test('a time zone that there is not, and days that are none, are typed errors', () => {
  for (const options of [{}, { timeZone: 'Europe/Atlantis' }, { timeZone: 3 }, { timeZone: 'UTC', days: 0 }])
    thrown(() => calendar(options as never), 'BAD_OPTION');
});
