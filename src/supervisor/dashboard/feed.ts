// What the page is told: once what a job is, and then four times a second how it stands: first the whole, and then what has changed.
// Promises: readings are taken only while somebody waits for them, one for all who do; a slow reader gets fewer states, each of
// them the latest, and none is queued: one that has missed a state gets the whole. What is kept for those who come later is bounded.

import { randomUUID } from 'node:crypto';
import type { SystemHandle } from '../../flow/bridge.ts';
import type { DeadLetter } from '../job/job-api.ts';
import { stackText } from '../job/notices/notices.ts';
import type { JobRates } from '../readings/between.ts';
import type { JobReading } from '../readings/job-reading.ts';
import type { JobTopology } from '../readings/job-topology.ts';
import { ActorCounter } from './actor-counts.ts';
import { changeOf, type Part } from './changes.ts';
import { type ShownEvent, shownEvent } from './event-text.ts';
import { Heat } from './heat.ts';
import { History } from './history.ts';
import { layoutOf, NODE_HEIGHT, NODE_WIDTH } from './layout.ts';
import { shownName, shownText, shownTuple, shownValue } from './shown.ts';
import {
  edgeSummary,
  hintTexts,
  operatorDetails,
  operatorSummary,
  round,
  type Sample,
  sampleOf,
  treeSummary,
} from './summary.ts';
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
  /** The state that it has; -1 for none. */
  version: number;
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
  #latest: Sample | undefined;
  #sampledAtMs = Number.NEGATIVE_INFINITY;
  /** Of the operators, in the order in which the page has them. */
  #names: readonly string[] = [];
  #state: Part = {};
  #stateBefore: Part = {};
  /** Counts states. */
  #version = 0;
  /** Of this version, made when a reader needs them, once for all. */
  #texts: { state?: string; change?: string } = {};
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
    return { event: 0, letter: 0, point: 0, version: -1 };
  }

  /**
   * The latest state as JSON, with what is new to a reader, who is put behind that. A reader that has the state before is told what has
   * changed, and any other one the whole.
   */
  frame(place: Place): string {
    this.#freshen();
    const news = JSON.stringify({
      version: this.#version,
      events: this.#events.since(place.event),
      letters: this.#letters.since(place.letter),
      points: this.#points.since(place.point),
      isOver: this.#isOver,
      // Nobody can be asked for them any more.
      details: this.#isOver ? this.#names.map((name) => this.details(name)) : undefined,
    });
    const state =
      place.version === this.#version
        ? '"change":{}'
        : place.version === this.#version - 1
          ? `"change":${this.#changeText()}`
          : `"state":${this.#stateText()}`;
    place.event = this.#events.end;
    place.letter = this.#letters.end;
    place.point = this.#points.end;
    place.version = this.#version;
    return `${news.slice(0, -1)},${state}}`;
  }

  /** The replicas and key groups of an operator, one by one; undefined if there is no such operator. */
  details(name: string): Part | undefined {
    this.#freshen();
    const sample = this.#latest as Sample;
    const index = sample.now.operators.findIndex((operator) => operator.name === name);
    return index < 0 ? undefined : operatorDetails(index, sample, this.#heats.get(name)?.digits);
  }

  /** Whoever comes after a time in which nobody has looked is not shown what was then. */
  #freshen(): void {
    if (!this.#isOver && performance.now() - this.#sampledAtMs > 2 * EVERY_MS) this.#sample();
  }

  #stateText(): string {
    this.#texts.state ??= JSON.stringify(this.#state);
    return this.#texts.state;
  }

  #changeText(): string {
    this.#texts.change ??= JSON.stringify(changeOf(this.#stateBefore, this.#state) ?? {});
    return this.#texts.change;
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
    if (this.#latest !== undefined) this.#sample();
    this.#wake();
  }

  #sample(): void {
    const job = this.#job;
    const before = this.#latest?.now ?? 'start';
    const sample = sampleOf(before, job.reading());
    this.#latest = sample;
    this.#sampledAtMs = performance.now();
    const { now, rates } = sample;
    // A mean over a time in which nobody looked is no point of a line.
    if (before !== 'start' && rates.spanMs < 4 * EVERY_MS) this.#points.add(this.#pointOf(now, rates));
    for (const { name, groups } of now.operators) {
      if (groups === undefined) continue;
      const heat = this.#heats.get(name) ?? new Heat();
      this.#heats.set(name, heat);
      heat.take(groups);
    }
    const topology = job.topology();
    this.#names = topology.operators.map(({ name }) => name);
    const numbers = new Map(now.operators.map(({ name }, index) => [name, index]));
    const numberOf = (name: string): number => numbers.get(name) as number;
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    this.#stateBefore = this.#state;
    this.#version++;
    this.#texts = {};
    this.#state = {
      atMs: now.atMs,
      elapsedMs: Math.round(now.elapsedMs),
      stalled: now.stalled === undefined ? undefined : shownText(now.stalled.reason, 300),
      hints: hintTexts(now),
      operators: this.#names.map((name) => operatorSummary(numberOf(name), sample)),
      edges: topology.edges.map((edge) => edgeSummary(edge, numberOf(edge.from), sample)),
      letterCount: now.operators.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
      memory: { rss, heapUsed, arrayBuffers },
      workers: job
        .workers()
        .flatMap(({ worker, state, actors }) => (state === 'lost' ? [] : [{ worker, state, actors: actors.length }])),
      tree: treeSummary(job.tree(), this.#reasons),
      actors: this.#actors.latest(now.atMs) as Part,
    };
  }

  #pointOf({ atMs }: JobReading, { operators }: JobRates): Point {
    const ends = this.#ends.map(({ index, isSource }) => operators[index][isSource ? 'rateOut' : 'rateIn']);
    return [atMs, ...ends.map((rate) => round(rate, 1))];
  }
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
