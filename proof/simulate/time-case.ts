// Random flows in event time as data: the cases of `npm run simulate -- --time`.
// Promises: a case depends on its seed alone.

import { Random } from '../../src/testing/random.ts';
import { type Parallelism, parallelismOf, replicasMax } from './case.ts';
import { type JoinCase, joinCase, joinText } from './join-case.ts';

export interface TimedSource {
  readonly kind: 'generate' | 'array' | 'async' | 'bursts' | 'push';
  readonly tuples: number;
  /** All tuples of a key are of one partition: there are as many keys, or a multiple of it. */
  readonly keys: number;
  readonly ratePerSecond: number | undefined;
  readonly burst: number;
  readonly partitions: number;
  readonly parallelism: Parallelism;
  /** Before tuples have their times: nothing, or an operator that leaves some out, or takes them apart. */
  readonly before: 'nothing' | 'map' | 'filter' | 'flatMap';
  /** When its first tuple is, about. */
  readonly firstMs: number;
  /** By how much a tuple is later than the one before it, about. */
  readonly stepMs: number;
  /** By how much tuples come out of order at most. */
  readonly disorderMs: number;
  readonly outOfOrderMs: number;
  readonly allowedLatenessMs: number;
  /** When a partition is idle that has nothing; undefined for never. What is late then depends on when. */
  readonly idleAfterMs: number | undefined;
  /** Of how many tuples one has a time that cannot be; 0 for none. */
  readonly badEvery: number;
  readonly collectsLate: boolean;
}

interface Asking {
  readonly capacity: number;
  readonly ordered: true | 'key';
}

/** An operator between the sources and those that go by time; tuples of a key stay in order in all of them. */
export type Relay =
  | { readonly kind: 'map'; readonly fuse: boolean; readonly parallelism: Parallelism; readonly poisonEvery: number }
  /** With `leaves` each key has one more tuple at its end, which has the latest time. */
  | { readonly kind: 'process'; readonly parallelism: Parallelism; readonly leaves: boolean }
  | { readonly kind: 'mapAsync'; readonly parallelism: Parallelism; readonly asking: Asking }
  /** Of five tuples so many are left out. */
  | { readonly kind: 'filter'; readonly fuse: boolean; readonly drop: number }
  /** The stream, and beside it one of which all is left out, as one. */
  | { readonly kind: 'dry'; readonly fuse: boolean };

export interface SecondStage {
  readonly by: 'key' | 'all';
  readonly sizeMs: number;
  readonly parallelism: Parallelism;
}

interface WindowCase {
  /** `team` has keys of all sources and partitions: its tuples come in no order. */
  readonly by: 'key' | 'team';
  readonly rows: boolean;
  readonly combine: boolean;
  readonly combineMs: number | undefined;
  readonly emit: 'close' | 'changes';
  readonly parallelism: Parallelism;
  /** Windows of its results. */
  readonly second: SecondStage | undefined;
}

/** A reader of the last stream. */
export type TimedReader =
  | ({
      readonly kind: 'sliced';
      readonly sizeMs: number;
      readonly everyMs: number;
      readonly offsetMs: number;
    } & WindowCase)
  | ({ readonly kind: 'session'; readonly gapMs: number } & WindowCase)
  | {
      readonly kind: 'count';
      readonly size: number;
      readonly every: number;
      readonly rest: boolean;
      readonly rows: boolean;
      readonly parallelism: Parallelism;
    }
  | {
      /** Buckets of time that timers of its own empty; each emits as many echoes, a little later, unless a bucket comes first. */
      readonly kind: 'timers';
      readonly sizeMs: number;
      readonly echoes: number;
      /** Of how many buckets one fails when it is emptied; 0 for none. */
      readonly poisonEvery: number;
      readonly parallelism: Parallelism;
      readonly second: SecondStage | undefined;
    }
  | { readonly kind: 'all' };

export interface TimedFlow {
  readonly seed: number;
  readonly sources: readonly TimedSource[];
  /** So many of the sources, the last ones, are of a second stream, which meets the first one. */
  readonly rights: number;
  /** Of the second stream. */
  readonly rightRelays: readonly Relay[];
  readonly joins: readonly JoinCase[];
  readonly relays: readonly Relay[];
  readonly readers: readonly TimedReader[];
  readonly textBytes: number;
}

