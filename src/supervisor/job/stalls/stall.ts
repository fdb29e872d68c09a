// Stalls: who waits for whom in a job in which nothing moves, and what to do about it.
// Promises: a pure function of a reading; a job in which anything works, or can be told to go on by itself, is not stalled.
// Relies on: the stream has no cycle but through the app, so every wait ends at somebody who is not waiting for room.

/** What somebody who takes part in the stream is at. */
export type PartState =
  /** It works, or is about to: it is being stepped, started or taken over. */
  | 'working'
  /** It waits for tuples, for a time, or for something outside. */
  | 'idle'
  /** It waits for room in its ring. */
  | 'full'
  /** An output without an iterator. */
  | 'unread'
  /** An output whose iterator nobody has asked for more; dead letters that are read, and not read on. */
  | 'held'
  /** An output whose iterator has been asked for more. */
  | 'asked';

/** An actor, or one of the app's own ends. */
export interface StreamPart {
  /** A bridge is what hands tuples on to actors, or from them: src/flow/bridge.ts. */
  readonly kind: 'source' | 'operator' | 'input' | 'output' | 'bridge' | 'letters';
  readonly name: string;
  /** Undefined if its operator has only one. */
  readonly replica: number | undefined;
  readonly state: PartState;
  /** Of one without room: those who hold the most of its ring, as indices of parts. */
  readonly waitsFor: readonly number[];
}

export interface StreamReading {
  readonly parts: readonly StreamPart[];
  /** True if somebody waits for `job.done`. */
  readonly isDoneAwaited: boolean;
}

/** One wait in a stall. */
export interface StallWait {
  /** Who waits, in words: "operator 'split'". */
  readonly waiter: string;
  /** Whom or what it waits for, in words. */
  readonly waitsFor: string;
}

export interface Diagnosis {
  /** True if nothing can move before the app changes what it does: an output has no iterator. Otherwise the app may be slow. */
  readonly isCertain: boolean;
  /** True if the app waits for this job in one place, and holds it up in another one by reading no further. */
  readonly isCrosswise: boolean;
  readonly reason: string;
  readonly waits: readonly StallWait[];
}

const nameOf = ({ kind, name, replica }: StreamPart): string =>
  kind === 'letters' ? 'job.deadLetters' : `${kind} '${name}${replica === undefined ? '' : `/${replica}`}'`;

/** True if the app's own code does not read on; a bridge waits for actors. */
const isHeldByApp = ({ kind, state }: StreamPart): boolean => state === 'held' && kind !== 'bridge';

interface Edge {
  readonly from: number;
  readonly to: number;
}

/** The waits of those without room, from whoever holds all others up. */
function edgesOf(parts: readonly StreamPart[]): Edge[] {
  const edges = parts.flatMap(({ state, waitsFor }, from) =>
    state === 'full' ? waitsFor.map((to) => ({ from, to })) : [],
  );
  const ordered: Edge[] = [];
  let front = edges.filter(({ to }) => parts[to].state !== 'full');
  while (front.length > 0) {
    ordered.push(...front);
    front = edges.filter((edge) => !ordered.includes(edge) && front.some(({ from }) => from === edge.to));
  }
  return ordered;
}

/** Why a job does not go on; undefined if it does, or has nothing to do. */
export function diagnose({ parts, isDoneAwaited }: StreamReading): Diagnosis | undefined {
  if (parts.some(({ state }) => state === 'working')) return undefined;
  const edges = edgesOf(parts);
  const roots = [...new Set(edges.map(({ to }) => to))].filter((at) => parts[at].state !== 'full');
  // Who is asked for more, and has tuples, is about to give them.
  if (roots.length === 0 || roots.some((at) => parts[at].state === 'asked')) return undefined;
  const unread = roots.filter((at) => parts[at].state === 'unread');
  const asked = parts.filter(({ kind, state }) => kind === 'output' && state === 'asked');
  const pushing = parts.filter(({ kind, state }) => kind === 'input' && state === 'full');
  const texts = roots.map((root) => rootText(parts, root, edges));
  const remedies = [
    ...(unread.length > 0 ? [unreadRemedy(parts, unread, asked)] : []),
    ...(unread.length > 0 && isDoneAwaited ? ['job.done, which is awaited, settles only after that'] : []),
    ...(roots.some((at) => isHeldByApp(parts[at])) ? heldRemedies(pushing, asked) : []),
  ];
  return {
    isCertain: unread.length > 0,
    isCrosswise: pushing.length + asked.length > 0 && roots.every((at) => isHeldByApp(parts[at])),
    reason: [...texts, ...remedies].join('. '),
    waits: edges.map(({ from, to }) => ({ waiter: nameOf(parts[from]), waitsFor: nameOf(parts[to]) })),
  };
}

function rootText(parts: readonly StreamPart[], root: number, edges: readonly Edge[]): string {
  const part = parts[root];
  const { name } = part;
  const said = {
    unread: `output '${name}' is not read: job.output('${name}') has no iterator, its ring is full`,
    held:
      part.kind === 'letters'
        ? 'job.deadLetters has an iterator, which nobody asks for the next letter, and is full'
        : part.kind === 'bridge'
          ? `'${name}' waits for the actors that it tells or asks, and its ring is full`
          : `output '${name}' has an iterator, which nobody asks for the next tuple, and its ring is full`,
    idle: `${nameOf(part)} has tuples that it has not committed, or that its backup does not cover yet`,
  }[part.state as 'unread' | 'held' | 'idle'];
  const seen = new Set([root]);
  const waits: string[] = [];
  for (let front = [root]; front.length > 0; ) {
    const next: number[] = [];
    for (const to of front) {
      const waiters = edges.filter((edge) => edge.to === to && !seen.has(edge.from)).map(({ from }) => from);
      if (waiters.length === 0) continue;
      for (const waiter of waiters) seen.add(waiter);
      next.push(...waiters);
      const names = waiters.map((waiter) => nameOf(parts[waiter])).join(' and ');
      const verb = waits.length > 0 ? '' : waiters.length === 1 ? ' waits' : ' wait';
      waits.push(`${names}${verb} for ${to === root ? 'it' : nameOf(parts[to])}`);
    }
    front = next;
  }
  return `${said}, and ${waits.join(', ')}`;
}

function unreadRemedy(parts: readonly StreamPart[], unread: readonly number[], asked: readonly StreamPart[]): string {
  const names = unread.map((at) => `'${parts[at].name}'`).join(' and ');
  const others = asked.map(({ name }) => `'${name}'`).join(' and ');
  const outputs = parts.filter(({ kind }) => kind === 'output').length;
  if (others !== '')
    return `Output ${others}, which is read, gets nothing till then: read all outputs at the same time, each in a loop of its own, as with Promise.all`;
  const together = outputs > 1 ? ', all outputs at the same time, as with Promise.all' : '';
  return `Iterate over ${names}${together}, or leave the collect out of the flow`;
}

function heldRemedies(pushing: readonly StreamPart[], asked: readonly StreamPart[]): string[] {
  return [
    ...pushing.map(
      ({ name }) =>
        `job.input('${name}').push() waits for room: if the loop that reads awaits it, each waits for the other; push from code of its own`,
    ),
    ...asked.map(
      ({ name }) =>
        `Output '${name}' waits for tuples: if the same code reads both, each needs a loop of its own, as with Promise.all`,
    ),
  ];
}
