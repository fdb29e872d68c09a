// Counts the ways through a graph of states, or finds a circle in it.
// Promises: linear in the number of steps. Counts above 2^53 are rounded.

/**
 * Ways from states without a step to them, to states without a step from them.
 * @returns a circle of states instead, if there is one
 */
export function countWays(
  states: number,
  from: Int32Array,
  to: Int32Array,
  steps: number,
): { count: number; circle: readonly number[] } {
  const firstOf = new Int32Array(states + 1);
  const arriving = new Int32Array(states);
  for (let step = 0; step < steps; step++) {
    firstOf[from[step] + 1]++;
    arriving[to[step]]++;
  }
  for (let state = 0; state < states; state++) firstOf[state + 1] += firstOf[state];
  const next = new Int32Array(steps);
  const filled = firstOf.slice();
  for (let step = 0; step < steps; step++) next[filled[from[step]]++] = to[step];

  const ways = new Float64Array(states);
  const open: number[] = [];
  for (let state = 0; state < states; state++) {
    if (arriving[state] !== 0) continue;
    ways[state] = 1;
    open.push(state);
  }
  let count = 0;
  let done = 0;
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    done++;
    if (firstOf[state] === firstOf[state + 1]) count += ways[state];
    for (let i = firstOf[state]; i < firstOf[state + 1]; i++) {
      ways[next[i]] += ways[state];
      if (--arriving[next[i]] === 0) open.push(next[i]);
    }
  }
  if (done === states) return { count, circle: [] };
  return { count: Number.NaN, circle: findCircle(firstOf, next, arriving) };
}

/** A circle among the states that still have steps to them. */
function findCircle(firstOf: Int32Array, next: Int32Array, arriving: Int32Array): number[] {
  const start = arriving.findIndex((left) => left > 0);
  // Not all such states are in a circle, but each can be reached from one: so the way back ends in one.
  const before = new Map<number, number>();
  for (let state = 0; state < arriving.length; state++) {
    if (arriving[state] === 0) continue;
    for (let i = firstOf[state]; i < firstOf[state + 1]; i++) if (!before.has(next[i])) before.set(next[i], state);
  }
  const place = new Map<number, number>();
  const way: number[] = [];
  let at = start;
  while (!place.has(at)) {
    place.set(at, way.length);
    way.push(at);
    at = before.get(at) as number;
  }
  return way.slice(place.get(at)).reverse();
}
