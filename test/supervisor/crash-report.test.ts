// Goal: a crash report as text shows OTP's four fields, the causes and where the fault lies, within a bounded length.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '../../src/errors.ts';
import { renderCrashReport } from '../../src/supervisor/recovery/crash-report.ts';

test('a report with everything: four fields, the chain of causes, the innermost stack', () => {
  const cause = new TypeError('x is not a function');
  cause.stack = `TypeError: x is not a function\n${[1, 2, 3, 4, 5, 6].map((n) => `    at f${n} (flow.js:${n}:1)`).join('\n')}`;
  const text = renderCrashReport({
    supervisor: 'word-count/count',
    context: 'childTerminated',
    reason: errors.operatorFailed('count', 'whale', 'row 3', cause),
    offender: { operator: 'count', replica: 1, worker: 2, position: 'row 3' },
  });
  assert.deepEqual(text.split('\n'), [
    'SUPERVISOR REPORT',
    '    supervisor: word-count/count',
    '    context:    childTerminated',
    `    reason:     OPERATOR_FAILED: operator 'count' failed at row 3, key "whale": x is not a function. Its batch was rolled back`,
    '                caused by TypeError: x is not a function',
    '                    at f1 (flow.js:1:1)',
    '                    at f2 (flow.js:2:1)',
    '                    at f3 (flow.js:3:1)',
    '                    at f4 (flow.js:4:1)',
    '                    at f5 (flow.js:5:1)',
    `    offender:   operator 'count', replica 1, worker 2, at row 3`,
  ]);
});

test('a report of a worker that died with several actors, without a stack', () => {
  const reason = new Error('exit code 1\nkilled');
  reason.stack = undefined;
  const text = renderCrashReport({ supervisor: 'job', context: 'startError', reason, offender: { worker: 0 } });
  assert.deepEqual(text.split('\n'), [
    'SUPERVISOR REPORT',
    '    supervisor: job',
    '    context:    startError',
    '    reason:     Error: exit code 1',
    '                killed',
    '    offender:   worker 0',
  ]);
});

test('causes that are no errors, and causes without end', () => {
  const report = { supervisor: 'job', context: 'escalation', offender: { worker: 0 } } as const;
  assert.match(renderCrashReport({ ...report, reason: new Error('a', { cause: 7 }) }), /Error: a\n +caused by 7\n/);
  const endless = new Error('e'.repeat(10_000));
  endless.cause = endless;
  assert.ok(renderCrashReport({ ...report, reason: endless }).length < 10_000);
});
