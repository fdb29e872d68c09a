// Goal: each kind of fault that other pages and exporters had, by the number of its report, has tests here; a test that is renamed or
// goes is missed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Case {
  readonly report: number;
  readonly kind: string;
  /** Titles, by the files of test/. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

const CASES: readonly Case[] = [
  {
    report: 39,
    kind: 'labels that break the text for Prometheus, and series without bound',
    tests: {
      'supervisor/dashboard/metrics.test.ts': [
        'names that hold quotes, backslashes, line breaks and 10 kB are labels that parse',
        'series stay the same and counters grow, through crashes, failures and changes of replicas',
      ],
    },
  },
  {
    report: 41,
    kind: 'metrics of short runs that never arrive, and collectors that are away',
    tests: {
      'cli/telemetry.test.ts': [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the title as it is written
        'final values arrive once: ${how}',
        'a collector that is away changes nothing',
        'a collector that never answers delays the end by 2 s at most',
      ],
      'supervisor/telemetry.test.ts': [
        'crashes, recoveries and changes of replicas are spans; final values come once',
        'more tuples of sampled traces than a second may have are counted, and not told of',
      ],
    },
  },
  {
    report: 42,
    kind: 'other pages that act and read, by plain requests or by names that lead to loopback',
    tests: {
      'supervisor/dashboard/guard.test.ts': [
        'an address or localhost at the port is called by its name, and nothing else is',
        'an origin is our own or there is none',
        'any name but ours is refused',
        'an action is a POST of JSON with the token',
        'where other machines can reach it, reading takes the token too',
      ],
      'supervisor/dashboard/server.test.ts': [
        'no path answers another host or another origin',
        'at [::1] the same holds as at 127.0.0.1',
        'without a token nothing acts',
        'with the token the page scales, spreads, moves and kills; each wrong request does nothing',
      ],
      'supervisor/dashboard/metrics.test.ts': ['a token that is given is asked for; another page is refused'],
    },
  },
  {
    report: 44,
    kind: "streams that use up a browser's connections, and pages that do not come back",
    tests: {
      'supervisor/dashboard/browser.test.ts': ['eight tabs are all live, and come back to the next job at the port'],
      'supervisor/dashboard/server.test.ts': [
        'readers that take nothing, and those that vanish, hold nothing up; there are so many at most',
        'a reader hears of a crash, of its recovery, and of the end; then the server is gone',
      ],
      'supervisor/dashboard/feed.test.ts': [
        'tabs that come late, miss states or read twice all have the same state, told by what has changed',
        "the page's reader has what the server has; where a state is missing it begins anew",
      ],
    },
  },
  {
    report: 45,
    kind: 'texts of a job that run as script, values that freeze or break the page, passwords',
    tests: {
      'supervisor/dashboard/browser.test.ts': [
        'markup in tuples, keys and errors is text',
        'state can be browsed from the heat map, and markup in it is text',
      ],
      'supervisor/dashboard/shown.test.ts': [
        'odd values have a readable form',
        'one bad value spoils one cell',
        'what is long is cut, and its length told',
        'passwords in URLs are masked, and marks of direction are spelt out',
        'any value has a bounded text',
      ],
      'supervisor/dashboard/server.test.ts': [
        'every file is there, closed to what is not ours, and has no script or style of its own inside',
        'names with markup, quotes and 10 kB come as text of bounded length',
        'state is shown where it is asked for only, page by page and by key, cut and as text',
      ],
      'supervisor/dashboard/feed.test.ts': ['operators are asked for by their names, however odd'],
    },
  },
];

for (const { report, kind, tests } of CASES) {
  test(`${report}: ${kind}`, () => {
    for (const [file, titles] of Object.entries(tests)) {
      const text = readFileSync(`test/${file}`, 'utf8');
      for (const title of titles)
        assert.ok(
          ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`)),
          `${file} has no test '${title}'`,
        );
    }
  });
}
