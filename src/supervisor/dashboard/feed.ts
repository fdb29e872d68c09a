// What the page is told: once what a job is, and then four times a second how it stands.
// Promises: readings are taken only while somebody waits for them, one for all who do; a slow reader gets fewer states, each of
// them the latest, and none is queued. What is kept for those who come later is bounded.

import { randomUUID } from 'node:crypto';
import type { SystemHandle } from '../../flow/bridge.ts';
import type { DeadLetter } from '../job/job-api.ts';
import { stackText } from '../job/notices/notices.ts';
import { between, type JobRates, type OperatorRates } from '../readings/between.ts';
import type { JobReading, OperatorReading } from '../readings/job-reading.ts';
import type { JobTopology, TopologyEdge } from '../readings/job-topology.ts';
import type { SupervisionNode } from '../supervision/tree.ts';
import { ActorCounter } from './actor-counts.ts';
import { type ShownEvent, shownEvent } from './event-text.ts';
import { Heat } from './heat.ts';
import { History } from './history.ts';
import { layoutOf, NODE_HEIGHT, NODE_WIDTH } from './layout.ts';
import { shownName, shownText, shownTuple, shownValue } from './shown.ts';
import type { WatchedJob } from './watched-job.ts';

const EVERY_MS = 250;
const EVENTS_KEPT = 200;
const LETTERS_KEPT = 50;
/** Five minutes. */
const POINTS_KEPT = 1200;

/** Where a reader is in what comes by and by. */
export interface Place {
  event: number;
  letter: number;
  point: number;
}

interface ShownLetter {
  readonly atMs: number;
  readonly operator: string;
  readonly replica: number;
  readonly key: string | undefined;
  readonly tuple: readonly (readonly [string, string])[];
  readonly error: string;
  readonly stack: string | undefined;
  readonly position: string;
}

/** A point of the lines over time: when, and tuples per second of each end of the flow. */
type Point = readonly [atMs: number, ...rates: number[]];

const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

interface FeedOptions {
  readonly system: SystemHandle | undefined;
  /** True if the page may offer to scale, move and kill. */
  readonly canAct: boolean;
  /** True if it may show keyed state. */
  readonly showsState: boolean;
}

export class Feed {
  /** Tells one job from the next on the same port. */
  readonly #run = randomUUID();
  readonly #job: WatchedJob;
  readonly #actors: ActorCounter;
  readonly #canAct: boolean;
  readonly #showsState: boolean;
  readonly #events = new History<ShownEvent & { readonly atMs: number }>(EVENTS_KEPT);
  readonly #letters = new History<ShownLetter>(LETTERS_KEPT);
  readonly #points = new History<Point>(POINTS_KEPT);
  /** The last reason of each operator's crashes. */
  readonly #reasons = new Map<string, string>();
  /** Of operators that replicas can share, by name. */
  readonly #heats = new Map<string, Heat>();
  readonly #waiting = new Set<() => void>();
  #ends: readonly { readonly index: number; readonly name: string; readonly isSource: boolean }[] = [];
  #graph: Promise<object> | undefined;
  #before: JobReading | undefined;
  #state: object = {};
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(job: WatchedJob, { system, canAct, showsState }: FeedOptions) {
    this.#job = job;
    this.#canAct = canAct;
    this.#showsState = showsState;
    this.#actors = new ActorCounter(system);
    job.on('*', (event) => {
      const shown = shownEvent(event);
      if (shown !== undefined) this.#events.add({ atMs: event.atMs, ...shown });
      if (event.type === 'crash') {
        const reason = shownText(event.report.reason.message, 300);
        for (const { operator } of event.actors) this.#reasons.set(operator, reason);
      }
      if (event.type === 'ended') this.#end();
    });
    job.watchLetters((letter) => this.#letters.add(letterOf(letter)));
  }

  /** True when the job has ended, and the state that is there is the last one. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the job is: its name, its operators and edges, and where to draw them. */
  async hello(): Promise<object> {
    this.#graph ??= this.#drawn(this.#job.topology());
    return {
      run: this.#run,
      job: shownName(this.#job.name),
      pid: process.pid,
      canAct: this.#canAct,
      showsState: this.#showsState,
      ...(await this.#graph),
    };
  }

  async #drawn(topology: JobTopology): Promise<object> {
    const { operators, edges } = topology;
    const reading = this.#job.reading();
    const fits = new Map(reading.operators.map(({ name, replicas }) => [name, replicas.length]));
    this.#ends = reading.operators.flatMap(({ name, role }, index) =>
      role === 'source' || role === 'sink' || role === 'output' ? [{ index, name, isSource: role === 'source' }] : [],
    );
    const numbers = new Map(operators.map(({ name }, index) => [name, index]));
    return {
      box: [NODE_WIDTH, NODE_HEIGHT],
      wide: await layoutOf(topology, 'LR'),
      narrow: await layoutOf(topology, 'TB'),
      operators: operators.map(({ name, kind, role, fusedInto, place }) => ({
        name: shownName(name),
        id: name,
        kind,
        role,
        fusedInto: fusedInto === undefined ? undefined : shownName(fusedInto),
        place,
        hasState: this.#job.hasState(name),
        replicasMax: fits.get(name) ?? 1,
      })),
      edges: edges.map(({ from, to, output, isFused }) => ({
        from: numbers.get(from),
        to: numbers.get(to),
        output: output === undefined ? undefined : shownName(output),
        isFused,
      })),
      lines: this.#ends.map(({ name, isSource }) => ({ name: shownName(name), isSource })),
    };
  }

  /** Where a reader begins that has nothing yet. */
  place(): Place {
    return { event: 0, letter: 0, point: 0 };
  }

  /** The latest state, with what is new to a reader, who is put behind that. */
  frame(place: Place): object {
    if (this.#before === undefined) this.#sample();
    const news = {
      events: this.#events.since(place.event),
      letters: this.#letters.since(place.letter),
      points: this.#points.since(place.point),
    };
    place.event = this.#events.end;
    place.letter = this.#letters.end;
    place.point = this.#points.end;
    return { ...this.#state, ...news, isOver: this.#isOver };
  }

  /** Resolves when there is a newer state; at once if the job has ended. */
  next(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#sample();
      this.#wake();
    }, EVERY_MS).unref();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    if (this.#before !== undefined) this.#sample();
    this.#wake();
  }

  #sample(): void {
    const job = this.#job;
    const now = job.reading();
    const before = this.#before ?? 'start';
    const rates = between(before, now);
    this.#before = now;
    // A mean over a time in which nobody looked is no point of a line.
    if (before !== 'start' && rates.spanMs < 4 * EVERY_MS) this.#points.add(this.#pointOf(now, rates));
    const topology = job.topology();
    const letters = now.operators.reduce((sum, { deadLetters }) => sum + deadLetters, 0);
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    this.#state = {
      atMs: now.atMs,
      elapsedMs: Math.round(now.elapsedMs),
      stalled: now.stalled === undefined ? undefined : shownText(now.stalled.reason, 300),
      hints: now.hints.map(({ text }) => shownText(text, 400)),
      operators: topology.operators.map(({ name }) => this.#operatorOf(name, now, rates)),
      edges: topology.edges.map((edge) => edgeOf(edge, before, now, rates)),
      letterCount: letters,
      memory: { rss, heapUsed, arrayBuffers },
      workers: job
        .workers()
        .flatMap(({ worker, state, actors }) => (state === 'lost' ? [] : [{ worker, state, actors: actors.length }])),
      tree: this.#treeOf(job.tree()),
      actors: this.#actors.latest(now.atMs),
    };
  }

  #pointOf({ atMs }: JobReading, { operators }: JobRates): Point {
    const ends = this.#ends.map(({ index, isSource }) => operators[index][isSource ? 'rateOut' : 'rateIn']);
    return [atMs, ...ends.map((rate) => round(rate, 1))];
  }

