// run(): builds a flow, lets threads start for it, and loads what directs them meanwhile.

import type { FlowDefinition } from '../../flow/dataflow.ts';
import { systemPlatform } from './platform.ts';
import { prepareJob } from './prepared-job.ts';
import { refuseStart } from './refuse-start.ts';
import type { RunOptions } from './run-options.ts';
import type { RunningJob } from './running-job.ts';

export async function runFlow<Params>(flow: FlowDefinition<Params>, options: RunOptions<Params>): Promise<RunningJob> {
  const prepared = await prepareJob(flow, options, systemPlatform);
  const { beginJob } = await import('./begin-job.ts').catch(async (cause) => {
    await prepared.ground.pool.close(prepared.options.fenceTimeoutMs);
    return refuseStart(cause);
  });
  return beginJob(prepared);
}
