// Everything that a job is made of, made once and in order: memory, the app's ends, supervision, workers, and who watches over them.
// Promises: nothing runs before it is started. Relies on: what parts ask of each other they ask when the job runs.

import type { StepWords } from '../../actors/vitals/step-words.ts';
import { type Plan, stageName } from '../../flow/plan.ts';
import type { WakeWords } from '../../mailbox/wake.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ActorName, FlowReference, WorkerSettings } from '../../workers/control.ts';
import { Patience } from '../../workers/patience.ts';
import type { ThreadPool } from '../../workers/pool.ts';
import type { TraceReport } from '../../workers/tuple-traces.ts';
import { deploy, type Placement } from '../deployment.ts';
import { JobElasticity } from '../elasticity/job-elasticity.ts';
import type { JobContext } from '../job-context.ts';
import { JobReader } from '../readings/job-reader.ts';
import { TopologyReader } from '../readings/job-topology.ts';
import { Backups } from '../recovery/backups.ts';
import { HangWatch } from '../recovery/hang-watch.ts';
import { Recovery } from '../recovery/recovery.ts';
import type { Replica } from '../replicas/replica.ts';
import { Roster } from '../replicas/roster.ts';
import type { JobSupervision } from '../supervision/job-supervision.ts';
import { superviseStages } from '../supervision/supervise-stages.ts';
import { JobWorkers } from '../workers/job-workers.ts';
import { scratchActors } from '../workers/scratch-actors.ts';
import { AppEnds, type EndEvents } from './app-ends.ts';
import { AppHost } from './app-host.ts';
import { CollectedLetters } from './dead-letters.ts';
import { Endings } from './endings.ts';
import { noticesTo } from './events/event-log.ts';
import type { Occurrence } from './events/job-event.ts';
import type { JobEvents } from './events/job-events.ts';
import type { DeadLetter } from './job-api.ts';
import type { JobGround } from './job-ground.ts';
import { JobStart } from './job-start.ts';
import { JobNotices } from './notices/job-notices.ts';
import { Notices } from './notices/notices.ts';
import type { Platform } from './platform.ts';
import type { CheckedOptions } from './run-options.ts';
import type { Settlement } from './settlement.ts';
import { StallDetector } from './stalls/stall-detector.ts';
import { StallReader } from './stalls/stall-reading.ts';
import { StateQuery } from './state-query.ts';
import { workerReports } from './worker-reports.ts';

/** What the parts tell the job. */
export interface JobSignals extends EndEvents {
  allEnded(): void;
}

export class JobParts implements JobContext {
  readonly name: string;
  readonly clock: Clock;
  readonly options: CheckedOptions;
  readonly plan: Plan;
  readonly placements: readonly Placement[];
  /** Workers that the job begins with. */
  readonly firstWorkers: number;
  readonly roster: Roster;
  readonly ends: AppEnds;
  readonly supervision: JobSupervision<Replica>;
  readonly pool: ThreadPool;
  readonly workers: JobWorkers;
  readonly settings: WorkerSettings;
  readonly stepWords: StepWords;
  readonly wakeWords: WakeWords;
  readonly appHost: AppHost;
  readonly supervisorHost: AppHost;
  readonly backups: Backups | undefined;
  readonly patience: Patience;
  readonly letters: CollectedLetters;
  /** Told of each letter, which stays unread for the app. */
  readonly letterWatchers: ((letter: DeadLetter) => void)[] = [];
  /** Told of tuples of sampled traces. */
  readonly traceWatchers: ((worker: number, report: TraceReport) => void)[] = [];
  readonly notices: JobNotices;
  readonly endings: Endings;
  readonly start: JobStart;
  readonly recovery: Recovery;
  readonly elasticity: JobElasticity;
  readonly hangWatch: HangWatch;
  readonly stallDetector: StallDetector;
  readonly queries: ReadonlyMap<string, StateQuery>;
  readonly reader: JobReader;
  readonly topology: TopologyReader;
  readonly #events: JobEvents;
  readonly #settlement: Settlement;
  readonly #signals: JobSignals;