export interface TimedCase {
  readonly flow: TimedFlow;
  readonly tight: { readonly ringBytes: number; readonly lingerMs: number } | undefined;
  readonly backup: { readonly everyMs: number; readonly restore: 'ifDamaged' | 'always' } | undefined;
  readonly stopAfterMs: number | undefined;
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one';
  readonly changes: number;
}

const TUPLES_MIN = 10;
const TUPLES_MAX = 300;
const PARTITIONS_MAX = 5;
const RELAYS_MAX = 3;
const STOP_CHANCE = 0.1;

function timedSource(random: Random, allowsLate: boolean, isStopped: boolean): TimedSource {
  const kind = random.weighted<TimedSource['kind']>({ generate: 3, array: 2, async: 2, bursts: 3, push: 2 });
  const tuples = Math.floor(TUPLES_MIN * (TUPLES_MAX / TUPLES_MIN) ** random.next());
  const partitions = isStopped || kind === 'push' || random.chance(0.5) ? 1 : 2 + random.below(PARTITIONS_MAX - 1);
  const keys = Math.ceil(random.pick([1, 3, 10, 30]) / partitions) * partitions;
  const drawn = parallelismOf(random);
  const stepMs = random.pick([1, 3, 10, 10, 40]);
  const disorderMs = random.pick([0, 1, 3, 10]) * stepMs;
  return {
    kind,
    tuples,
    keys,
    ratePerSecond: random.pick([undefined, undefined, 20_000, 2000]),
    burst: random.pick([1, 3, 10, 24]),
    partitions,
    parallelism: partitions === 1 ? 1 : replicasMax(drawn) > partitions ? partitions : drawn,
    before: random.pick(['nothing', 'nothing', 'map', 'filter', 'flatMap']),
    firstMs: random.pick([0, 0, 5, 500, -300]),
    stepMs,
    disorderMs,
    outOfOrderMs: random.pick([0, disorderMs, disorderMs, disorderMs / 2, Number.POSITIVE_INFINITY]),
    allowedLatenessMs: allowsLate ? random.pick([0, stepMs, disorderMs, 10_000]) : 0,
    idleAfterMs: undefined,
    badEvery: random.pick([0, 0, 0, 40]),
    collectsLate: random.chance(0.5),
  };
}

/** The order of a key, which is all that is compared, holds in each. */
const ASKINGS: readonly Asking[] = [1, 4, 64].flatMap((capacity) =>
  ([true, 'key'] as const).map((ordered) => ({ capacity, ordered })),
);

function relay(random: Random): Relay {
  const fuse = random.chance(0.5);
  switch (random.weighted({ map: 3, process: 3, filter: 1, dry: 2, mapAsync: 1 })) {
    case 'map':
      return { kind: 'map', fuse, parallelism: parallelismOf(random), poisonEvery: random.pick([0, 0, 30]) };
    case 'process':
      return { kind: 'process', parallelism: parallelismOf(random), leaves: random.chance(0.2) };
    case 'mapAsync':
      return { kind: 'mapAsync', parallelism: parallelismOf(random), asking: random.pick(ASKINGS) };
    case 'filter':
      return { kind: 'filter', fuse, drop: random.pick([1, 2, 4, 5]) };
    case 'dry':
      return { kind: 'dry', fuse };
  }
}

const secondStage = (random: Random): SecondStage => ({
  by: random.pick(['key', 'all']),
  sizeMs: random.pick([10, 100, 700]),
  parallelism: parallelismOf(random),
});

