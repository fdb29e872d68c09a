// Writes what is said of options from their tables: the tables in docs/, the text of `--help` there, and the doc comments that
// editors show. `node dist/scripts/option-docs.js` writes; a test fails if anything is not as it would be written.
// Relies on: markers in Markdown (`<!-- options: run -->` … `<!-- /options -->`, with names behind the table's for a part of it),
// and tables whose entries stand at the first level of `export const NAME = { … };`.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HELP } from '../src/cli/help.ts';
import { CSV_OPTIONS } from '../src/connectors/csv/csv-options.ts';
import { WRITE_CSV_OPTIONS } from '../src/connectors/csv/write-csv.ts';
import { ITERABLE_OPTIONS } from '../src/connectors/from-iterable.ts';
import { GENERATE_OPTIONS } from '../src/connectors/generate.ts';
import { JSON_OPTIONS } from '../src/connectors/json/read-json.ts';
import { WRITE_JSON_OPTIONS } from '../src/connectors/json/write-json.ts';
import { LINES_OPTIONS } from '../src/connectors/lines/read-lines.ts';
import { WRITE_LINES_OPTIONS } from '../src/connectors/lines/write-lines.ts';
import { READABLE_OPTIONS } from '../src/connectors/streams/from-readable.ts';
import { APPROX_DISTINCT_OPTIONS, QUANTILE_OPTIONS } from '../src/flow/aggregates/sketches.ts';
import { SUM_OPTIONS } from '../src/flow/aggregates/sum.ts';
import { TOP_OPTIONS } from '../src/flow/aggregates/top.ts';
import { SUPERVISION_OPTIONS } from '../src/flow/failure-policy.ts';
import { PROCESS_SCHEMAS } from '../src/flow/keyed-options.ts';
import { PARALLELISM_OPTIONS, PROCESS_OPTIONS, SINK_OPTIONS } from '../src/flow/operator-options.ts';
import { AGGREGATE_OPTIONS, EVERY_OPTIONS, WINDOW_OPTIONS } from '../src/flow/options/aggregate-options.ts';
import { ASYNC_OPTIONS } from '../src/flow/options/async-options.ts';
import { INTERVAL_OPTIONS, JOIN_OPTIONS, LOOKUP_OPTIONS, TABLE_OPTIONS } from '../src/flow/options/join-options.ts';
import { DEDUPLICATE_OPTIONS, SAMPLE_OPTIONS, THROTTLE_OPTIONS } from '../src/flow/options/thinning-options.ts';
import { EVENT_TIME_OPTIONS } from '../src/flow/options/time-options.ts';
import { CALENDAR_OPTIONS } from '../src/flow/windows/calendar.ts';
import { GLOBAL_OPTIONS } from '../src/flow/windows/global-window.ts';
import { COUNT_OPTIONS, SESSION_OPTIONS, SLIDING_OPTIONS, TUMBLING_OPTIONS } from '../src/flow/windows/window.ts';
import type { Option, OptionTable } from '../src/options/option.ts';
import { METRICS_OPTIONS, UI_OPTIONS } from '../src/supervisor/dashboard/page-options.ts';
import { SCALING_OPTIONS } from '../src/supervisor/elasticity/scaling/scaling-options.ts';
import { PROFILE_OPTIONS } from '../src/supervisor/job/job-profile.ts';
import { RUN_OPTIONS } from '../src/supervisor/job/run-options.ts';
import { BACKUP_OPTIONS } from '../src/supervisor/recovery/backups.ts';
import { ACTOR_MAILBOX, ACTOR_SUPERVISION } from '../src/system/definition.ts';
import { ASK_STEP_OPTIONS } from '../src/system/flows/ask-options.ts';
import { ACTOR_PLACEMENT, STOP_OPTIONS, SYSTEM_OPTIONS } from '../src/system/system-options.ts';
import { TEST_SYSTEM_OPTIONS } from '../src/testing/actors/test-system-options.ts';
import { SIMULATE_OPTIONS } from '../src/testing/simulate-options.ts';
import { TEST_OPTIONS } from '../src/testing/test-options.ts';

type AnyOption = Option<unknown, unknown>;

const ROOT = new URL('../../', import.meta.url);
const COLUMNS = 120;

