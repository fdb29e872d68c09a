// The order of the page: what a user asks, and the results that answer. A new result is one line here.
// `movesWith` names the machine's own figures that a result follows: on a machine where they differ, so does the result.

/** A figure of the machine, as the page's head names it. */
type MachineFigure = 'single thread' | 'wake-up' | 'copy' | 'random read' | 'cores';

export interface Answer {
  /** Suite and result. */
  readonly of: string;
  /** What was measured. */
  readonly says: string;
  readonly movesWith: readonly MachineFigure[];
}

export interface Question {
  readonly asks: string;
  readonly answers: readonly Answer[];
}

const answer = (of: string, says: string, ...movesWith: MachineFigure[]): Answer => ({ of, says, movesWith });

export const questions: readonly Question[] = [
  {
    asks: 'Is it faster than my loop?',
    answers: [
      answer('word-count/words', 'a book split and counted, 2 threads', 'single thread', 'cores'),
      answer('word-count/process', 'the same word by word, 2 threads', 'single thread', 'wake-up', 'cores'),
      answer('csv-aggregate/records', 'a CSV file to totals of 100 k keys, all cores', 'single thread', 'cores'),
      answer(
        'keyed-count/aggregate-1k',
        'count and sum of 1 k ids by an aggregate, 2 threads',
        'single thread',
        'cores',
      ),
      answer('keyed-count/aggregate-100k', 'the same of 100 k ids', 'random read', 'cores'),
      answer('keyed-count/aggregate-1m', 'the same of 1 M ids', 'random read', 'cores'),
      answer('keyed-count/aggregate-dense-1k', 'of keys 0 to 999', 'single thread', 'cores'),
      answer('keyed-count/aggregate-dense-100k', 'of keys 0 to 99,999', 'random read', 'cores'),
      answer('keyed-count/aggregate-dense-1m', 'of keys 0 to 999,999', 'random read', 'cores'),
      answer('keyed-count/keys-1k', 'tuple by tuple, 1 k ids', 'single thread', 'copy', 'wake-up', 'cores'),
      answer('keyed-count/keys-100k', 'the same of 100 k ids', 'single thread', 'random read', 'cores'),
      answer('keyed-count/keys-1m', 'the same of 1 M ids', 'random read', 'cores'),
      answer('keyed-count/dense-1k', 'of keys 0 to 999', 'single thread', 'copy', 'wake-up', 'cores'),
      answer('keyed-count/dense-100k', 'of keys 0 to 99,999', 'single thread', 'random read', 'cores'),
      answer('keyed-count/dense-1m', 'of keys 0 to 999,999', 'random read', 'cores'),
      answer('csv/bytes', 'lines of a file to tuples, 1 thread', 'single thread'),
      answer('nexmark/q0', 'Nexmark q0: bids of a file pass through to a file', 'single thread', 'cores'),
      answer('nexmark/q1', 'Nexmark q1: with another currency', 'single thread', 'cores'),
      answer('nexmark/q2', 'Nexmark q2: few of them', 'single thread', 'cores'),
      answer('nexmark/q3', 'Nexmark q3: auctions with their sellers', 'single thread', 'cores'),
      answer('nexmark/q4', 'Nexmark q4: averages of winning bids', 'random read', 'cores'),
      answer('nexmark/q5', 'Nexmark q5: the hottest auctions of sliding windows', 'random read', 'cores'),
      answer('nexmark/q6', "Nexmark q6: averages of sellers' last ten", 'random read', 'cores'),
      answer('nexmark/q7', 'Nexmark q7: the highest bids of windows', 'single thread', 'cores'),
      answer('nexmark/q8', 'Nexmark q8: sellers of the window in which they came', 'random read', 'cores'),
      answer('nexmark/q9', 'Nexmark q9: winning bids', 'random read', 'cores'),
      answer('nexmark/q11', 'Nexmark q11: sessions of bidders', 'random read', 'cores'),
      answer('nexmark/q12', 'Nexmark q12: bids of bidders in windows', 'random read', 'cores'),
      answer('nexmark/q13', 'Nexmark q13: bids with a value of a table', 'single thread', 'cores'),
      answer('nexmark/q18', 'Nexmark q18: last bid of each bidder and auction', 'random read', 'cores'),
      answer('nexmark/q19', 'Nexmark q19: the ten best bids of each auction', 'random read', 'cores'),
    ],
  },
  {
    asks: 'Is it faster than messages between threads?',
    answers: [
      answer('mailbox/fixed', 'one hop of three numbers', 'single thread', 'copy'),
      answer('mailbox/word', 'one hop of two numbers, a repeated word', 'single thread', 'copy'),
      answer('mailbox/unique', 'one hop of two numbers, a new string', 'single thread', 'copy'),
    ],
  },
  {
    asks: 'What does state cost as it grows?',
    answers: [
      answer('state/growth-pause-p99', 'a tuple while each brings a new key, p99', 'random read', 'wake-up'),
      answer('state/growth-pause-max', 'the same, the slowest', 'random read', 'wake-up'),
      answer('state/bytes-per-key-number', 'a row of two numbers, over an object in a Map'),
      answer('state/bytes-per-key-string', 'the same with a key of 16 characters'),
    ],
  },
  {
    asks: 'What do windows cost?',
    answers: [
      answer('windows/tumbling', 'windows of ten tuples a key, over no windows', 'random read', 'cores'),
      answer('windows/sliding', 'sixty slices a window, over no windows', 'random read', 'cores'),
      answer('windows/session', 'sessions, over no windows', 'random read', 'cores'),
    ],
  },
  {
    asks: 'How many requests can it await?',
    answers: [
      answer('async/ordered-256', '256 in flight of 5 ms each, in order, 1 thread', 'wake-up', 'single thread'),
      answer('async/unordered-256', 'the same, results as they come', 'wake-up', 'single thread'),
    ],
  },
  {
    asks: 'What do replicas gain that keep the order?',
    answers: [
      answer('ordered/in-order', 'a map of about 20 µs, a replica a core, results in order', 'cores'),
      answer('ordered/in-no-order', 'the same, results as they come', 'cores'),
    ],
  },
  {
    asks: 'How long does one tuple take?',
    answers: [
      answer('latency/idle-3-hops-p50', 'three hops, one tuple at a time, p50', 'wake-up'),
      answer('latency/idle-3-hops-p99', 'the same, p99', 'wake-up'),
      answer('latency/round-trip', 'to one worker and back, one tuple at a time, p50', 'wake-up', 'cores'),
      answer('latency/loaded-p99', 'two hops at 100,000 tuples/s, p99', 'wake-up', 'cores'),
    ],
  },
  {
    asks: 'What do spawned actors cost?',
    answers: [
      answer('actors/tell', '10 tell 10, on both threads', 'single thread', 'copy', 'cores'),
      answer('actors/tell-local', 'the same on one thread', 'single thread', 'copy'),
      answer('actors/ask-p50', 'an ask of the app, one at a time, p50', 'wake-up', 'cores'),
      answer('actors/asks-pipelined', 'asks of the app, 1,000 at a time', 'single thread', 'wake-up'),
      answer('actors/spawn', 'spawned, and answering', 'single thread', 'random read'),
      answer('actors/ring', 'a token round a ring of actors', 'single thread', 'wake-up', 'cores'),
      answer('actors/big', 'all ping all, and are answered', 'single thread', 'copy', 'cores'),
      answer('actors/bank', 'transfers between accounts', 'single thread', 'copy', 'random read', 'cores'),
      answer('actors/timers', 'a timer that fires and is set again', 'single thread', 'random read'),
      answer('actors/timers-late', 'the latest of these timers', 'single thread', 'wake-up', 'cores'),
      answer('actors/memory-100k', 'memory of 100,000 idle actors'),
      answer('actors/memory-1m', 'memory of 1,000,000 idle actors'),
    ],
  },
  {
    asks: 'Does it scale?',
    answers: [
      answer('ranges/lines', 'lines of one file, 2 readers over 1', 'cores'),
      answer('ranges/csv', 'the same of a CSV file', 'cores'),
      answer('ranges/csv-quoted', 'of one with line ends in quotes', 'cores'),
      answer('elasticity/speedup-2', '2 replicas over 1, 2 µs a tuple', 'cores'),
      answer('elasticity/source-speedup-2', 'the same of a source with partitions', 'cores'),
      answer('elasticity/service-bound-16', '16 replicas over 1, waits of 1 ms', 'wake-up', 'cores'),
      answer('elasticity/service-bound-16-took', 'from 1 replica to 16', 'single thread', 'cores'),
      answer(
        'elasticity/scale-out-pause-p99',
        'extra latency while 1 becomes 2, 1 M keys',
        'wake-up',
        'random read',
        'cores',
      ),
      answer('elasticity/scale-out-worst-10ms-p99', 'the worst 10 ms of it', 'wake-up', 'cores'),
      answer('elasticity/half-rate-p99', 'latency before it, p99', 'wake-up', 'cores'),
      answer('elasticity/scale-out-least-10ms', 'tuples in the poorest 10 ms of it', 'wake-up', 'cores'),
      answer('elasticity/scale-out-total', 'from the request to its end', 'wake-up', 'cores'),
      answer('elasticity/hand-over-ms-1k', 'key groups change hands, 1 k keys', 'wake-up'),
      answer('elasticity/hand-over-ms-1m', 'the same, 1 M keys', 'wake-up'),
      answer('elasticity/hand-over-1m-over-1k', 'the latter over the former'),
      answer('elasticity/steps-rate', 'decisions of the policy for a step of load'),
      answer('elasticity/steps-rate-right', 'steps that end with the right number'),
      answer('elasticity/skew', 'hottest over mean load, after a rebalancing'),
      answer('elasticity/skew-before', 'the same before it'),
      answer('elasticity/oscillation', 'changes of replicas while load swings'),
      answer('elasticity/oscillation-flaps', 'those that were soon taken back'),
      answer('elasticity/ramp-p99', 'latency while load ramps tenfold, p99', 'wake-up', 'single thread', 'cores'),
      answer('elasticity/ramp-replicas-max', 'most replicas meanwhile'),
      answer('elasticity/ramp-replicas-end', 'replicas at its end'),
    ],
  },
  {
    asks: 'How long does it take to begin?',
    answers: [
      answer('startup/import', 'the import of the library, over a bare Node.js', 'single thread'),
      answer('startup/run', 'a job of one tuple, from run() to its end', 'single thread', 'cores'),
      answer('startup/cli', 'the command line with such a job, to its exit', 'single thread', 'cores'),
    ],
  },
  {
    asks: 'What does the page of a job cost?',
    answers: [
      answer('dashboard/update', 'an update of 60 operators and 268 replicas, four times a second', 'copy'),
      answer('dashboard/processor', "processor time of the job's process for it", 'single thread'),
      answer('dashboard/first-paint', 'till something is seen in Chromium', 'single thread', 'cores'),
    ],
  },
  {
    asks: 'What does a crash cost?',
    answers: [
      answer('recovery/crash-to-commit-p50', 'from a crash to the next commit, p50', 'wake-up', 'single thread'),
      answer('recovery/crash-to-commit-p99', 'the same, p99', 'wake-up', 'single thread', 'cores'),
      answer('actors/crash', '1,000 actors of a worker that dies answer again', 'wake-up', 'single thread'),
      answer('recovery/throw-p50', 'crash by an exception, p50', 'wake-up', 'single thread'),
      answer('recovery/terminate-p50', 'crash by terminate(), p50', 'wake-up', 'single thread'),
      answer('recovery/exit-p50', 'crash by process.exit(), p50', 'wake-up', 'single thread'),
      answer('recovery/state-size', 'recovery with 1 M keys over 1 k keys'),
      answer('recovery/combining-crash', 'recovery of a source that combines for 10 s over one that does not'),
      answer('recovery/combined-10s-p50', 'crash of a source that combines for 10 s, p50', 'wake-up', 'single thread'),
      answer('recovery/combined-0s-p50', 'the same that holds no batch, p50', 'wake-up', 'single thread'),
      answer('recovery/state-1k', 'recovery with 1 k keys', 'wake-up', 'single thread'),
      answer('recovery/state-10k', 'recovery with 10 k keys', 'wake-up', 'single thread'),
      answer('recovery/state-100k', 'recovery with 100 k keys', 'wake-up', 'single thread'),
      answer('recovery/state-1m', 'recovery with 1 M keys', 'wake-up', 'single thread'),
      answer(
        'recovery/actors-1',
        "worker with one operator killed, to the last one's commit",
        'wake-up',
        'single thread',
      ),
      answer('recovery/actors-1-first', "the same, to the first one's", 'wake-up', 'single thread'),
      answer(
        'recovery/actors-20',
        "worker with 20 operators killed, to the last one's commit",
        'wake-up',
        'single thread',
      ),
      answer('recovery/actors-20-first', "the same, to the first one's", 'wake-up', 'single thread'),
      answer(
        'recovery/actors-60',
        "worker with 60 operators killed, to the last one's commit",
        'wake-up',
        'single thread',
      ),
      answer('recovery/actors-60-first', "the same, to the first one's", 'wake-up', 'single thread'),
      answer('recovery/rate-100k', 'from a crash to a new result, 100 k tuples/s', 'wake-up', 'single thread'),
      answer('recovery/rate-300k', 'the same, 300 k tuples/s', 'wake-up', 'single thread'),
      answer('recovery/rate-1m', 'the same, 1 M tuples/s', 'wake-up', 'single thread'),
      answer('recovery/windows-rate-50k', 'the same of words in windows, 50 k words/s', 'wake-up', 'single thread'),
      answer('recovery/windows-rate-150k', 'the same, 150 k words/s', 'wake-up', 'single thread'),
      answer('recovery/windows-rate-500k', 'the same, 500 k words/s', 'wake-up', 'single thread'),
    ],
  },
  {
    asks: 'What does it cost to be able to recover?',
    answers: [
      answer('actors/transactions', 'actors tell actors, with transactions', 'single thread', 'copy', 'cores'),
      answer('recovery/transactions-overhead-1k', 'with transactions, 1 k keys', 'single thread', 'copy'),
      answer('recovery/transactions-overhead-100k', 'with transactions, 100 k keys', 'random read', 'copy'),
      answer('recovery/backup-overhead', 'with a backup each second, large rings', 'copy', 'random read'),
      answer('recovery/backup-overhead-default-ring', 'with a backup each half of a ring', 'copy', 'random read'),
    ],
  },
  {
    asks: 'Where does the time of a tuple go?',
    answers: [
      answer('micro/encode-fixed', 'three numbers into a frame', 'single thread', 'copy'),
      answer('micro/encode-string', 'a number and a string of 16 characters', 'single thread', 'copy'),
      answer('micro/encode-json', 'a number and a json value', 'single thread'),
      answer('micro/decode-fixed', 'three numbers out of a frame', 'single thread'),
      answer('micro/decode-string', 'a number and a string', 'single thread'),
      answer('micro/decode-json', 'a number and a json value', 'single thread'),
      answer('micro/copy-fixed', 'between fused operators, three numbers', 'single thread'),
      answer('micro/copy-string', 'the same, a number and a string', 'single thread'),
      answer('micro/copy-json', 'the same, a number and a json value', 'single thread'),
      answer('micro/look-up-1k', 'the row of a key, 1 k keys', 'single thread'),
      answer('micro/look-up-1m', 'the same, 1 M keys', 'random read'),
      answer('micro/touch-1k', 'find, save, change a row, 1 k keys', 'single thread'),
      answer('micro/touch-1m', 'the same, 1 M keys', 'random read'),
      answer('micro/commit', 'commit and begin, no tuple in it', 'single thread'),
      answer('micro/wake', 'wake a host and be woken, there and back', 'wake-up'),
    ],
  },
];