function timedReader(random: Random, allowsLate: boolean): TimedReader {
  const parallelism = parallelismOf(random);
  const emit = random.pick(['close', 'close', 'changes'] as const);
  const rows = random.chance(0.3);
  const mayBeSecond = !allowsLate && random.chance(0.4);
  const window: WindowCase = {
    by: random.pick(['key', 'team']),
    rows,
    combine: random.chance(0.7),
    combineMs: random.pick([undefined, 0, 1, 20, 1000]),
    emit: rows ? 'close' : emit,
    parallelism,
    second: mayBeSecond && (rows || emit === 'close') ? secondStage(random) : undefined,
  };
  switch (random.weighted({ sliced: 4, session: 3, count: 1, timers: 3, all: 1 })) {
    case 'sliced': {
      const sizeMs = random.pick([10, 100, 120, 1000]);
      const everyMs = random.pick([sizeMs, sizeMs, sizeMs / 2, sizeMs / 5, Math.ceil(sizeMs * 0.7)]);
      return { kind: 'sliced', sizeMs, everyMs, offsetMs: random.pick([0, 0, 3, -7]), ...window };
    }
    case 'session':
      return { kind: 'session', gapMs: random.pick([2, 10, 50, 400]), ...window };
    case 'count': {
      const size = random.pick([1, 3, 6]);
      return { kind: 'count', size, every: random.pick([size, 1]), rest: random.chance(0.5), rows, parallelism };
    }
    case 'timers': {
      const second = mayBeSecond ? secondStage(random) : undefined;
      return {
        kind: 'timers',
        sizeMs: random.pick([10, 100, 500]),
        echoes: random.pick([0, 1, 3]),
        poisonEvery: allowsLate ? 0 : random.pick([0, 0, 2, 7]),
        parallelism,
        second,
      };
    }
    case 'all':
      return { kind: 'all' };
  }
}

/** What there is of a second stream, which meets the first one. */
type Meeting = Pick<TimedFlow, 'sources' | 'rights' | 'rightRelays' | 'joins'>;

/** Few enough tuples for all to meet all. */
const LEFTS_MAX = 100;
const RIGHTS_MAX = 60;

/** As many tuples, of the same partitions, that last about as long. */
function shortened(source: TimedSource, tuplesMax: number): TimedSource {
  const tuples = Math.min(source.tuples, Math.max(source.partitions, Math.floor(tuplesMax)));
  return { ...source, tuples };
}

/** What the right stream does on its way. */
function rightRelay(random: Random): Relay {
  const drawn = relay(random);
  if (drawn.kind === 'process') return { ...drawn, leaves: false };
  return drawn.kind === 'map' ? { ...drawn, poisonEvery: 0 } : drawn;
}

function meeting(seed: number, given: readonly TimedSource[], allowsLate: boolean, isStopped: boolean): Meeting {
  const random = new Random(seed ^ 0x101);
  const isMeeting = random.chance(0.5);
  const idles = random.chance(0.3);
  const withIdle = (source: TimedSource): TimedSource =>
    idles && random.chance(0.7) ? { ...source, idleAfterMs: random.pick([1, 5, 20, 100]), collectsLate: true } : source;
  if (!isMeeting) return { sources: given.map(withIdle), rights: 0, rightRelays: [], joins: [] };
  const lefts = given.map((source) => withIdle(shortened(source, LEFTS_MAX / given.length)));
  const [like] = lefts;
  const rights = Array.from({ length: random.pick([1, 1, 2]) }, (): TimedSource => {
    const drawn = shortened(timedSource(random, allowsLate, isStopped), RIGHTS_MAX);
    const { tuples } = drawn;
    if (random.chance(0.2)) return withIdle(drawn);
    // Mostly they are at the times of the left ones, and have as many keys.
    const stepMs = Math.max(1, Math.round((like.stepMs * like.tuples) / tuples / random.pick([1, 1, 2])));
    const keys = Math.ceil(like.keys / drawn.partitions) * drawn.partitions;
    return withIdle({ ...drawn, keys, stepMs, firstMs: like.firstMs + random.pick([0, 0, 5, -20]) });
  });
  const second = allowsLate ? undefined : secondStage;
  return {
    sources: [...lefts, ...rights],
    rights: rights.length,
    rightRelays: random.chance(0.5) ? [rightRelay(random)] : [],
    joins: Array.from({ length: random.pick([1, 1, 2]) }, () => joinCase(random, second)),
  };
}