const TABLES: Readonly<Record<string, OptionTable>> = {
  run: RUN_OPTIONS,
  operator: PROCESS_OPTIONS,
  parallelism: PARALLELISM_OPTIONS,
  process: PROCESS_SCHEMAS,
  aggregate: AGGREGATE_OPTIONS,
  async: ASYNC_OPTIONS,
  eventTime: EVENT_TIME_OPTIONS,
  window: WINDOW_OPTIONS,
  tumbling: TUMBLING_OPTIONS,
  global: GLOBAL_OPTIONS,
  calendar: CALENDAR_OPTIONS,
  sliding: SLIDING_OPTIONS,
  session: SESSION_OPTIONS,
  count: COUNT_OPTIONS,
  every: EVERY_OPTIONS,
  interval: INTERVAL_OPTIONS,
  join: JOIN_OPTIONS,
  lookup: LOOKUP_OPTIONS,
  deduplicate: DEDUPLICATE_OPTIONS,
  throttle: THROTTLE_OPTIONS,
  sample: SAMPLE_OPTIONS,
  lookupTable: TABLE_OPTIONS,
  sum: SUM_OPTIONS,
  topN: TOP_OPTIONS,
  approxDistinct: APPROX_DISTINCT_OPTIONS,
  quantile: QUANTILE_OPTIONS,
  supervision: SUPERVISION_OPTIONS,
  scaling: SCALING_OPTIONS,
  profile: PROFILE_OPTIONS,
  backup: BACKUP_OPTIONS,
  ui: UI_OPTIONS,
  metrics: METRICS_OPTIONS,
  readLines: LINES_OPTIONS,
  readCsv: CSV_OPTIONS,
  readJson: JSON_OPTIONS,
  writeLines: WRITE_LINES_OPTIONS,
  writeCsv: WRITE_CSV_OPTIONS,
  writeJson: WRITE_JSON_OPTIONS,
  fromIterable: ITERABLE_OPTIONS,
  fromReadable: READABLE_OPTIONS,
  generate: GENERATE_OPTIONS,
  testOperator: TEST_OPTIONS,
  testSystem: TEST_SYSTEM_OPTIONS,
  simulate: SIMULATE_OPTIONS,
  system: SYSTEM_OPTIONS,
  actorSupervision: ACTOR_SUPERVISION,
  actorPlacement: ACTOR_PLACEMENT,
  actorMailbox: ACTOR_MAILBOX,
  ask: ASK_STEP_OPTIONS,
};

const PAGES = [
  'docs/actors.md',
  'docs/aggregates.md',
  'docs/async.md',
  'docs/command-line.md',
  'docs/dashboard.md',
  'docs/dataflow.md',
  'docs/joins.md',
  'docs/metrics.md',
  'docs/readings.md',
  'docs/recovery.md',
  'docs/scaling.md',
  'docs/supervision.md',
  'docs/testing.md',
  'docs/time.md',
  'docs/windows.md',
];

/** The sources that hold tables, and the tables' names there. */
const SOURCES: Readonly<Record<string, Readonly<Record<string, OptionTable>>>> = {
  'src/connectors/csv/csv-options.ts': { CSV_OPTIONS },
  'src/connectors/from-iterable.ts': { ITERABLE_OPTIONS },
  'src/connectors/streams/from-readable.ts': { READABLE_OPTIONS },
  'src/connectors/generate.ts': { GENERATE_OPTIONS },
  'src/connectors/csv/write-csv.ts': { WRITE_CSV_OPTIONS },
  'src/connectors/json/read-json.ts': { JSON_OPTIONS },
  'src/connectors/json/write-json.ts': { WRITE_JSON_OPTIONS },
  'src/connectors/lines/read-lines.ts': { LINES_OPTIONS },
  'src/connectors/lines/write-lines.ts': { WRITE_LINES_OPTIONS },
  'src/flow/aggregates/sketches.ts': { APPROX_DISTINCT_OPTIONS, QUANTILE_OPTIONS },
  'src/flow/aggregates/sum.ts': { SUM_OPTIONS },
  'src/flow/failure-policy.ts': { SUPERVISION_OPTIONS },
  'src/flow/operator-options.ts': {
    PARALLELISM_OPTIONS,
    SINK_OPTIONS,
    OPERATOR_OPTIONS: PROCESS_OPTIONS,
  },
  'src/flow/options/aggregate-options.ts': { AGGREGATE_OPTIONS, EVERY_OPTIONS, WINDOW_OPTIONS },
  'src/flow/options/async-options.ts': { ASYNC_OPTIONS },
  'src/flow/options/join-options.ts': { INTERVAL_OPTIONS, JOIN_OPTIONS, LOOKUP_OPTIONS, TABLE_OPTIONS },
  'src/flow/options/thinning-options.ts': { DEDUPLICATE_OPTIONS, SAMPLE_OPTIONS, THROTTLE_OPTIONS },
  'src/flow/options/time-options.ts': { EVENT_TIME_OPTIONS },
  'src/flow/windows/window.ts': { TUMBLING_OPTIONS, SLIDING_OPTIONS, SESSION_OPTIONS, COUNT_OPTIONS },
  'src/supervisor/dashboard/page-options.ts': { UI_OPTIONS, METRICS_OPTIONS },
  'src/supervisor/elasticity/scaling/scaling-options.ts': { SCALING_OPTIONS },
  'src/supervisor/job/job-profile.ts': { PROFILE_OPTIONS },
  'src/supervisor/job/run-options.ts': { RUN_OPTIONS },
  'src/supervisor/recovery/backups.ts': { BACKUP_OPTIONS },
  'src/system/definition.ts': { ACTOR_MAILBOX, ACTOR_SUPERVISION },
  'src/system/system-options.ts': { ACTOR_PLACEMENT, SYSTEM_OPTIONS, STOP_OPTIONS },
  'src/testing/simulate-options.ts': { SIMULATE_OPTIONS },
  'src/testing/actors/test-system-options.ts': { TEST_SYSTEM_OPTIONS },
  'src/testing/test-options.ts': { TEST_OPTIONS },
};

