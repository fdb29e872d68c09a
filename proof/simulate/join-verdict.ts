// Whether what has come out of look-up joins is what can have: which row was the latest depends on when things happen, but not anyhow.
// Promises: each tuple comes out once. As of a time the row is the one that was valid then; of those at one time the last of its
// partition, where there is only one. By what has come, the rows that a key's tuples meet come in the order of the key's changes.

import type { LookupCase } from './join-case.ts';
import { Chronicle } from './join-chronicle.ts';
import { isRemoved, lookedUpRow } from './join-steps.ts';
import { grouped } from './time-expected.ts';
import { LATEST_MS, type Result, resultName, type Timed } from './time-steps.ts';

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
  // Of many tuples two may have one digest, but not at one time.
  const nameOf = ({ key, start, digest }: Result): string => `tuple ${digest} of key ${key} at ${start}`;
  const facts = new Set(lefts.map((fact) => nameOf(lookedUpRow(fact, undefined, by))));
  const seen = new Set<string>();
  for (const row of found) {
    const name = nameOf(row);
    if (!facts.has(name)) problems.push(`${name} is none of the left stream`);
    else if (seen.has(name)) problems.push(`${name} came twice`);
    seen.add(name);
  }
  const missing = [...facts].filter((name) => !seen.has(name));
  if (missing.length > 0) problems.push(`${missing.length} tuples of ${facts.size} did not come, as ${missing[0]}`);
  const changes = grouped(
    rights.filter((change) => change[by] !== null),
    (change) => change[by] ?? '',
  );
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
  const chronicle = new Chronicle(changes);
  return own.flatMap(({ key, start: at, end: met }) => {
    const valid = chronicle.latestAt(at);
    // Those of a key come in their order; those of several, in any.
    const possible = join.by === 'key' ? valid.slice(-1) : valid;
    const rows = possible.length === 0 ? [NO_ROW] : possible.map((change) => shownBy(join, change));
    return rows.includes(met) ? [] : [`key ${key} at ${at} met ${met} instead of ${rows.join(' or ')}`];
  });
}

function latestProblems(join: LookupCase, own: readonly Result[], changes: readonly Timed[]): string[] {
  const states = [NO_ROW, ...changes.map((change) => shownBy(join, change))];
  if (join.by === 'mate') {
    const any = new Set(states);
    return own.flatMap(({ key, end }) => (any.has(end) ? [] : [`key ${key} met ${end}, which is no change`]));
  }
  let from = 0;
  for (const { key, start, end } of own) {
    const next = states.indexOf(end, from);
    if (next < 0) return [`key ${key} at ${start} met ${end}, which is no change after those met before`];
    from = next;
  }
  return [];
}

/** Says where windows of a key do not come one after the other. */
export function endsProblems(found: readonly Result[]): string[] {
  return [...grouped(found, (result) => result.key)].flatMap(([key, own]) => {
    // What has no key comes at its own time; windows that end behind all time, at once.
    const ends = key === 'null' ? [] : own.map(({ end }) => Math.min(end, LATEST_MS));
    const early = ends.findIndex((end, i) => i > 0 && end < ends[i - 1]);
    return early > 0 ? [`${resultName(own[early])} came after ${resultName(own[early - 1])}`] : [];
  });
}
