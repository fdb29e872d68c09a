// The plots of the `elasticity` suite, made from its results alone.

import type { Trace } from '../harness.ts';
import { machineOf } from '../machine/machine-name.ts';
import type { Chart, Panel } from '../plot/chart.ts';
import type { SuiteReport } from '../report.ts';

const PAUSE_TARGET_MS = 5;

/** The charts, by the names of their files. */
export function elasticityCharts(report: SuiteReport): Record<string, Chart> {
  const subtitle = `${machineOf(report)}; npm run bench -- elasticity`;
  const traceOf = (name: string): Trace | undefined => report.results.find((result) => result.name === name)?.trace;
  const charts: Record<string, Chart> = {};
  const ramp = traceOf('ramp-p99');
  if (ramp !== undefined) {
    charts['elasticity-ramp'] = {
      title: 'A load ramp under the policy rate',
      subtitle: `an operator that waits 2 ms a tuple; ${subtitle}`,
      x: { title: 'time', unit: 's', from: 0 },
      events: ramp.events,
      panels: [
        panel(ramp, 'rate', 'input rate', 'tuples/s'),
        panel(ramp, 'replicas', 'replicas', undefined, true),
        panel(ramp, 'utilisation', 'hottest replica busy', '%'),
        panel(ramp, 'p99', 'p99 latency', 'ms'),
      ],
    };
  }
  const pause = traceOf('scale-out-pause-p99');
  if (pause !== undefined) {
    charts['elasticity-scale-out'] = {
      title: 'Scale-out from 1 to 2 replicas with 1 M keys of state',
      subtitle: `at half of full rate; ${subtitle}`,
      x: { title: 'time since it was asked for', unit: 'ms' },
      events: pause.events,
      panels: [
        panel(pause, 'throughput', 'tuples processed, of the mean', '%'),
        panel(pause, 'replicas', 'replicas', undefined, true),
        {
          ...panel(pause, 'p99', 'p99 latency', 'ms'),
          references: [{ y: PAUSE_TARGET_MS, label: `${PAUSE_TARGET_MS} ms` }],
        },
      ],
    };
  }
  return charts;
}

function panel({ series }: Trace, name: string, title: string, unit?: string, stepped = false): Panel {
  return { y: { title, unit }, series: [{ name: title, points: series[name], stepped, markers: false }] };
}