const pathOf = (file: string): string => fileURLToPath(new URL(file, ROOT));

function markdownRow(name: string, { help, rule, defaultText, page }: AnyOption, file: string): string {
  const here = file.replace('docs/', '');
  const link = page === undefined || page === here ? '' : ` ([more](${page.replace(new RegExp(`^${here}#`), '#')}))`;
  return `| \`${name}\` | ${help}${link} | ${rule} | ${defaultText} |`;
}

function markdownTable(table: OptionTable, names: readonly string[], file: string): string {
  const rows = names.map((name) => markdownRow(name, table[name], file));
  return ['<!-- prettier-ignore -->', '| option | | takes | default |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

function block(words: readonly string[], file: string): string {
  const [name, ...some] = words;
  if (name === 'help') return `\`\`\`text\n${HELP.trimEnd()}\n\`\`\``;
  const table = TABLES[name];
  const unknown = table === undefined ? name : some.find((each) => table[each] === undefined);
  if (unknown !== undefined) throw new Error(`${file}: there is no option or table '${unknown}'`);
  return markdownTable(table, some.length > 0 ? some : Object.keys(table), file);
}

const BLOCK = /(<!-- options: ([\w ]+) -->)[\s\S]*?(<!-- \/options -->)/g;

const page = (file: string, text: string): string =>
  text.replace(BLOCK, (_, open: string, words: string, close: string) => {
    return `${open}\n\n${block(words.split(' '), file)}\n\n${close}`;
  });

function commentLines({ help, rule, defaultText, page: more }: AnyOption): string[] {
  const fallback = defaultText === '' ? '' : ` Default: ${defaultText}.`;
  const see = more === undefined ? '' : ` See docs/${more}.`;
  const text = `${help[0].toUpperCase()}${help.slice(1)}: ${rule}.${fallback}${see}`;
  if (text.length + 9 <= COLUMNS) return [`  /** ${text} */`];
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last].length + word.length + 6 > COLUMNS) lines.push(word);
    else lines[last] = lines[last] === '' ? word : `${lines[last]} ${word}`;
  }
  return ['  /**', ...lines.map((line) => `   * ${line}`), '   */'];
}

/** The text of a source with the comments of a table's entries as they should be. */
function source(text: string, constant: string, table: OptionTable): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`export const ${constant} = {`));
  const written = lines.slice(0, start + 1);
  let at = start + 1;
  for (; lines[at] !== '};' && !lines[start].endsWith('};'); at++) {
    const line = lines[at];
    const isComment = /^ {2}\/\*\*|^ {3}\*/.test(line);
    const name = /^ {2}(\w+): /.exec(line)?.[1];
    if (isComment) continue;
    if (name !== undefined) written.push(...commentLines(table[name]));
    written.push(line);
  }
  return [...written, ...lines.slice(at)].join('\n');
}

/** What files should hold, by their names. */
export function expectedTexts(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const file of PAGES) texts.set(file, page(file, readFileSync(pathOf(file), 'utf8')));
  for (const [file, tables] of Object.entries(SOURCES)) {
    let text = readFileSync(pathOf(file), 'utf8');
    for (const [constant, table] of Object.entries(tables)) text = source(text, constant, table);
    texts.set(file, text);
  }
  return texts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of expectedTexts()) writeFileSync(pathOf(file), text);
}
