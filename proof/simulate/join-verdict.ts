// Whether what has come out of look-up joins is what can have: which row was the latest depends on when things happen, but not anyhow.
// Promises: each tuple comes out once. As of a time the row is the one that was valid then; of those at one time the last of its
// partition, where there is only one. By what has come, the rows that a key's tuples meet come in the order of the key's changes.

import type { LookupCase } from './join-case.ts';
import { isRemoved, lookedUpRow } from './join-steps.ts';
import { grouped } from './time-expected.ts';
import type { Result, Timed } from './time-steps.ts';

const NO_ROW = -1;

/** Says what is wrong, if anything is. */
export function lookupProblems(
  join: LookupCase,
  found: readonly Result[],
  lefts: readonly Timed[],
  rights: readonly Timed[],
): string[] {
  const { by } = join;
  const problems: string[] = [];
  const facts = new Map(lefts.map((fact) => [lookedUpRow(fact, undefined, by).digest, fact]));
  const seen = new Set<number>();
  const changes = grouped(
    rights.filter((change) => change[by] !== null),
    (change) => change[by] ?? '',
  );
  for (const { digest, key } of found) {
    if (!facts.has(digest)) problems.push(`tuple ${digest} of key ${key} is none of the left stream`);
    else if (seen.has(digest)) problems.push(`tuple ${digest} of key ${key} came twice`);
    seen.add(digest);
  }
  if (seen.size < facts.size) problems.push(`${facts.size - seen.size} tuples of ${facts.size} did not come`);
  for (const [key, own] of grouped(found, (row) => row.key)) {
    const ofKey = key === 'null' ? [] : (changes.get(key) ?? []);
    if (join.kind === 'asOf') problems.push(...asOfProblems(join, own, ofKey));
    else problems.push(...latestProblems(join, own, ofKey));
  }
  return problems;
}

/** What a tuple comes with that meets a change. */
const shownBy = ({ by, removesEvery }: LookupCase, change: Timed): number =>
  isRemoved(removesEvery, change) ? NO_ROW : lookedUpRow(change, change, by).end;

function asOfProblems(join: LookupCase, own: readonly Result[], changes: readonly Timed[]): string[] {
  return own.flatMap(({ key, start: at, end: met }) => {
    const before = changes.filter((change) => change.at <= at);
    const latest = before.reduce((most, change) => Math.max(most, change.at), Number.NEGATIVE_INFINITY);
    const valid = before.filter((change) => change.at === latest);
    // Those of a key come in their order; those of several, in any.
    const possible = join.by === 'key' ? valid.slice(-1) : valid;
    const rows = possible.length === 0 ? [NO_ROW] : possible.map((change) => shownBy(join, change));
    return rows.includes(met) ? [] : [`key ${key} at ${at} met ${met} instead of ${rows.join(' or ')}`];
  });
}

function latestProblems(join: LookupCase, own: readonly Result[], changes: readonly Timed[]): string[] {
  const states = [NO_ROW, ...changes.map((change) => shownBy(join, change))];
  if (join.by === 'mate')
    return own.flatMap(({ key, end }) => (states.includes(end) ? [] : [`key ${key} met ${end}, which is no change`]));
  let from = 0;
  for (const { key, start, end } of own) {
    const next = states.indexOf(end, from);
    if (next < 0) return [`key ${key} at ${start} met ${end}, which is no change after those met before`];
    from = next;
  }
  return [];
}
