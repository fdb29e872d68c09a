// The plots of rated runs, made from their reports alone.

import { machineOf } from '../machine/machine-name.ts';
import type { Chart, Panel, Series } from '../plot/chart.ts';
import { ELASTIC_OPERATORS } from './flow.ts';
import type { LatencyReport, RunReport } from './rated-report.ts';

const DEADLINE_MS = 5000;

/** The charts, by the names of their files. */
export function roadCharts(reports: readonly RunReport[]): Record<string, Chart> {
  const charts: Record<string, Chart> = {};
  const ramp = reports.findLast(({ options }) => options.ramp !== undefined);
  if (ramp !== undefined) charts['linear-road-ramp'] = rampChart(ramp);
  const steady = reports.filter(({ options }) => options.ramp === undefined);
  const struck = steady.findLast(({ chaos }) => chaos.kills > 0);
  if (struck !== undefined) charts['linear-road-kills'] = killsChart(struck);
  const calm = steady
    .filter(({ chaos }) => chaos.kills === 0)
    .sort((one, other) => one.options.expressways - other.options.expressways);
  if (calm.length > 1) charts['linear-road-rates'] = ratesChart(calm);
  return charts;
}

/** A log axis has no 0: less than a millisecond is drawn as one. */
const shown = (ms: number): number => Math.max(1, ms);

function latencyPanel(moments: RunReport['moments'], events: number): Panel {
  const timed = moments.filter((moment) => moment.timed > 0);
  const series = (name: string, of: (moment: LatencyReport) => number): Series => ({
    name,
    points: timed.map((moment) => ({ x: moment.second, y: shown(of(moment)) })),
    markers: false,
  });
  return {
    y: { title: 'latency of answers', unit: 'ms', scale: 'log', from: 1, to: 20_000 },
    series: [
      series('p50', ({ p50Ms }) => p50Ms),
      series('p99', ({ p99Ms }) => p99Ms),
      series('max', ({ maxMs }) => maxMs),
    ],
    references: [{ y: DEADLINE_MS, label: 'deadline' }],
    heightPx: events > 0 ? 200 : undefined,
  };
}

const ratePanel = ({ samples }: RunReport): Panel => ({
  y: { title: 'input rate', unit: 'tuples/s' },
  series: [
    {
      name: 'input rate',
      points: samples.map(({ second, linesPerSecond }) => ({ x: second, y: linesPerSecond })),
      markers: false,
    },
  ],
});

const missedPanel = ({ moments }: RunReport): Panel => ({
  y: { title: 'missed deadlines', to: moments.every(({ missed }) => missed === 0) ? 10 : undefined },
  series: [{ name: 'missed', points: moments.map(({ second, missed }) => ({ x: second, y: missed })), markers: false }],
  heightPx: 60,
});

const eventsOf = ({ events }: RunReport): Chart['events'] =>
  events.map(({ second, text }) => ({ x: second, label: text }));

/** Replicas of an operator, one at the start. */
function replicasOf(name: string, { events, options }: RunReport): Series {
  const points = [{ x: 0, y: 1 }];
  for (const { second, operator, replicas } of events) {
    if (operator === name && replicas !== undefined) points.push({ x: second, y: replicas });
  }
  points.push({ x: options.seconds, y: points[points.length - 1].y });
  return { name, points, stepped: true };
}

function rampChart(report: RunReport): Chart {
  const { options, samples, moments } = report;
  const { expressways } = options;
  return {
    title: `Linear Road: load grows from L = ${(expressways / 100).toFixed(1)} to L = ${expressways}`,
    subtitle: `policy rate, a replica busy for ${100 * (options.ramp?.utilisation ?? 0)} % at most; ${machineOf(report)}; npm run bench -- linear-road --ramp --expressways ${expressways}`,
    x: { title: 'time', unit: 's', from: 0 },
    events: eventsOf(report),
    panels: [
      ratePanel(report),
      {
        y: { title: 'replicas' },
        series: ELASTIC_OPERATORS.map((name) => replicasOf(name, report)),
      },
      {
        y: { title: 'processors in use' },
        series: [
          {
            name: 'processors',
            points: samples.map(({ second, processors }) => ({ x: second, y: processors })),
            markers: false,
          },
        ],
      },
      latencyPanel(moments, 1),
      missedPanel(report),
    ],
  };
}

function killsChart(report: RunReport): Chart {
  const { expressways } = report.options;
  return {
    title: `Linear Road with workers killed, L = ${expressways}`,
    subtitle: `${machineOf(report)}; npm run bench -- linear-road --expressways ${expressways} --chaos ${report.options.chaosSeed}`,
    x: { title: 'time', unit: 's', from: 0 },
    events: eventsOf(report),
    panels: [ratePanel(report), latencyPanel(report.moments, 1), missedPanel(report)],
  };
}

function ratesChart(reports: readonly RunReport[]): Chart {
  const over = (name: string, of: (report: RunReport) => number): Series => ({
    name,
    points: reports.map((report) => ({ x: report.options.expressways, y: of(report) })),
  });
  return {
    title: 'Linear Road at the peak of L expressways',
    subtitle: `1,700 tuples/s each; ${machineOf(reports[0])}; npm run bench -- linear-road --expressways L`,
    x: { title: 'L', from: 0 },
    panels: [
      {
        y: { title: 'latency of toll notifications', unit: 'ms', scale: 'log', from: 1, to: 20_000 },
        series: [
          over('p50', ({ answers }) => shown(answers.toll.p50Ms)),
          over('p99', ({ answers }) => shown(answers.toll.p99Ms)),
          over('max', ({ answers }) => shown(answers.toll.maxMs)),
        ],
        references: [{ y: DEADLINE_MS, label: 'deadline' }],
        heightPx: 240,
      },
      { y: { title: 'processors in use' }, series: [over('processors', ({ processors }) => processors)] },
      { y: { title: 'memory', unit: 'GiB' }, series: [over('memory', (each) => each.memoryBytesMax / 2 ** 30)] },
    ],
  };
}
