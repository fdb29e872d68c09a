// What a machine is called in tables and plots.

import { availableParallelism, cpus } from 'node:os';

export interface MachineName {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
}

export const machineName = (): MachineName => ({
  cpu: cpus()[0]?.model.trim() || 'unknown processor',
  cores: availableParallelism(),
  node: process.version,
});

/** In words. */
export const machineOf = ({ cpu, cores, node }: MachineName): string => `${cpu}, ${cores} cores, Node ${node}`;
