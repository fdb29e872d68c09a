// Keyed state as a person browses it: some rows at a time from a key group on, or the row of a key.
// Promises: the owner answers between its transactions, a key group at a time, so no operator stops for whoever browses; values are cut
// and escaped as all that the page shows; what is no key of the operator finds nothing.
// Relies on: nobody asks where the option `ui.state` is off.

import { MillraceError } from '../../errors.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import type { StateEntry } from '../../state/rows/state-reader.ts';
import { isCount } from './action-request.ts';
import { shownTuple } from './shown.ts';
import type { WatchedJob } from './watched-job.ts';

const ROWS_MAX = 50;
/** Groups that are asked for one page: of a state with few keys most are empty. */
const GROUPS_MAX = 256;
const KEY_FIELDS_MAX = 4;
const SKIP_MAX = 1e9;

type Fields = readonly (readonly [string, string])[];

/** Some rows, and where the next ones are. */
export interface StatePage {
  readonly operator: string;
  readonly rows: readonly { readonly group: number | undefined; readonly key: Fields; readonly value: Fields }[];
  /** Undefined if there are no more. */
  readonly next: { readonly group: number; readonly skip: number } | undefined;
}

/** What is looked at: from which row of which group on, or the key as a person types it. */
export interface StateQuestion {
  readonly operator: string;
  readonly group: number;
  readonly skip: number;
  readonly key: readonly string[];
}

/** Reads a question from an address; undefined if it is none. */
export function questionOf(query: URLSearchParams): StateQuestion | undefined {
  const operator = query.get('operator');
  const [group, skip] = ['group', 'skip'].map((name) => Number(query.get(name) ?? 0));
  const key = query.getAll('key');
  if (
    operator === null ||
    !isCount(group) ||
    group >= KEY_GROUPS ||
    !isCount(skip) ||
    skip > SKIP_MAX ||
    key.length > KEY_FIELDS_MAX
  )
    return undefined;
  return { operator, group, skip, key };
}

const shownRow = ({ key, value }: StateEntry, group: number | undefined): StatePage['rows'][number] => ({
  group,
  key: shownTuple(key),
  value: shownTuple(value),
});

/** A page of an operator's state. @throws MillraceError UNKNOWN_NAME */
export async function statePage(job: WatchedJob, question: StateQuestion): Promise<StatePage> {
  const { operator, key } = question;
  if (key.length > 0) {
    const found = await rowOf(job, operator, key);
    return { operator, rows: found === undefined ? [] : [shownRow(found, undefined)], next: undefined };
  }
  const rows: StatePage['rows'][number][] = [];
  let { group, skip } = question;
  for (let asked = 0; group < KEY_GROUPS && rows.length < ROWS_MAX && asked < GROUPS_MAX; asked++) {
    const entries = await job.stateOfGroup(operator, group);
    const taken = entries.slice(skip, skip + ROWS_MAX - rows.length);
    for (const entry of taken) rows.push(shownRow(entry, group));
    skip += taken.length;
    if (skip >= entries.length) {
      group++;
      skip = 0;
    }
  }
  return { operator, rows, next: group < KEY_GROUPS ? { group, skip } : undefined };
}

/** What a text of a key may stand for. */
const readings = (text: string): readonly unknown[] => {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? [text, number] : [text];
};

/** All keys that the texts may stand for. */
const keysOf = (texts: readonly string[]): unknown[][] =>
  texts.reduce<unknown[][]>(
    (keys, text) => keys.flatMap((key) => readings(text).map((reading) => [...key, reading])),
    [[]],
  );

async function rowOf(job: WatchedJob, operator: string, texts: readonly string[]): Promise<StateEntry | undefined> {
  for (const key of keysOf(texts)) {
    try {
      const found = await job.stateOfKey(operator, key);
      if (found !== undefined)
        return { key: Object.fromEntries(key.map((part, i) => [`key ${i}`, part])), value: found };
    } catch (error) {
      // Texts may be numbers, and are no key of the operator then.
      if (!(error instanceof MillraceError) || error.code !== 'BAD_KEY') throw error;
    }
  }
  return undefined;
}
