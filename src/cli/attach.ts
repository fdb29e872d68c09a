// Asks a running process for its jobs: by its number through its local socket, or by the address of its page or its metrics.
// Promises: an answer that is no report, and none at all, is a typed error that says what to do. Only reads.

import { request } from 'node:http';
import { errors } from '../errors.ts';
import type { JobReport } from '../supervisor/inspect/job-report.ts';
import { socketPath } from '../supervisor/inspect/local-socket.ts';
import { reportsOf } from '../supervisor/inspect/report-json.ts';

const PATIENCE_MS = 5000;
const PATH = '/jobs';

/** What is asked: a process, or a server. */
export type Target = { readonly pid: number } | { readonly url: URL };

export const targetText = (target: Target): string => ('pid' in target ? `process ${target.pid}` : target.url.origin);

async function answerOf(target: Target): Promise<string> {
  const token = process.env.MILLRACE_UI_TOKEN;
  const address =
    'pid' in target
      ? { socketPath: socketPath(target.pid), headers: { host: 'millrace' } }
      : {
          host: target.url.hostname.replace(/^\[|\]$/g, ''),
          port: target.url.port || 80,
          headers: token ? { authorization: `Bearer ${token}` } : {},
        };
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const asked = request({ ...address, path: PATH, agent: false, timeout: PATIENCE_MS }, resolve);
    asked.on('error', reject).on('timeout', () => asked.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    asked.end();
  });
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  if (response.statusCode === 401) throw new Error('it wants a token: set MILLRACE_UI_TOKEN');
  if (response.statusCode !== 200) throw new Error(`it answers ${response.statusCode} ${text.trim().slice(0, 200)}`);
  return text;
}

/**
 * The jobs of a process.
 * @throws MillraceError ATTACH_FAILED
 */
async function jobsAt(target: Target): Promise<readonly JobReport[]> {
  let reports: readonly JobReport[];
  try {
    reports = reportsOf(await answerOf(target));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isNobody = code === 'ENOENT' || code === 'ECONNREFUSED';
    throw errors.attachFailed(targetText(target), isNobody ? `nobody listens there (${code})` : message);
  }
  if (!Array.isArray(reports) || reports.length === 0)
    throw errors.attachFailed(targetText(target), 'none runs there now');
  return reports;
}

/**
 * One job of them: by its name or its run, or the latest.
 * @throws MillraceError ATTACH_FAILED
 */
export async function jobAt(target: Target, name: string | undefined): Promise<JobReport> {
  const reports = await jobsAt(target);
  const found = reports.findLast(({ job, run }) => name === undefined || job === name || run === name);
  if (found === undefined)
    throw errors.noSuchJob(
      targetText(target),
      name as string,
      reports.map(({ job }) => job),
    );
  return found;
}
