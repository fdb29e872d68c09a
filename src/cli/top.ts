// `millrace top`: how a running job stands, again and again, from outside of its process.
// Promises: changes nothing there; a job that ends is no failure. With --json a line for each look, for scripts.

import { setTimeout as sleep } from 'node:timers/promises';
import type { JobReport } from '../supervisor/inspect/job-report.ts';
import { jsonOf } from '../supervisor/inspect/report-json.ts';
import { between, type JobRates } from '../supervisor/readings/between.ts';
import { jobAt, targetText } from './attach.ts';
import type { TopCommand } from './attach-arguments.ts';
import { clip } from './live-view.ts';
import { ProgressEstimate } from './progress-estimate.ts';
import { operatorTable, progressPart, secondsText, workersText } from './reading-text.ts';

const COLUMNS_DEFAULT = 120;

const activeOf = ({ workers }: JobReport): number => workers.filter(({ state }) => state === 'active').length;

const jsonLine = (report: JobReport, { spanMs, operators }: JobRates): string => {
  const { pid, run, job, reading, workers } = report;
  const { atMs, elapsedMs, stalled } = reading;
  const times = operators.map((operator, i) => {
    const { time, progress } = reading.operators[i];
    return { ...operator, time, progress };
  });
  return jsonOf({ pid, run, job, atMs, elapsedMs, stalled, spanMs, operators: times, workers });
};

function tableLines(report: JobReport, rates: JobRates, estimate: ProgressEstimate): string[] {
  const { pid, job, reading } = report;
  const { elapsedMs, stalled } = reading;
  const workers = workersText(activeOf(report));
  const progress = progressPart({ progress: estimate.take(reading) });
  return [
    `${job} (process ${pid}): ${secondsText(elapsedMs)}, ${workers}${progress}${stalled === undefined ? '' : `, stalled: ${stalled.reason}`}`,
    ...operatorTable({ reading, rates }, true),
  ];
}

interface Sheet {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

/** Resolves when the job has ended, or after `count` looks. @throws MillraceError ATTACH_FAILED if there is no job at first */
export async function top(command: TopCommand, sheet: Sheet = process.stdout): Promise<void> {
  const { target, job, json, everyMs, count } = command;
  let before = await jobAt(target, job);
  let drawn = 0;
  const estimate = new ProgressEstimate();
  estimate.take(before.reading);
  for (let looks = 0; looks < count; looks++) {
    await sleep(everyMs);
    // Of the same run: another one may begin at the same address.
    const report: JobReport | undefined = await jobAt(target, before.run).catch(() => undefined);
    if (report === undefined) {
      if (!json) sheet.write(`${before.job} has ended, or ${targetText(target)} is gone\n`);
      return;
    }
    const rates = between(before.reading, report.reading);
    before = report;
    if (json) {
      sheet.write(`${jsonLine(report, rates)}\n`);
      continue;
    }
    const lines = tableLines(report, rates, estimate).map((line) => clip(line, (sheet.columns || COLUMNS_DEFAULT) - 1));
    const isInPlace = sheet.isTTY === true && drawn > 0;
    const clear = sheet.isTTY === true ? '\x1b[K' : '';
    sheet.write(`${isInPlace ? `\x1b[${drawn}A` : ''}${lines.map((line) => `${line}${clear}\n`).join('')}`);
    drawn = lines.length;
  }
}
