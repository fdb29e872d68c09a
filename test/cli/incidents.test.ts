// Goal: whoever runs a flow from the command line hears of crashes and dead letters, in words and by the exit code, and the
// output lacks nothing but the dead letters.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { flowModule, millrace, type Outcome } from '../kit/command.ts';

const scratch = mkdtempSync(join(tmpdir(), 'millrace-incidents-'));
after(() => rmSync(scratch, { recursive: true }));

const troubled = (...args: readonly string[]): Promise<Outcome> => millrace('run', flowModule('troubled'), ...args);

/** The ids that came out, sorted; each must have come out once. */
function idsOf({ stdout }: Outcome): number[] {
  const ids = stdout.trimEnd().split('\n').map(Number);
  assert.equal(new Set(ids).size, ids.length, 'some tuple came out twice');
  return ids.sort((a, b) => a - b);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

/** Lines of standard error that tell of incidents, without the flow's name and the time. */
const incidentsOf = ({ stderr }: Outcome): string[] =>
  stderr
    .split('\n')
    .map((line) => /^troubled: \d+\.\d s: (?!numbers )(.*)/.exec(line)?.[1] ?? '')
    .filter((line) => line !== '');

test('dead letters: the first five are told, all are counted, and the exit code is 3', async () => {
  const outcome = await troubled('--poison', '50');
  assert.equal(outcome.code, 3, outcome.stderr);
  assert.deepEqual(
    idsOf(outcome),
    numbers(400).filter((id) => id === 0 || id % 50 !== 0),
  );
  const told = incidentsOf(outcome);
  const letters = told.slice(0, 5).map((line) => {
    const [, key] =
      /^dead letter: operator 'check', key (\d+), tuple {"id":\1}: RangeError: \1 is a poison \(row \d+ of .* from 'numbers'\)$/.exec(
        line,
      ) ?? assert.fail(line);
    return Number(key);
  });
  assert.equal(new Set(letters).size, 5);
  assert.deepEqual(told.slice(5), ['dead letters: more are counted, but not shown (--json prints them all)']);
  assert.match(
    outcome.stderr,
    /\ntroubled: done in \d+\.\d s with 7 dead letters\ntroubled: 7 tuples were left out as dead letters: exit code 3, or 0 with --allow-dead-letters\n$/,
  );
});

test('--allow-dead-letters: the exit code is 0', async () => {
  const { code, stderr } = await troubled('--poison', '399', '--allow-dead-letters');
  assert.equal(code, 0);
  assert.match(stderr, /dead letter: operator 'check', key 399/);
  assert.match(stderr, /troubled: done in \d+\.\d s with 1 dead letter\n$/);
});

test('--json prints every dead letter, and the counts at the end', async () => {
  const { code, stdout } = await troubled('--poison', '50', '--json');
  assert.equal(code, 3);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  const letters = lines.filter(({ deadLetter }) => deadLetter !== undefined).map(({ deadLetter }) => deadLetter);
  assert.deepEqual(
    letters.map(({ key }) => key as number).sort((a, b) => a - b),
    [50, 100, 150, 200, 250, 300, 350],
  );
  const first = letters.find(({ key }) => key === 50);
  assert.deepEqual(
    { ...first, replica: 0, position: '' },
    {
      operator: 'check',
      replica: 0,
      key: 50,
      tuple: { id: 50 },
      error: { name: 'RangeError', message: '50 is\na poison' },
      position: '',
    },
  );
  assert.match(first?.position as string, /^row \d+ of the frame at \d+ from 'numbers'$/);
  assert.deepEqual(lines.at(-1)?.incidents, { crashes: 0, restarts: 0, escalations: 0, deadLetters: 7 });
});

test('a worker that dies: crash, restart and recovery are told in this order, and nothing is lost or doubled', async () => {
  const outcome = await troubled('--marker', join(scratch, 'dies'), '--workers', '3');
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(idsOf(outcome), numbers(400));
  const [crash, restart, recovered, ...more] = incidentsOf(outcome);
  const actor = /^crash: worker \d died with the actors '(check\/\d)': worker exited with code: 7$/.exec(crash)?.[1];
  assert.ok(actor, crash);
  assert.match(restart, new RegExp(`^restart: '${actor}' on worker \\d, by supervisor 'troubled/check'$`));
  assert.match(recovered, new RegExp(`^recovered: '${actor}', [\\d.]+ ms after the crash was noticed$`));
  assert.deepEqual(more, []);
  assert.match(outcome.stderr, /troubled: done in \d+\.\d s with 1 crash, 1 restart\n$/);
});

test('--verbose prints supervisor reports with their four fields', async () => {
  const outcome = await troubled('--marker', join(scratch, 'verbose'), '--workers', '3', '--verbose', '--spares', '0');
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(idsOf(outcome), numbers(400));
  assert.match(
    outcome.stderr,
    /\ntroubled: SUPERVISOR REPORT\ntroubled: {5}supervisor: troubled\/check\ntroubled: {5}context: {4}childTerminated\ntroubled: {5}reason: {5}WORKER_DIED: .*\n(?:troubled: {17}.*\n)*troubled: {5}offender: {3}operator 'check', replica \d, worker \d, at .*\n/,
  );
  assert.match(outcome.stderr, /: adoption: worker \d has taken over 'check\/\d', after [\d.]+ ms\n/);
});

test('--hang-timeout-ms ends an endless loop, and half of it is told before', async () => {
  const outcome = await troubled('--marker', join(scratch, 'hangs'), '--hangs', '--hang-timeout-ms', '400');
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(idsOf(outcome), numbers(400));
  const incidents = incidentsOf(outcome);
  const slow = incidents.findIndex((line) => /^slow: worker \d, operator 'check', has been in one call/.test(line));
  const crash = incidents.findIndex((line) =>
    /^crash: worker \d made no progress for 400 ms in operator 'check', and was terminated/.test(line),
  );
  assert.ok(slow >= 0 && crash > slow, outcome.stderr);
});

test('supervisors that give up are told, and the job fails', async () => {
  const { code, stderr } = await troubled('--escalates', '100');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /: crash: operator 'serve' failed at .*, key 100: no service today\. Its batch was rolled back\n/,
  );
  assert.match(stderr, /: escalation: supervisor 'troubled\/check' gave up, and 'troubled' decides\n/);
  assert.match(
    stderr,
    /: escalation: supervisor 'troubled' gave up, and 'millrace' decides\nmillrace: supervisor 'troubled' gave up: .* \[RESTART_INTENSITY\]\n {2}see .*#RESTART_INTENSITY\n$/,
  );
});
