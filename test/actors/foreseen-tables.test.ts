// Goal: looking ahead in tables changes nothing but time: with state large enough for it, tables keyed by fields of the input
// and others end as Maps do, in one arena and in four.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { foreseen, foreseenTuple } from '../kit/flows/foreseen.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { noThreadLeft, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

function countsByLoop(count: number, ids: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const { share, id, level, isOpen, name } = foreseenTuple(index, ids);
    const keys = {
      byId: id,
      byLevel: level,
      byPair: `${id} ${isOpen}`,
      byName: name,
      byOther: id / 2,
      byHalf: id >>> 1,
    };
    for (const [table, key] of Object.entries(keys)) {
      const name = `${table} ${share} ${key}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

for (const { parallelism, stateBytes } of [
  { parallelism: 1, stateBytes: undefined },
  { parallelism: 3, stateBytes: undefined },
  { parallelism: 2, stateBytes: 8 * 2 ** 30 },
]) {
  const arenas = stateBytes === undefined ? 'one arena' : 'four arenas';
  test(`tables end as Maps do, with parallelism ${parallelism} and ${arenas}`, TIMEOUT, async () => {
    const params = { count: shortOrLong(40_000, 120_000), ids: shortOrLong(15_000, 40_000), parallelism };
    const job = await foreseen.run({ params, workers: 2, ...(stateBytes && { stateBytes }) });
    const counts = new Map<string, number>();
    for await (const { table, share, key, count } of job.output('counts'))
      counts.set(`${table} ${share} ${key}`, count);
    await job.done;
    // As many entries as a deepEqual() of Maps would take seconds for.
    const expected = countsByLoop(params.count, params.ids);
    const wrong = [...expected].filter(([name, count]) => counts.get(name) !== count);
    assert.deepEqual(wrong, []);
    assert.equal(counts.size, expected.size);
  });
}
