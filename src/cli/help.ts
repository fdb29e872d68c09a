// What `millrace --help` prints.

export const HELP = `millrace run <module> [options] [--param value …]

Runs a flow on worker threads: the default export of the module, or the one flow that it exports.

Options
  --flow NAME      the flow to run, if the module exports several
  --workers N      worker threads (default: as many as the machine runs at once)
  --ring-bytes N   capacity of each ring in bytes (default: 2097152)
  --linger-ms N    longest time that a commit waits for more tuples (default: 0)
  --json           print tuples as {"output":…,"tuple":…} and dead letters as {"deadLetter":…}, one a line, and
                   {"totals":…,"incidents":…} at the end
  --verbose        print each crash as a supervisor's report, and the stack with an error
  --help           print this
  --version        print the version

  --scaling POLICY         who decides about the replicas of operators that have a range: rate (as many as the load needs),
                           threshold (one more where the hottest is too busy), or manual (default: as they start)
  --scaling-mode MODE      act (default), or plan: decisions are told, and nothing is changed
  --max-workers N          worker threads at most, when operators get more replicas (default: as --workers)
  --spares N               warm worker threads that wait to take over from one that dies (default: 1)
  --hang-timeout-ms N      a worker without progress for so long is terminated and replaced (default: 10000; 0: never)
  --stall-timeout-ms N     a job in which nothing moves for so long, though tuples are there, is told of (default: 3000; 0: never)
  --fence-timeout-ms N     how long a terminated thread may take to exit before the job fails (default: 5000)
  --shutdown-timeout-ms N  how long sources and sinks may take to close at the end (default: 5000)
  --allow-dead-letters     exit code 0 also if tuples were left out

Parameters
  Every other --name value (or --name=value) is a parameter that the flow's build function gets: --file a.txt is
  params.file, --max-words 5 is params.maxWords. A bare --name is true. Values that are JSON numbers, true or false
  are converted; everything else is a string. After a lone -- all options are parameters, whatever their names. Before it,
  a parameter that is spelt like an option but for a slip, and that the flow does not read as it is built, is refused.

Output
  On a terminal that has a width: a live table of the operators, and the last tuples of each collect(). Otherwise every tuple goes to
  standard output, a line each with its fields separated by tabs, and progress goes to standard error. With several
  outputs a line begins with the output's name.

  Decisions about replicas, and what comes of them, are told as they come, with --verbose each hand-over too.

  Crashes, restarts and escalations are told as they happen, above the table or on standard error. Results are as if there had
  been no crash: nothing is lost, and nothing counts twice.

  Ctrl-C stops the sources and processes what they have emitted; a second one cancels the job.

Dead letters
  A tuple at which an operator fails is left out as a dead letter, and the job goes on behind it, unless the operator says
  onError: 'stop' or 'escalate'. The first five are told as they happen, all are counted at the end, and --json prints them all.

Exit code
  0 done, 1 failed, 2 wrong usage, 3 done but for dead letters, 130 cancelled.
  Wrong usage is an option, a module, a flow or a parameter that another command line would put right.

TypeScript modules run on Node.js 22.18 and newer.
`;
