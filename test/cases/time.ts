// Kinds of fault that other stream processors had with time, windows, joins, timers and what is awaited, and ten rules for the design
// that follow from them: which tests have each. Their number is that of the list that they are from.
// Promises: time.test.ts finds each of the tests, by the file and how its title begins.

export interface Case {
  readonly number: number;
  /** What went wrong, or what holds. */
  readonly what: string;
  /** A file below `test/`, and titles of tests in it, or how these begin; `{name}` is what differs in several of one title. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

export const DECISIONS: readonly Case[] = [
  {
    number: 1,
    what: 'what comes back from a silence is judged by the time that went on without it',
    tests: {
      'supervisor/idle-sources': [
        'windows close without a source that is idle, and what comes there later may be late',
        'of a source that may be as late as it likes nothing is late, though it falls silent',
      ],
    },
  },
  {
    number: 2,
    what: 'one watermark an input, kept, and -Infinity until it has spoken; idle, ended and held up are three things',
    tests: {
      'flow/event-time': ['a source without news holds time back, from the first on, whatever happens to the others'],
      'supervisor/time-readings': ['watermark, lag, late tuples, and an input that is idle, comes back, and ends'],
    },
  },
  {
    number: 3,
    what: 'idle is who was asked and had nothing',
    tests: {
      'supervisor/idle-sources': ['a source of '],
      'supervisor/time-readings': ['an input that waits for room is held, and not idle'],
    },
  },
  {
    number: 4,
    what: 'time travels with dry inputs, and not before what is held',
    tests: {
      'flow/windows/cases': ['a stream of which all is dropped carries time on'],
      'actors/event-time': ['combined rows of a batch take several frames, and only the last one says what time it is'],
      'flow/aggregates/combiner': ['rows come in the order of time, and how far it has come is told between them'],
    },
  },
  {
    number: 5,
    what: 'firing, timer, state and watermark are one commit; sweeps yield and go on',
    tests: {
      'actors/timers': ['timers fire in batches that die at any store'],
      'flow/time-cases': ['windows of many keys end at one watermark, in many batches; a worker that dies on the way'],
    },
  },
  {
    number: 6,
    what: 'timers are rows of the transaction, seen at once, in order of time',
    tests: {
      'testing/timers': ['timers of random orders fire as a naive model says'],
      'actors/timers': ['timers move with their key groups, and back, while actors die'],
    },
  },
  {
    number: 7,
    what: 'aggregates are monoids: of parts comes what comes of all',
    tests: {
      'flow/windows/combined': ['combined and not, the windows are those of a loop over all items'],
      'flow/aggregates/results': ['aggregates of random tuples: as a naive model says, combined and not'],
      'flow/aggregates/failures': ['an object that two keys share is refused'],
      'flow/windows/cases': ['a window takes no NaN along from the one before: nothing is subtracted'],
    },
  },
  {
    number: 8,
    what: 'what is emitted again says what it replaces, and is never in the future',
    tests: {
      'flow/windows/cases': ['a late tuple joins two sessions that have been given, and the one row replaces both'],
      'flow/windows/early': ['early results are not late for windows behind, nor ahead of their own tuples'],
    },
  },
  {
    number: 9,
    what: 'what is awaited has one outcome each, and the input stands at the oldest',
    tests: {
      'async/results': ['killed with requests in flight ('],
      'async/key-order': ['a restart with requests that wait for their key asks again, and nothing comes twice'],
    },
  },
  {
    number: 10,
    what: 'nothing vanishes, and nothing is silently without effect',
    tests: {
      'flow/side-outputs': [
        'a million tuples for nobody are counted, and have no ring',
        'a name that was not declared: where the flow is built, and where a closure emits',
      ],
      'proof/chaos-time': ['a run in which all is well is blamed for nothing'],
    },
  },
];

export const KINDS: readonly Case[] = [
  {
    number: 2,
    what: 'a partition that was held up counted as idle',
    tests: {
      'flow/event-time': ['what is held up is not late: back-pressure, hand-overs, a worker that dies; idle after '],
      'supervisor/pauses': ['a process that was stopped for a while has no source that is idle because of that'],
      'supervisor/idle-sources': ['a source of '],
    },
  },
  {
    number: 3,
    what: 'one clock that was ahead carried time away',
    tests: {
      'flow/event-time': [
        'a clock that is 300 years ahead is left out, and carries nothing away: ',
        'without a bound all that follows is late, and the years cost nothing: ',
      ],
      'flow/windows/cases': ['a jump of time costs by the windows that there are: also behind it'],
    },
  },
  {
    number: 4,
    what: 'time was the least of the sources with news',
    tests: {
      'flow/event-time': ['a source without news holds time back, from the first on, whatever happens to the others'],
      'flow/windows/cases': ['nothing fires before the slowest of three sources has come there'],
    },
  },
  {
    number: 5,
    what: 'replicas without a partition, and streams of which all was dropped, sent no time',
    tests: {
      'flow/event-time': ['windows close while the job runs, behind dry streams, and whatever replicas there are'],
      'flow/windows/cases': ['a stream of which all is dropped carries time on'],
    },
  },
  {
    number: 6,
    what: 'the end of a source that was idle was swallowed',
    tests: {
      'flow/time-siblings': ['who waits for the end of time speaks once, though the inputs are idle when '],
      'supervisor/idle-sources': ['the end of sources of which one, or all, are idle closes what is open, once'],
      'flow/event-time': ['a source that ends at once holds nothing back; '],
    },
  },
  {
    number: 7,
    what: 'the stream fell silent, and the last window waited',
    tests: {
      'supervisor/time-readings': ['if all inputs are idle time stands still, and the reading says why'],
      'flow/windows/early': ['a change shows after everyMs at the latest'],
    },
  },
  {
    number: 9,
    what: 'the bound was taken off twice; equality was treated in two ways',
    tests: {
      'flow/windows/cases': [
        'a bound is taken off once, and what is equal to the watermark is on time',
        'a window behind a window judges nothing again',
      ],
    },
  },
  {
    number: 11,
    what: 'late tuples vanished without a trace',
    tests: {
      'supervisor/windows': ['{name}, while replicas change and workers die'],
      'supervisor/time-readings': ['watermark, lag, late tuples, and an input that is idle, comes back, and ends'],
      'proof/chaos-time': ['finds {fault}'],
    },
  },
  {
    number: 12,
    what: 'a negative time went to a window behind it',
    tests: {
      'flow/windows/cases': ['windows before 1970 begin at or before their tuples, and close at their end'],
      'flow/event-time': ['windows before 1970 close at their ends, in order'],
      'flow/windows/sliced': ['{name} windows, aggregated, emitted at '],
    },
  },
  {
    number: 13,
    what: 'a step that does not divide the size put tuples in one window too many',
    tests: { 'flow/windows/cases': ['a step that does not divide the size puts a tuple in the windows that have it'] },
  },
  {
    number: 15,
    what: 'days of a time zone have 23 and 25 hours',
    tests: {
      'flow/windows/calendar': [
        'days in Berlin where the clocks change have 23 and 25 hours, and each tuple is in one',
        'days where clocks change by half an hour, at midnight, and where a day is left out',
        'a time zone that there is not, and days that are none, are typed errors',
      ],
    },
  },
  {
    number: 17,
    what: 'the end of a session was inclusive here, and exclusive there',
    tests: { 'flow/windows/cases': ['a session ends the gap after its last tuple: exactly there another begins'] },
  },
  {
    number: 18,
    what: 'merged sessions lost their early results, or gave them twice',
    tests: {
      'flow/windows/early': ['early results of sessions go on after each merge and restart'],
      'flow/windows/cases': ['sessions with changes: each merge gives the whole session'],
    },
  },
  {
    number: 19,
    what: 'a window of counts spoke at the tuple after its last, and kept its rows',
    tests: {
      'flow/time-cases': [
        'windows of {size} each {every}: at the last tuple',
        'windows of counts of many keys leave no row',
      ],
    },
  },
  {
    number: 22,
    what: 'timers fired out of order, or before their time',
    tests: {
      'flow/event-time': [
        'timers of a key come in the order of time, those set on the way included',
        'a timer is due as soon as time has come to it, not before, and never before what has set it',
      ],
      'testing/timers': ['a timer that sets itself again for now, again and again, is told of'],
    },
  },
  {
    number: 23,
    what: 'after a pause a timer fired for each of its times, and state expired for the time that nobody ran',
    tests: {
      'supervisor/pauses': [
        'timers after a pause',
        'a row whose time is over by the clock is not seen by what waited behind the pause',
      ],
      'flow/time-to-live': ['a tuple after that finds none, also while the timer has not come by'],
    },
  },
  {
    number: 24,
    what: 'what was cleaned up at the moment of a timer was gone for it; all windows ended at once',
    tests: {
      'flow/time-cases': [
        'a timer at the very end of a time to live sees the state, and what it writes lives on',
        'windows of many keys end at one watermark, in many batches',
      ],
      'flow/time-siblings': ['a timer of two inputs at the very end of a time to live sees the state'],
      'flow/time-to-live': ['a row for which a timer is still to fire does not expire before'],
    },
  },
  {
    number: 25,
    what: 'outer joins said that there was no match, and then gave it',
    tests: {
      'flow/joins/joins': [
        'interval join: pairs at once, what has no mate when none can come, nothing kept',
        'many rows without a mate that are due at once: each comes out once, whatever is restarted between',
      ],
      'flow/joins/window-joins': ['{name}: all pairs of a window when it closes, and what has no mate in it'],
      'flow/joins/connect': ['a stream is joined with itself'],
      'proof/join-mutants': ['it is found that rows are kept after their time'],
    },
  },
  {
    number: 27,
    what: 'rows whose key is null were left out of outer joins',
    tests: {
      'flow/time-siblings': [
        'null meets nothing, NaN meets NaN, and -0 meets 0, in every join: keys of ',
        'what is one key to joins is one to windows, deduplicate and counts of different values',
      ],
      'flow/joins/connect': ['what cannot meet is told of'],
    },
  },
  {
    number: 29,
    what: 'copies of a table differed between replicas',
    tests: {
      'flow/joins/table-lookup': [
        'replicas that come and go, ',
        'workers killed, ',
        'a share that gets its first tuple when the table is complete, in the same actor',
      ],
    },
  },
  {
    number: 30,
    what: 'a sum failed here, and wrapped there',
    tests: {
      'flow/aggregates/numerics': [
        'sums of doubles near 2^53, with terms that cancel, and of small beside large ones',
        'sums of integers beyond 32 bits, and exactly beyond 2^53',
        'an exact sum that does not fit its type in the end is an error, in every path the same',
      ],
    },
  },
  {
    number: 32,
    what: 'extremes depended on where NaN came; of nothing came a sentinel',
    tests: {
      'flow/aggregates/numerics': [
        'extremes do not depend on where NaN, -0 and infinities come',
        'of an optional field that never has a value, results are null, 0 or empty, and never a sentinel',
        'a mean is that of all values, and not one of means',
      ],
      'flow/windows/cases': ['extremes of a window are empty, and not a sentinel, if all its values are; its sum is 0'],
    },
  },
  {
    number: 34,
    what: 'sketches that were merged counted far off',
    tests: {
      'flow/aggregates/numerics': [
        'counts of different values: exact if few, within the stated error if many, merged in any order',
        'quantiles: within the stated error for every cutting, exact at both ends',
        'a sketch has a bound, and within it the stated error, however small that is',
      ],
      'flow/windows/aggregates': ['{what}: the same in each window, and when state is taken up anew'],
    },
  },
  {
    number: 35,
    what: 'time went past what the combiner held',
    tests: {
      'flow/time-cases': [
        'what is combined leaves with the watermark that passes it, though nothing more comes',
        'of parts, some of which are rolled back, comes what comes of the tuples one by one',
      ],
      'flow/aggregates/combiner': [
        'a table that is full hands on tuples of new keys, and combines those that it has',
        'what is discarded leaves nothing behind',
      ],
      'flow/aggregates/results': ['first, last and collect go by the order of one writer'],
    },
  },
  {
    number: 37,
    what: 'deduplication kept all keys, or which one stayed was chance',
    tests: {
      'flow/thinning/thinning': [
        'deduplicate: the first to come stays, and its state goes with the watermark',
        'deduplicate: a tuple at the very distance passes',
      ],
      'flow/joins/jobs': ['deduplicate and throttle, {name}'],
    },
  },
  {
    number: 38,
    what: 'throttles lost the last value; samples differed from run to run',
    tests: {
      'flow/thinning/thinning': [
        'throttle, {edge}: by the order of times, whatever the order of coming',
        'a sample is the same with any number of replicas, and another with another seed',
      ],
    },
  },
  {
    number: 39,
    what: 'what was written to an undeclared output vanished; one slow consumer held up all without a word',
    tests: {
      'flow/side-outputs': [
        'a name that was not declared: where the flow is built, and where a closure emits',
        'outputs that cannot be',
        'a million tuples for nobody are counted, and have no ring',
        'an output that is read too slowly holds its operator up, and figures say which one',
        'exactly once on threads, while workers are killed and tuples fail',
      ],
    },
  },
  {
    number: 41,
    what: 'recovery had one request more than fits; slow requests kept commits from going through',
    tests: {
      'async/results': [
        'killed with requests in flight (',
        'replicas are enlisted and retired with requests in flight',
      ],
      'async/failures': ['a request that never settles is no hang, and holds up no other operator; '],
    },
  },
  {
    number: 42,
    what: 'the last results were lost; time overtook what was in flight',
    tests: {
      'async/results': [
        'ordered: false lets results leave as they come',
        'flatMapAsync gives all tuples of an iterable',
      ],
      'async/simulate': ['ordered: {ordered}, replicas: '],
      'flow/time-siblings': ['who waits for the end of time speaks once, though the inputs are idle when '],
    },
  },
  {
    number: 43,
    what: 'parallel requests swapped two tuples of a key',
    tests: {
      'async/key-order': [
        '{name}, {failing} fail: one result each, in the order of its key',
        'a hot key, capacity {capacity}: one request of it at a time',
        'other keys do not wait for a slow one, and it leaves them their share of capacity',
      ],
      'flow/ordered': [
        'what comes out is what a plain loop makes, in its order',
        'the slow tuples of one replica hold the others up, and nothing stands still, in the smallest rings',
      ],
    },
  },
  {
    number: 45,
    what: 'options that could not work were taken, and bad times crashed the job again and again',
    tests: {
      'flow/windows/cases': [
        'what is no window, and windows where there is no event time, are typed errors',
        'one tuple of a clock that is far ahead fails, and the others stay on time',
      ],
      'flow/windows/refused-windows': ['what no function has made is BAD_OPTION, and the text names the mistake'],
      'flow/aggregates/failures': ["a promise that '{part}' of a custom aggregate returns fails the job"],
      'flow/event-time': ['nothing is late that may be as late as it likes, though years lie between'],
      'supervisor/idle-sources': [
        'of a source that may be as late as it likes nothing is late, though it falls silent',
      ],
      'supervisor/time-readings': ['{what}, taken for milliseconds: '],
    },
  },
];
