// Goal: what joins keep of a key goes when the watermark says so, also of a key that never rests.

import { test } from 'node:test';
import { joinForLong, LONG_JOINS } from '../../kit/long-joins.ts';

for (const kind of LONG_JOINS)
  test(`${kind}: as many tuples as come, in as little memory as some take`, () => joinForLong(kind));
