// Begins a job on its ground: pages and observers first, which are to miss nothing, then its workers.

import { Pages } from '../dashboard/pages.ts';
import { letInspect } from '../inspect/local-server.ts';
import { observe } from '../telemetry/open-telemetry.ts';
import { publishing } from './events/diagnostics.ts';
import { logging, noticesTo } from './events/event-log.ts';
import { Notices } from './notices/notices.ts';
import { systemPlatform } from './platform.ts';
import type { PreparedJob } from './prepared-job.ts';
import { RunningJob } from './running-job.ts';

export async function beginJob({ flow, plan, options, platform, ground, run }: PreparedJob): Promise<RunningJob> {
  const { ui, metrics, system, inspect, notices, logger, fenceTimeoutMs } = options;
  let pages: Pages | undefined;
  let job: RunningJob | undefined;
  try {
    if (ui !== undefined || metrics !== undefined) pages = await Pages.open({ ui, metrics, system });
    job = new RunningJob(flow, plan, options, platform, ground, pages?.urls);
    job.on('*', publishing(flow.name, run));
    if (logger !== undefined) job.on('*', logging(logger, flow.name));
    // A simulated platform waits for nothing that is outside of it.
    if (platform === systemPlatform) await observe(job, run, flow.isTraced === true);
    if (platform === systemPlatform && (inspect ?? process.env.MILLRACE_INSPECT === '1'))
      await letInspect(job, run, (problem) =>
        new Notices(flow.name, noticesTo(notices, logger)).tell('inspect', problem),
      );
    const serve = await pages?.watch(job, run);
    await job.start();
    serve?.();
    return job;
  } catch (error) {
    pages?.close();
    if (job === undefined) await ground.pool.close(fenceTimeoutMs);
    throw error;
  }
}
