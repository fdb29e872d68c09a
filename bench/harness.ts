// Runs contenders against each other and reduces what they measured.
// Promises: contenders take turns (ours, each baseline, ours, …), so that a machine that slows down slows all of them; a
// ratio is the median of the ratios of single rounds, each of which compares neighbours in time.
// Relies on: a contender's run() measures itself, and throws if a tuple was lost or changed.

import { median } from './statistics.ts';

/** One run's figures, by the name of the result. */
export type Figures = Readonly<Record<string, number>>;

export interface Contender {
  readonly name: string;
  run(): Promise<Figures>;
  /** Ends its threads. */
  close(): Promise<void>;
}

/** Contenders that measure the same results on the same tuples. */
export interface Experiment {
  readonly results: readonly string[];
  readonly unit: string;
  /** Units of those results that have another. */
  readonly units?: Readonly<Record<string, string>>;
  /** What values should be, by result: '≥ 5 × nact'. */
  readonly targets?: Readonly<Record<string, string>>;
  /** Told before the first run: why a baseline is missing. */
  readonly note?: string;
  readonly better: 'higher' | 'lower';
  readonly rounds: number;
  /** False if runs have nothing in common that could be warm: then there is no run beforehand. Default true. */
  readonly warmUp?: boolean;
  readonly ours: () => Promise<Contender>;
  readonly baselines: readonly (() => Promise<Contender>)[];
}

/** What cannot be had from contenders that take turns: measures in its own way. */
export interface Measurement {
  measure(progress: (line: string) => void): Promise<Result[]>;
}

export interface Spread {
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

export interface BaselineResult extends Spread {
  /** Ours over theirs as speed: above 1, ours is better. */
  readonly ratio: number;
  /** The least and the greatest ratio of a round; where there are no rounds, of what the spread has. */
  readonly ratioMin: number;
  readonly ratioMax: number;
}

/** What was measured over time, for a plot: in the units of its axes. */
export interface Trace {
  readonly series: Readonly<Record<string, readonly { readonly x: number; readonly y: number }[]>>;
  readonly events: readonly { readonly x: number; readonly label: string }[];
}

export interface Result extends Spread {
  readonly name: string;
  readonly unit: string;
  readonly runs: number;
  /** The 99th percentile of the runs, where there are many. */
  readonly p99?: number;
  /** What the value should be: '≤ 5'. */
  readonly target?: string;
  readonly trace?: Trace;
  readonly vs: Readonly<Record<string, BaselineResult>>;
}

/** Rounds that an experiment has at least, however slow the machine is. */
const ROUNDS_MIN = 2;
/** A run takes about a second; one that takes this long hangs. */
const RUN_LIMIT_MS = 120_000;

async function runWithin(contender: Contender): Promise<Figures> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const error = new Error(`${contender.name} did not end a run within ${RUN_LIMIT_MS / 1000} s`);
    timer = setTimeout(() => reject(error), RUN_LIMIT_MS);
  });
  try {
    return await Promise.race([contender.run(), limit]);
  } finally {
    clearTimeout(timer);
  }
}

export const spread = (values: readonly number[]): Spread => ({
  value: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/**
 * Runs one experiment; each contender has one run beforehand that does not count, unless the experiment needs none.
 * @param untilMs no round begins after it, on performance.now()'s clock, once there are two
 */
export async function runExperiment(
  experiment: Experiment,
  progress: (line: string) => void,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<Result[]> {
  const contenders: Contender[] = [];
  if (experiment.note !== undefined) progress(experiment.note);
  try {
    for (const open of [experiment.ours, ...experiment.baselines]) contenders.push(await open());
    const runs: Figures[][] = contenders.map(() => []);
    for (let round = experiment.warmUp === false ? 1 : 0; round <= experiment.rounds; round++) {
      if (round > ROUNDS_MIN && performance.now() > untilMs) {
        progress(`the time is up after ${round - 1} of ${experiment.rounds} rounds`);
        break;
      }
      for (const [index, contender] of contenders.entries()) {
        const figures = await runWithin(contender);
        if (round > 0) runs[index].push(figures);
        progress(progressLine(experiment, round, contender.name, figures));
      }
    }
    return experiment.results.map((name) => reduce(experiment, name, contenders, runs));
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

function reduce(experiment: Experiment, name: string, contenders: readonly Contender[], runs: Figures[][]): Result {
  const [ours, ...theirs] = runs.map((figures) => figures.map((figure) => figure[name]));
  const vs: Record<string, BaselineResult> = {};
  for (const [index, values] of theirs.entries()) {
    const ratios = values.map((value, round) =>
      experiment.better === 'higher' ? ours[round] / value : value / ours[round],
    );
    vs[contenders[index + 1].name] = {
      ...spread(values),
      ratio: median(ratios),
      ratioMin: Math.min(...ratios),
      ratioMax: Math.max(...ratios),
    };
  }
  const target = experiment.targets?.[name];
  return {
    name,
    unit: unitOf(experiment, name),
    ...spread(ours),
    runs: ours.length,
    ...(target !== undefined && { target }),
    vs,
  };
}

const unitOf = ({ unit, units }: Experiment, result: string): string => units?.[result] ?? unit;

function progressLine(experiment: Experiment, round: number, contender: string, figures: Figures): string {
  const turn = round === 0 ? 'warm-up' : `round ${round} of ${experiment.rounds}`;
  const values = experiment.results.map((name) => {
    const unit = unitOf(experiment, name);
    return `${name} ${formatFigure(figures[name], unit)} ${unit}`;
  });
  return `${turn.padEnd(12)} ${contender.padEnd(18)} ${values.join(', ')}`;
}

/** Three significant digits, with M for rates, so that columns can be compared by eye. */
export function formatFigure(value: number, unit: string): string {
  const millions = unit.endsWith('/s');
  const scaled = millions ? value / 1e6 : value;
  const digits = scaled >= 100 ? 0 : scaled >= 10 ? 1 : scaled >= 1 ? 2 : 3;
  return `${scaled.toFixed(digits)}${millions ? ' M' : ''}`;
}
