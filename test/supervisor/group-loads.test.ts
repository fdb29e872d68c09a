// Goal: the load of key groups is told in the right proportions, by samples, as recent load, and wherever a group is owned;
// rates tell the hottest groups and what a replica could do.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { between, type GroupShare } from '../../src/index.ts';
import { keyGroupOf, mix32 } from '../../src/mailbox/hash.ts';
import { skewed } from '../kit/flows/scaling.ts';
import { latestRates } from '../kit/readings.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const groupOf = (key: number): number => keyGroupOf(mix32(key));

test('the hottest key group is told with its share, and still after it has changed owners', TIMEOUT, async () => {
  // Every second tuple is of key 7; keys come round in a cycle, which samples must not fall in step with.
  const job = await start(skewed, { params: { keys: 62, hotKey: 7 }, workers: 2, spares: 0 });
  const rates = latestRates(job);
  const hottest = (): GroupShare | undefined => rates().operators.find(({ name }) => name === 'count')?.hotGroups[0];
  const isRight = (): boolean => {
    const { group, share } = hottest() ?? { group: -1, share: 0 };
    return group === groupOf(7) && share > 0.4 && share < 0.6;
  };
  await until(isRight, 'the share of key 7');
  await job.scale('count', 2);
  await job.scale('count', 1);
  await until(isRight, 'the share of key 7 after it moved');
  const count = between('start', job.reading()).operators.find(({ name }) => name === 'count');
  assert.ok((count?.processingRate ?? 0) >= (count?.rateIn ?? 0) && (count?.processingRate ?? 0) > 0);
  await job.cancel();
});

test('load of long ago is forgotten', TIMEOUT, async () => {
  const shiftAt = 400_000;
  const job = await start(skewed, { params: { keys: 64, hotKey: 7, laterKey: 9, shiftAt }, workers: 2, spares: 0 });
  const rates = latestRates(job);
  const hottest = (): number | undefined => rates().operators.find(({ name }) => name === 'count')?.hotGroups[0]?.group;
  await until(() => hottest() === groupOf(7), 'key 7');
  await until(() => hottest() === groupOf(9), 'key 9');
  await job.cancel();
});