  constructor(
    flow: FlowReference,
    plan: Plan,
    options: CheckedOptions,
    platform: Platform,
    ground: JobGround,
    { events, settlement, signals }: { events: JobEvents; settlement: Settlement; signals: JobSignals },
  ) {
    const { clock } = platform;
    const { hosts } = ground;
    const { lingerMs, startTimeoutMs } = options;
    this.name = flow.name;
    this.clock = clock;
    this.options = options;
    this.plan = plan;
    this.#events = events;
    this.#settlement = settlement;
    this.#signals = signals;
    this.settings = { lingerMs, backupEveryMs: options.backup?.everyMs, startTimeoutMs };
    const { placements, appHost } = deploy(plan, options.workers, options, hosts, platform.newRun());
    this.placements = placements;
    this.firstWorkers = ground.firstWorkers;
    this.roster = new Roster(placements);
    this.wakeWords = ground.wakeWords;
    this.stepWords = ground.stepWords;
    this.appHost = new AppHost(appHost, this.wakeWords, clock, true);
    this.supervisorHost = new AppHost(hosts + 2, this.wakeWords, clock);
    this.ends = new AppEnds(plan, placements, this.appHost, signals);
    this.notices = this.#noticesOf();
    this.letters = new CollectedLetters(
      this.roster.replicas.map(({ descriptor }) => descriptor),
      new AppHost(hosts + 1, this.wakeWords, clock),
      (letter) => {
        this.announce(this.notices.letterEvent(letter));
        for (const watch of this.letterWatchers) watch(letter);
      },
      () => this.notices.lettersRead(),
    );
    this.supervision = superviseStages(flow.name, plan, this.roster, options);
    this.pool = ground.pool;
    this.patience = new Patience(clock, startTimeoutMs, (text) => this.notices.takesLong(text));
    this.workers = this.#workersOf(flow, hosts);
    this.backups = this.#backupsOf();
    this.endings = new Endings(this, () => signals.allEnded());
    this.start = new JobStart(this, this.patience);
    this.recovery = new Recovery(this);
    this.reader = new JobReader(this, {
      lettersOf: (operator) => this.letters.countOf(operator),
      stall: () => this.stallDetector.current,
    });
    this.topology = new TopologyReader(this);
    this.elasticity = new JobElasticity(this, this.reader, this.recovery, (replica) => this.endings.check(replica));
    this.hangWatch = new HangWatch(this, this.recovery, (event) => this.notices.slow(event));
    this.stallDetector = this.#stallDetectorOf();
    this.queries = this.#queriesOf();
  }

  isOver(): boolean {
    return this.#settlement.isOver;
  }

  isStopping(): boolean {
    return this.#settlement.isStopping;
  }

  announce(occurrence: Occurrence): void {
    this.#events.announce(occurrence);
  }

  fail(error: unknown): void {
    this.#signals.fail(error);
  }

  #noticesOf(): JobNotices {
    const job = {
      name: this.name,
      isFailureHeard: () => this.#settlement.isHeard || this.ends.hasThrown,
      isReading: () => this.ends.isRead,
      stall: () => this.stallDetector.current,
      otherEnds: () => this.ends.openEnds,
    };
    return new JobNotices(
      this.clock,
      job,
      new Notices(this.name, noticesTo(this.options.notices, this.options.logger)),
    );
  }

  #workersOf(flow: FlowReference, hosts: number): JobWorkers {
    const { clock, patience, pool, plan, options } = this;
    return new JobWorkers({
      clock,
      patience,
      pool,
      flow,
      hosts,
      spares: options.spares,
      workersMax: options.maxWorkers,
      reportsOf: (worker) => workerReports(this, worker),
      lost: (worker, cause) => {
        this.wakeWords.leave(worker.host);
        void this.recovery.lost(worker, cause);
      },
      warmUp: async ({ hired }) => hired.control.warmUp(scratchActors(plan)),
      spareFailed: (error, attempt) => this.announce({ type: 'spareFailed', error: asError(error), attempt }),
    });
  }

  #backupsOf(): Backups | undefined {
    const { backup } = this.options;
    if (backup === undefined) return undefined;
    const operatorOf = ({ stage }: ActorName): string => stageName(this.plan.stages[stage]);
    return new Backups(
      backup,
      (actor) => `${this.name}/${operatorOf(actor)}/${actor.replica}`,
      (actor, error) => {
        const { replica } = actor;
        this.announce({ type: 'backupFailed', operator: operatorOf(actor), replica, error: asError(error) });
      },
    );
  }

  #stallDetectorOf(): StallDetector {
    const reader = new StallReader(this, this.letters, () => this.#settlement.done.isHeard);
    return new StallDetector(this.clock, reader, {
      stalled: (stall, isForPeople) => {
        this.announce({ type: 'stalled', stall });
        if (isForPeople) this.notices.stalled(stall);
      },
      ended: (tookMs) => this.announce({ type: 'stallEnded', tookMs }),
    });
  }

  #queriesOf(): Map<string, StateQuery> {
    const { gone } = this.#settlement;
    const keyed = this.roster.stages.filter(({ operators }) => operators[0].state !== undefined);
    return new Map(keyed.map((stage) => [stageName(stage), new StateQuery(stage, this, gone)]));
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
