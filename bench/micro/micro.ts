// Suite `micro`: the parts of what happens to a tuple, one by one, in this thread, measured by tinybench. For those who
// change the library: the other suites say what a user gets.

import type { Effort } from '../effort.ts';
import type { Measurement, Result } from '../harness.ts';
import { commit } from './commit.ts';
import { copy } from './copy.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { states } from './state.ts';
import { measureSubject, type Subject } from './subject.ts';
import { wake } from './wake.ts';

/** Each list is made when it is its turn, so that what it holds does not burden those before it. */
const subjects: readonly (() => Subject | readonly Subject[])[] = [encode, decode, copy, ...states, commit, wake];

export function micro(effort: Effort): Measurement[] {
  return subjects.map((make) => ({
    async measure(progress) {
      const results: Result[] = [];
      for (const subject of [make()].flat()) results.push(await measureSubject(subject, effort, progress));
      return results;
    },
  }));
}
