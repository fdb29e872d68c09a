// Makes the next state of the one before and what the server tells of it: see changes.ts beside this folder.
// Promises: the state before stays as it was, and parts without a change are shared.

/**
 * @param {any} before
 * @param {any} change members that have changed, by name or number; null for what has gone; or what stands there now
 * @returns {any}
 */
export function changed(before, change) {
  if (!isPlain(change)) return change;
  if (Array.isArray(before)) {
    const after = [...before];
    for (const [index, member] of Object.entries(change)) after[Number(index)] = changed(before[Number(index)], member);
    return after;
  }
  if (!isPlain(before)) return change;
  const after = { ...before };
  for (const [name, member] of Object.entries(change)) {
    if (member === null) delete after[name];
    else after[name] = changed(before[name], member);
  }
  return after;
}

/** @param {any} value */
const isPlain = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
