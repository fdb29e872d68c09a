// Goal: a machine whose figures are known, for texts that are compared.

import type { Machine } from '../../bench/machine/machine.ts';

export const fixedMachine: Machine = {
  cpu: 'Test CPU',
  cores: 2,
  node: 'v20.0.0',
  memoryBytes: 8 * 2 ** 30,
  loadBefore: 0.25,
  wordsPerSecond: 12_340_000,
  wakeUps: {
    wait: { p50Us: 13.1, p99Us: 40 },
    waitAsync: { p50Us: 17.25, p99Us: 51 },
    postMessage: { p50Us: 25, p99Us: 100.04 },
  },
  copy: { warmBytesPerSecond: 9.5e9, coldBytesPerSecond: 4.25e9 },
  randomReadNs: 95.4,
};
