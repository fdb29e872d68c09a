// How much of a job's sources has been read, and how long the rest may take, from readings of the last while.
// Promises: pure but for the samples that it keeps; says nothing rather than something that rests on too little.

import type { JobReading } from '../supervisor/readings/job-reading.ts';

/** A source whose end is known, at one moment of the job. */
interface ProgressSample {
  /** Since the job's start. */
  readonly elapsedMs: number;
  /** From 0 to 1. */
  readonly progress: number;
}

/** What lies further back says little of how fast a source is now. */
const SPAN_MS_MAX = 30_000;
/** A shorter span says nothing: a source reads ahead when it begins. */
const SPAN_MS_MIN = 500;

/** What a source gains as it begins says nothing either. */
const GAINED_MIN = 0.005;

/**
 * How long a source will take for the rest, if it goes on as it has between the first sample and the last one; undefined if that
 * cannot be told.
 */
export function restOf(samples: readonly ProgressSample[]): number | undefined {
  const last = samples.at(-1);
  if (last === undefined) return undefined;
  if (last.progress >= 1) return 0;
  const [first] = samples;
  const spanMs = last.elapsedMs - first.elapsedMs;
  const gained = last.progress - first.progress;
  if (!(spanMs >= SPAN_MS_MIN && gained >= GAINED_MIN)) return undefined;
  const restMs = ((1 - last.progress) / gained) * spanMs;
  return Number.isFinite(restMs) ? restMs : undefined;
}

/** How a job stands, as far as its sources know where they end. */
export interface JobProgress {
  /** The sources whose ends are known. */
  readonly sources: readonly { readonly name: string; readonly progress: number }[];
  /** Until the last source has been read; undefined if the end of one is not known, or no rate can be told. */
  readonly restMs: number | undefined;
}

export class ProgressEstimate {
  readonly #samples = new Map<string, ProgressSample[]>();

  /** Takes a reading of the job, later than the ones before. Undefined if no source knows its end. */
  take({ elapsedMs, operators }: Pick<JobReading, 'elapsedMs' | 'operators'>): JobProgress | undefined {
    const sources = operators.filter(({ role }) => role === 'source');
    const known = sources.flatMap(({ name, progress }) => (progress === undefined ? [] : [{ name, progress }]));
    if (known.length === 0) return undefined;
    const rests = known.map(({ name, progress }) => restOf(this.#keep(name, { elapsedMs, progress })));
    const isWhole = known.length === sources.length && rests.every((rest) => rest !== undefined);
    return { sources: known, restMs: isWhole ? Math.max(...(rests as number[])) : undefined };
  }

  #keep(name: string, sample: ProgressSample): readonly ProgressSample[] {
    const kept = this.#samples.get(name) ?? [];
    // A source that turns out to be larger than it was begins anew.
    const before = kept.length > 0 && kept[kept.length - 1].progress > sample.progress ? [] : kept;
    const recent = before.filter(({ elapsedMs }) => sample.elapsedMs - elapsedMs <= SPAN_MS_MAX);
    // Of whoever looks rarely, the look before.
    const samples = [...(recent.length > 0 ? recent : before.slice(-1)), sample];
    this.#samples.set(name, samples);
    return samples;
  }
}

/** 45,000 ms as `45 s`, 150,000 as `2 min 30 s`: as exact as an estimate is. */
export function restText(restMs: number): string {
  const seconds = Math.max(1, Math.round(restMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Rounded down: 100 % is the end. */
const percentText = (progress: number): string => `${Math.floor(100 * Math.max(0, Math.min(1, progress)))} %`;

/** `45 % read, about 12 s left`; with several sources each by its name. */
export function progressText({ sources, restMs }: JobProgress): string {
  const shares =
    sources.length === 1
      ? `${percentText(sources[0].progress)} read`
      : `${sources.map(({ name, progress }) => `${name} ${percentText(progress)}`).join(', ')} read`;
  return restMs === undefined || restMs === 0 ? shares : `${shares}, about ${restText(restMs)} left`;
}
