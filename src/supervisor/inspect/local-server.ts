// Answers whoever attaches to this process, of the same user on the same machine: one server for all jobs that may be looked at.
// Promises: only reads; the socket is there while such a job is, and is its user's alone; a place where none can be made is told of by
// a notice, and no job fails for it. Keeps no process alive.

import { chmod, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { WatchedJob } from '../dashboard/watched-job.ts';
import { JobReporter } from './job-report.ts';
import { prepareFolder, socketPath } from './local-socket.ts';
import { jsonOf } from './report-json.ts';

const reporters = new Set<JobReporter>();
let server: Promise<Server> | undefined;
/** The server before has gone: its socket is unlinked when it closes, and must not be the next one's. */
let gone: Promise<unknown> = Promise.resolve();

/** What a web page could make a browser send has an Origin, or names a host that is not this. */
const HOST = 'millrace';

async function open(): Promise<Server> {
  const problem = await prepareFolder();
  if (problem !== undefined) throw new Error(problem);
  const path = socketPath(process.pid);
  // One of a process that died under the same number.
  if (process.platform !== 'win32') await unlink(path).catch(() => {});
  const made = createServer(({ method, url, headers }, response) => {
    const isKnown = method === 'GET' && url === '/jobs' && headers.host === HOST && headers.origin === undefined;
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json; charset=utf-8' });
    response.end(isKnown ? jsonOf([...reporters].map((reporter) => reporter.report())) : '[]');
  });
  made.unref();
  await new Promise<void>((resolve, reject) => {
    made.once('error', reject).listen(path, resolve);
  });
  made.on('error', () => {});
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return made;
}

function leave(reporter: JobReporter): void {
  reporters.delete(reporter);
  if (reporters.size > 0) return;
  const last = server;
  server = undefined;
  if (last === undefined) return;
  const close = (open: Server): void => {
    open.close();
    open.closeAllConnections();
  };
  gone = last.then(close, () => {});
}

/**
 * Lets a job be looked at from its start to its end.
 * @param run tells the jobs of the process apart
 * @param told called with why it cannot be
 */
export async function letInspect(job: WatchedJob, run: string, told: (problem: string) => void): Promise<void> {
  const reporter = new JobReporter(job, run);
  reporters.add(reporter);
  job.on('*', ({ type }) => {
    if (type === 'ended') leave(reporter);
  });
  server ??= gone.then(open);
  try {
    await server;
  } catch (error) {
    leave(reporter);
    told(`nobody can attach to this process: ${(error as Error).message}`);
  }
}
