// What `millrace --help` prints.

export const HELP = `millrace run <module> [options] [--param value …]

Runs a flow on worker threads: the default export of the module, or the one flow that it exports.

Options
  --flow NAME      the flow to run, if the module exports several
  --workers N      worker threads (default: as many as the machine runs at once)
  --ring-bytes N   capacity of each ring in bytes (default: 2097152)
  --linger-ms N    longest time that a commit waits for more tuples (default: 0)
  --json           print tuples as {"output":…,"tuple":…}, one a line, and {"metrics":…} at the end
  --verbose        print the stack with an error
  --help           print this
  --version        print the version

Parameters
  Every other --name value (or --name=value) is a parameter that the flow's build function gets: --file a.txt is
  params.file, --max-words 5 is params.maxWords. A bare --name is true. Values that are JSON numbers, true or false
  are converted; everything else is a string. After a lone -- all options are parameters, whatever their names.

Output
  On a terminal: a live table of the operators, and the last tuples of each collect(). Otherwise every tuple goes to
  standard output, a line each with its fields separated by tabs, and progress goes to standard error. With several
  outputs a line begins with the output's name.

  Ctrl-C stops the sources and processes what they have emitted; a second one cancels the job.
  Exit code: 0 done, 1 failed, 2 wrong usage, 130 cancelled.

TypeScript modules run on Node.js 22.18 and newer.
`;
