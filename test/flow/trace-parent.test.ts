// Goal: what the W3C recommendation calls a traceparent is one, and nothing else is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSampled, traceParentOf } from '../../src/flow/traces/trace-parent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a traceparent is read; later versions may have more behind', () => {
  const flags = 1;
  assert.deepEqual(traceParentOf(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, flags });
  assert.deepEqual(traceParentOf(`cc-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, flags });
  assert.deepEqual(traceParentOf(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`), {
    traceId: TRACE,
    spanId: SPAN,
    flags,
  });
});

test('only the lowest bit says that a trace is sampled', () => {
  const sampled = (flags: string): boolean | undefined => {
    const context = traceParentOf(`00-${TRACE}-${SPAN}-${flags}`);
    return context && isSampled(context);
  };
  assert.deepEqual(['00', '01', '02', '03', 'ff'].map(sampled), [false, true, false, true, true]);
});

for (const [what, text] of Object.entries({
  'no text': 17,
  nothing: '',
  words: 'not a context',
  'a trace of zeros': `00-${'0'.repeat(32)}-${SPAN}-01`,
  'a span of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
  'capital letters': `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  'version ff': `ff-${TRACE}-${SPAN}-01`,
  'version 00 with more behind': `00-${TRACE}-${SPAN}-01-more`,
  'a later version with more at once behind': `cc-${TRACE}-${SPAN}-01.more`,
  'a trace that is too short': `00-${TRACE.slice(1)}-${SPAN}-01`,
  'a span that is too long': `00-${TRACE}-${SPAN}0-01`,
  'flags that are none': `00-${TRACE}-${SPAN}-0x`,
  'a space before': ` 00-${TRACE}-${SPAN}-01`,
  'a line break behind': `00-${TRACE}-${SPAN}-01\n`,
}))
  test(`${what}: no context`, () => assert.equal(traceParentOf(text), undefined));