export function timedCaseOf(seed: number): TimedCase {
  const random = new Random(seed ^ 0x71e);
  const allowsLate = random.chance(0.35);
  const isStopped = random.chance(STOP_CHANCE);
  const given = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => timedSource(random, allowsLate, isStopped));
  const relays = Array.from({ length: random.below(RELAYS_MAX + 1) }, () => relay(random));
  const readers = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => timedReader(random, allowsLate));
  const isTight = random.chance(0.4);
  const textBytes = random.pick([0, 0, 10, 200]);
  return {
    flow: { seed, ...meeting(seed, given, allowsLate, isStopped), relays, readers, textBytes },
    tight: isTight
      ? { ringBytes: random.pick([1 << 12, 1 << 13, 1 << 14]), lingerMs: random.pick([1, 5, 20, 1000]) }
      : undefined,
    backup: random.chance(0.3)
      ? { everyMs: random.pick([2, 20, 200]), restore: random.pick(['ifDamaged', 'always'] as const) }
      : undefined,
    stopAfterMs: isStopped ? random.next() * 300 : undefined,
    strategy: random.weighted({ one_for_one: 4, one_for_all: 1, rest_for_one: 1 }),
    changes: random.pick([0, 0.05, 0.1, 0.2]),
  };
}

const parallelText = (parallelism: Parallelism): string =>
  typeof parallelism !== 'number'
    ? ` ×${parallelism.min}…${parallelism.start}…${parallelism.max}`
    : parallelism > 1
      ? ` ×${parallelism}`
      : '';

function readerText(reader: TimedReader): string {
  switch (reader.kind) {
    case 'all':
      return 'all';
    case 'count':
      return `count ${reader.size}/${reader.every}${reader.rest ? ' rest' : ''}${parallelText(reader.parallelism)}`;
    case 'timers':
      return `timers ${reader.sizeMs} echoes ${reader.echoes}${parallelText(reader.parallelism)}${secondText(reader.second)}`;
    default: {
      const length = reader.kind === 'session' ? reader.gapMs : `${reader.sizeMs}/${reader.everyMs}+${reader.offsetMs}`;
      const form = reader.rows ? 'rows' : `${reader.combine ? `combined ${reader.combineMs ?? ''}` : 'aggregate'}`;
      return `${reader.kind} ${length} by ${reader.by} ${form} ${reader.emit}${parallelText(reader.parallelism)}${secondText(reader.second)}`;
    }
  }
}

const secondText = (second: SecondStage | undefined): string =>
  second === undefined ? '' : ` → ${second.sizeMs} by ${second.by}${parallelText(second.parallelism)}`;

const sourceText = ({ kind, tuples, keys, partitions, parallelism, before, ...of }: TimedSource): string =>
  `${kind}/${partitions}${parallelText(parallelism)} ${tuples}/${keys} ${before} ${of.stepMs} ms ±${of.disorderMs}, bound ${of.outOfOrderMs}+${of.allowedLatenessMs}${of.idleAfterMs === undefined ? '' : `, idle ${of.idleAfterMs}`}`;

const relayText = (relay: Relay): string =>
  `${'fuse' in relay && relay.fuse ? '+' : ''}${relay.kind}${relay.kind === 'filter' ? ` ${relay.drop}/5` : ''}${'parallelism' in relay ? parallelText(relay.parallelism) : ''}`;

/** One line of a case. */
export function describeTimedCase(seed: number): string {
  const { flow, tight, backup, strategy, stopAfterMs } = timedCaseOf(seed);
  const sources = flow.sources.map(sourceText);
  const lefts = sources.length - flow.rights;
  const joins = flow.joins.map(
    (join) => `${joinText(join)} by ${join.by}${parallelText(join.parallelism)}${secondText(join.second)}`,
  );
  return [
    `(${sources.slice(0, lefts).join('; ')}) → ${[...flow.relays.map(relayText), `(${flow.readers.map(readerText).join('; ')})`].join(' → ')}`,
    flow.rights > 0 &&
      `with (${sources.slice(lefts).join('; ')}) → ${[...flow.rightRelays.map(relayText), `(${joins.join('; ')})`].join(' → ')}`,
    tight && `rings of ${tight.ringBytes}, linger ${tight.lingerMs} ms`,
    backup && `backup ${backup.everyMs} ms ${backup.restore}`,
    strategy !== 'one_for_one' && strategy,
    stopAfterMs !== undefined && 'stopped',
  ]
    .filter((part) => typeof part === 'string')
    .join(', ');
}
