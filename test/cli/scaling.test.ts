// Goal: whoever runs a flow from the command line can leave its replicas to a policy, and hears what it decides and does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowModule, MAIN, start } from '../kit/command.ts';

/** Runs a flow that needs more replicas, until a text is seen; its ids must come out once each. */
async function surging(text: string, ...args: readonly string[]): Promise<string[]> {
  const command = start(MAIN, ['run', flowModule('surging'), '--workers', '2', '--max-workers', '4', ...args]);
  await command.seen(text);
  command.interrupt();
  const { code, stdout, stderr } = await command.done;
  assert.equal(code, 0, stderr);
  const ids = stdout.trimEnd().split('\n').map(Number);
  assert.deepEqual(
    ids.sort((a, b) => a - b),
    ids.map((_, id) => id),
  );
  return stderr.split('\n').map((line) => line.replace(/^surging: \d+\.\d s: /, ''));
}

test('--scaling rate: the decision is told, and what comes of it', async () => {
  const lines = await surging(': scaled: ', '--scaling', 'rate');
  const decided = lines.findIndex((line) =>
    /^decision: 'ask' from 1 to [23] replicas: .* a replica of 'ask' does /.test(line),
  );
  const done = lines.findIndex((line) =>
    /^scaled: 'ask' from 1 to [23] replicas, \d+ key groups moved in [\d.]+ ms$/.test(line),
  );
  assert.ok(decided >= 0 && done > decided, lines.join('\n'));
  assert.ok(!lines.some((line) => line.startsWith('hand-over: ')));
});

test('--verbose tells each hand-over', async () => {
  const lines = await surging(': scaled: ', '--scaling', 'threshold', '--verbose');
  assert.ok(lines.some((line) => /^decision: 'ask' from 1 to 2 replicas: .* 70 % is the limit$/.test(line)));
  assert.ok(
    lines.some((line) => /^hand-over: \d+ key groups? from 'ask\/0' to 'ask\/1', in [\d.]+ ms$/.test(line)),
    lines.join('\n'),
  );
});

test('--scaling-mode plan: the plan is told, and nothing is done', async () => {
  const lines = await surging(': plan: ', '--scaling-mode', 'plan');
  assert.ok(lines.some((line) => /^plan: 'ask' from 1 to [23] replicas: /.test(line)));
  assert.ok(!lines.some((line) => /^(scaled|decision|hand-over): /.test(line)));
});