  #operatorOf(name: string, now: JobReading, rates: JobRates): object {
    const index = now.operators.findIndex((operator) => operator.name === name);
    const reading = now.operators[index];
    const { rateIn, rateOut, busy, blocked, idle, hotGroups, replicas, role } = rates.operators[index];
    const { time, progress } = reading;
    return {
      tuples: role === 'source' ? reading.tuplesOut : reading.tuplesIn,
      rate: round(role === 'source' ? rateOut : rateIn, 1),
      busy: round(busy),
      blocked: round(blocked),
      idle: round(idle),
      progress: progress === undefined ? undefined : round(progress),
      letters: reading.deadLetters,
      lagMs: time === undefined || !Number.isFinite(time.lagMs) ? undefined : Math.round(time.lagMs),
      late: time?.late,
      latency: latencyOf(rates.operators[index]),
      heat: this.#heatOf(reading),
      hot: hotGroups.map(({ group, share }) => [group, round(share)]),
      replicas: replicas.map((replica) => {
        const { state, queueFill } = reading.replicas[replica.replica];
        return {
          replica: replica.replica,
          worker: replica.worker,
          state,
          rate: round(role === 'source' ? replica.rateOut : replica.rateIn, 1),
          busy: round(replica.busy),
          blocked: round(replica.blocked),
          fill: round(queueFill),
        };
      }),
    };
  }

  #heatOf({ name, groups }: OperatorReading): string | undefined {
    if (groups === undefined) return undefined;
    const heat = this.#heats.get(name) ?? new Heat();
    this.#heats.set(name, heat);
    heat.take(groups);
    return heat.digits;
  }

  #treeOf(node: SupervisionNode): object {
    const { name, kind, strategy, intensity, periodMs, restarts, state, worker, children } = node;
    return {
      name: shownName(name),
      kind,
      strategy,
      intensity,
      periodMs,
      restarts,
      state,
      worker,
      reason: kind === 'operator' ? this.#reasons.get(name) : undefined,
      children: children.map((child) => this.#treeOf(child)),
    };
  }
}

/** Half, 95 and 99 of 100 were as fast, in milliseconds. */
const latencyOf = ({ latency }: OperatorRates): readonly number[] | undefined =>
  latency && [latency.p50Ms, latency.p95Ms, latency.p99Ms].map((ms) => round(ms));

function edgeOf(
  { from, output, fill }: TopologyEdge,
  before: JobReading | 'start',
  now: JobReading,
  rates: JobRates,
): object {
  const index = now.operators.findIndex(({ name }) => name === from);
  const { outputs } = now.operators[index];
  if (output === undefined || outputs?.[output] === undefined)
    return { rate: round(rates.operators[index].rateOut, 1), fill: round(fill) };
  const earlier = before === 'start' ? 0 : (before.operators[index].outputs?.[output]?.tuples ?? 0);
  const tuples = outputs[output].tuples - earlier;
  return { rate: rates.spanMs <= 0 ? 0 : round((tuples * 1000) / rates.spanMs, 1), fill: round(fill) };
}

function letterOf({ operator, replica, key, tuple, error, position }: DeadLetter): ShownLetter {
  const { code, name, message } = error as Error & { code?: unknown };
  const stack = stackText(error);
  return {
    atMs: Date.now(),
    operator: shownName(operator),
    replica,
    key: key === undefined ? undefined : shownValue(key),
    tuple: shownTuple(tuple),
    error: shownText(`${typeof code === 'string' ? code : name}: ${message}`, 600),
    stack: stack === undefined ? undefined : shownText(stack),
    position: shownText(position, 200),
  };
}
