// `millrace inspect`: what a running job is made of and what has happened in it, once, from outside of its process.
// Promises: changes nothing there. With --json the whole report, for scripts.

import type { JobReport } from '../supervisor/inspect/job-report.ts';
import { jsonOf } from '../supervisor/inspect/report-json.ts';
import { between } from '../supervisor/readings/between.ts';
import type { SupervisionNode } from '../supervisor/supervision/tree.ts';
import { jobAt } from './attach.ts';
import type { InspectCommand } from './attach-arguments.ts';
import { countText, hintLines, operatorTable, secondsText } from './reading-text.ts';

const EVENTS_SHOWN = 20;

const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 23);

const edgeLine = ({ from, output, to, isFused, fill }: JobReport['topology']['edges'][number]): string =>
  `  ${from}${output === undefined ? '' : ` (${output})`} → ${to}${isFused ? ', fused' : `, ring ${Math.round(fill * 100)} % full`}`;

const treeLines = ({ name, kind, state, restarts, children }: SupervisionNode, depth = 1): string[] => [
  `${'  '.repeat(depth)}${kind} ${name}: ${state}${restarts === 0 ? '' : `, ${countText(restarts)} restarts`}`,
  ...children.flatMap((child) => treeLines(child, depth + 1)),
];

/** Characters of the job's own texts that would move the cursor become dots. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be replaced
const plain = (line: string): string => line.replace(/[\x00-\x1f\x7f-\x9f]/g, '·');

function lines(report: JobReport): string[] {
  const { pid, run, job, reading, topology, workers, tree, events } = report;
  const sample = { reading, rates: between('start', reading) };
  const told = events.slice(-EVENTS_SHOWN);
  return [
    `${job}: process ${pid}, run ${run}, for ${secondsText(reading.elapsedMs)}`,
    ...(reading.stalled === undefined ? [] : [`stalled: ${reading.stalled.reason}`]),
    '',
    'Operators, since the start',
    ...operatorTable(sample, true).map((line) => `  ${line}`),
    ...hintLines(sample).map((line) => `  ${line}`),
    '',
    'Streams',
    ...topology.edges.map(edgeLine),
    '',
    'Supervision',
    ...treeLines(tree),
    '',
    'Workers',
    ...workers.map(
      ({ worker, state, threadId, actors }) =>
        `  worker ${worker} (thread ${threadId}): ${state}${actors.length === 0 ? '' : `, ${actors.map(({ operator, replica }) => `${operator}/${replica}`).join(', ')}`}`,
    ),
    '',
    `Events, the latest ${told.length} of ${events.length}`,
    ...told.map(({ atMs, type, text }) => `  ${clock(atMs)} ${type}: ${text}`),
  ];
}

/** What is printed. @throws MillraceError ATTACH_FAILED */
export async function inspected({ target, job, json }: InspectCommand): Promise<string> {
  const report = await jobAt(target, job);
  return json ? `${jsonOf(report, 2)}\n` : `${lines(report).map(plain).join('\n')}\n`;
}
