// Goal: the machine's own figures are there and make sense, whatever the machine: nothing is said about how fast it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Machine, machineLines, measureMachine } from '../../bench/machine/machine.ts';
import { fixedMachine } from './fixed-machine.ts';

/** The names of all values, nested ones with dots. */
function pathsOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([name, each]) =>
    typeof each === 'object' ? pathsOf(each, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

test('every figure of this machine is measured', { timeout: 60_000 }, async () => {
  const machine: Machine = await measureMachine('quick');
  assert.deepEqual(pathsOf(machine).sort(), pathsOf(fixedMachine).sort());
  const { cpu, node, loadBefore, wakeUps, copy, ...figures } = machine;
  assert.equal(node, process.version);
  assert.notEqual(cpu, '');
  assert.ok(loadBefore >= 0);
  for (const value of [...Object.values(figures), ...Object.values(copy)]) {
    assert.ok(Number.isFinite(value) && value > 0, String(value));
  }
  for (const [way, { p50Us, p99Us }] of Object.entries(wakeUps)) assert.ok(p50Us > 0 && p99Us >= p50Us, way);
});

test('each figure has a line with its unit', () => {
  const lines = machineLines(fixedMachine);
  const shown = [
    'Test CPU, 2 cores',
    '12.3 M words/s',
    '13.1 µs p50',
    '17.3 µs p50',
    '25.0 µs p50',
    '9.5 GB/s',
    '95 ns',
  ];
  assert.deepEqual(
    shown.map((text) => lines.findIndex((line) => line.includes(text))),
    shown.map((_, i) => i),
  );
});
