// What has changed from one state of a job to the next, as the page is told it.
// Promises: page/changes.js makes the later state of the earlier one and this. Equal parts cost nothing on the wire; an array of as
// many objects as before is told by those that have changed.
// Relies on: states hold what JSON can hold, and no null; what is an array does not become an object.

/** A part of a state: what JSON can hold but null; members that are undefined are not there. */
export type Part = string | number | boolean | undefined | readonly Part[] | { readonly [name: string]: Part };

/** Members by name, or by number for an array: the new value, what changed within it, or null for one that has gone. */
export type Change = Part | null | { readonly [name: string]: Change };

type Members = Readonly<Record<string, Part>>;

const isObject = (value: Part): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isArray = (value: Part): value is readonly Part[] => Array.isArray(value);

const isList = (value: Part): value is readonly Members[] =>
  isArray(value) && value.length > 0 && value.every(isObject);

const isEqual = (one: readonly Part[], other: readonly Part[]): boolean =>
  one.length === other.length && one.every((value, index) => changeOf(value, other[index]) === undefined);

/** Undefined if nothing has changed. */
export function changeOf(before: Part, after: Part): Change | undefined {
  if (before === after) return undefined;
  if (isObject(before) && isObject(after)) return changedMembers(before, after);
  if (isArray(before) && isArray(after)) {
    if (before.length === after.length && isList(before) && isList(after))
      return changedMembers(before as unknown as Members, after as unknown as Members);
    return isEqual(before, after) ? undefined : after;
  }
  return after;
}

function changedMembers(before: Members, after: Members): Change | undefined {
  let changes: Record<string, Change> | undefined;
  const tell = (name: string, change: Change): void => {
    changes ??= {};
    changes[name] = change;
  };
  for (const name of Object.keys(after)) {
    const [was, is] = [before[name], after[name]];
    const change = changeOf(was, is);
    if (change !== undefined) tell(name, change);
    else if (is === undefined && was !== undefined) tell(name, null);
  }
  for (const name of Object.keys(before)) if (!(name in after) && before[name] !== undefined) tell(name, null);
  return changes;
}
