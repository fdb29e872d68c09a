// job.profile(): what the thread of a replica spends its time on.
// Promises: a profile of the whole span, or a typed error; the job goes on as without.

import { errors } from '../../errors.ts';
import { stageName } from '../../flow/plan.ts';
import { checkOptions } from '../../options/check.ts';
import { integer } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { type CpuProfile, takeProfile } from '../../workers/cpu-profile.ts';
import { isGone } from '../../workers/remote-calls.ts';
import type { JobContext } from '../job-context.ts';

const MS_MIN = 10;
const MS_MAX = 60_000;
const MS_DEFAULT = 1000;
const REPLICAS_MAX = 1023;

export const PROFILE_OPTIONS = {
  /** How long: milliseconds, an integer from 10 to 60000. Default: 1,000. */
  ms: integer({ help: 'how long', unit: 'milliseconds, an integer', from: MS_MIN, to: MS_MAX, default: MS_DEFAULT }),
  /** Which replica: an integer from 0 to 1023. Default: the first that has a part in the stream. */
  replica: integer({
    help: 'which replica',
    from: 0,
    to: REPLICAS_MAX,
    defaultText: 'the first that has a part in the stream',
  }),
};

/** What of an operator is profiled, and for how long. See docs/readings.md#profile. */
export interface ProfileOptions extends Given<typeof PROFILE_OPTIONS> {}

/** @throws MillraceError UNKNOWN_NAME, BAD_OPTION, PROFILE_FAILED */
export async function profileOf(job: JobContext, operator: string, options: ProfileOptions = {}): Promise<CpuProfile> {
  const { ms, replica } = checkOptions('job.profile()', PROFILE_OPTIONS, options);
  const { plan, roster } = job;
  const stage = plan.stages.find(({ operators }) => operators.some(({ name }) => name === operator));
  if (stage === undefined)
    throw errors.unknownName(
      'operator',
      operator,
      plan.graph.operators.map(({ name }) => name),
    );
  if (job.isOver()) throw errors.profileFailed(operator, 'the job has ended');
  if (stage.place === 'app') return takeProfile(ms);
  const enlisted = roster.enlisted(stage);
  const found = enlisted.find((each) => replica === undefined || each.replica === replica);
  if (found === undefined)
    throw errors.unknownName(
      `replica of '${stageName(stage)}'`,
      String(replica),
      enlisted.map((each) => String(each.replica)),
    );
  if (found.worker === undefined || found.isEnded)
    throw errors.profileFailed(operator, found.isEnded ? 'it has ended' : 'no worker hosts it now');
  try {
    return await found.worker.hired.control.profile(ms);
  } catch (error) {
    throw isGone(error) ? errors.profileFailed(operator, 'its thread ended meanwhile', error.cause) : error;
  }
}
