// A supervisor: it decides which of its children an exit restarts, in which order and after what delay, and when it gives up.
// Promises: no thread, no timer and no clock of its own; the same calls give the same decisions; children start left to right and
// stop right to left; an ended child is never restarted.
// Relies on: the caller tells every exit, with the time, and does what a decision says.

import { errors } from '../../errors.ts';
import type { Strategy, SupervisionOptions } from '../../flow/failure-policy.ts';
import type {
  ChildSpec,
  Escalation,
  Exits,
  FailDecision,
  RestartDecision,
  RestartOrFail,
  Supervised,
} from './child.ts';
import { affected, type Incident, type Kept, type Member, type Orders } from './incident.ts';
import { backoffMs, RestartIntensity } from './restart-intensity.ts';

/** How supervisors are called: by a name, and by the path that leads to it from the top; and the path of the one above. */
export interface SupervisorName {
  readonly name: string;
  readonly path: string;
  readonly above: string;
}

/**
 * OTP's supervisor, over children of its own and over other supervisors. A crash goes to the supervisor of the child, which restarts
 * by its strategy. If it has had too many crashes it gives up, and the supervisor above it takes all that is below it for crashed,
 * with its own strategy and count. What differs from OTP:
 *
 * - Only a crash *without progress* counts against the intensity: a restart loses no state, so a child that crashes now and then, but
 *   moves on, is healthy.
 * - Children that crash together are one event for each supervisor above them.
 * - A child that is not restarted for its own crash is touched only if it runs: one that is just being started begins afresh anyway.
 *   So a child is in `starts` again only if it has crashed again, and then its earlier start is void.
 * - There is a backoff, and neither it nor the time to find a hang counts as time in which a loop of crashes went well.
 * - A supervisor that is restarted by the one above forgets its crashes, as in OTP; the backoff of its children is kept.
 */
export class Supervisor<Child extends Supervised> {
  readonly name: string;
  readonly path: string;
  readonly strategy: Strategy;
  readonly #above: string;
  readonly #window: RestartIntensity;
  #children: Kept<Child>[] = [];
  #failure: FailDecision | undefined;

  constructor({ name, path, above }: SupervisorName, options: Required<SupervisionOptions>) {
    this.name = name;
    this.path = path;
    this.#above = above;
    this.strategy = options.strategy;
    this.#window = new RestartIntensity(options.intensity, options.periodMs);
  }

  get intensity(): number {
    return this.#window.intensity;
  }

  get periodMs(): number {
    return this.#window.periodMs;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Its children, left to right: in the order in which they were started. */
  get children(): readonly Member<Child>[] {
    return this.#children.map(({ spec }) => spec.child);
  }

  /** Takes a child on, to the right of the others. Under a supervisor that has failed, the child has too. */
  startChild(spec: ChildSpec<Member<Child>>): void {
    if (this.children.includes(spec.child)) throw errors.invariant(`supervisor '${this.path}' has each child once`);
    this.#children.push({ spec, crashes: 0 });
    if (this.#failure !== undefined) failMember(spec.child);
  }

  /** Lets a child go, which exits by itself. Nothing happens if it is no child. */
  deleteChild(child: Member<Child>): void {
    this.#children = this.#children.filter(({ spec }) => spec.child !== child);
  }

  /**
   * What to do about exits of children at any depth. Whoever has ended, or is no child, is passed over; after a failure the answer
   * stays the same.
   */
  exited({ exits, counted, nowMs, stalledMs = 0 }: Exits<Child>): RestartOrFail<Child> {
    if (this.#failure !== undefined) return this.#failure;
    const incident: Incident<Child> = {
      exits: new Map(exits.map((exit) => [exit.child, exit])),
      counted,
      nowMs,
      stalledMs,
      dead: new Map(),
      gaveUp: new Set(),
      escalations: [],
      windows: [],
    };
    const { escalations } = incident;
    if (this.#judge(incident)) return this.fail([...escalations, this.#escalation()]);
    const waitsMs = [...incident.dead.values()].map((kept) => (counted ? backoffMs(kept.crashes++) : 0));
    const delayMs = Math.max(0, ...waitsMs);
    for (const window of incident.windows) window.pause(nowMs, nowMs + delayMs);
    const orders: Orders<Child> = { stops: [], starts: [] };
    this.#order(incident, orders);
    return { kind: 'restart', delayMs, ...orders, escalations } satisfies RestartDecision<Child>;
  }

  /** It is over before its children are: nothing is restarted any more. */
  fail(escalations: readonly Escalation[] = []): FailDecision {
    this.#failure ??= { kind: 'fail', escalations };
    for (const child of this.children) failMember(child);
    return this.#failure;
  }

  /**
   * The children at any depth that have not ended, in the order in which a shutdown stops them: right to left. After a failure too:
   * nobody is restarted any more, but some still run.
   */
  shutdownOrder(): ChildSpec<Child>[] {
    return this.#children.toReversed().flatMap(({ spec: { child, ...rest } }) => {
      if (child instanceof Supervisor) return child.shutdownOrder();
      return child.state === 'ended' ? [] : [{ child, ...rest }];
    });
  }

  /** The lowest supervisor that is above all of these children. */
  lowestAbove(children: readonly Child[]): Supervisor<Child> {
    if (children.length === 0) return this;
    const below = this.children.find(
      (member): member is Supervisor<Child> =>
        member instanceof Supervisor && children.every((each) => member.has(each)),
    );
    return below?.lowestAbove(children) ?? this;
  }

  /** True if it is above the child, at any depth. */
  has(child: Child): boolean {
    return this.children.some((each) => each === child || (each instanceof Supervisor && each.has(child)));
  }

  /** Counts what counts; returns true if this supervisor gives up. */
  #judge(incident: Incident<Child>): boolean {
    const windowsBefore = incident.windows.length;
    let isStuck = false;
    for (const kept of [...this.#children]) {
      const { child } = kept.spec;
      const isCrash = child instanceof Supervisor ? child.#judge(incident) : this.#judgeChild(child, kept, incident);
      if (isCrash && child instanceof Supervisor) {
        incident.escalations.push(child.#escalation());
        if (kept.spec.restart !== 'temporary') incident.gaveUp.add(child);
        else this.#drop(child);
      }
      isStuck ||= isCrash && kept.spec.restart !== 'temporary';
    }
    // What is no evidence of health for a supervisor is none for the one above, whose own count is of escalations.
    if (!isStuck && incident.windows.length === windowsBefore) return false;
    incident.windows.push(this.#window);
    this.#window.pause(incident.nowMs - incident.stalledMs, incident.nowMs);
    return isStuck && this.#window.count(incident.nowMs);
  }

  /** Returns true if the child has exited in a way that counts. */
  #judgeChild(child: Child, kept: Kept<Child>, { exits, counted, dead }: Incident<Child>): boolean {
    const exit = exits.get(child);
    if (exit === undefined || isOver(child)) return false;
    const { restart } = kept.spec;
    if (restart === 'temporary' || (restart === 'transient' && exit.reason === 'normal')) {
      if (exit.reason === 'normal') child.ended();
      else child.failed();
      if (restart === 'temporary') this.deleteChild(child);
      return false;
    }
    dead.set(child, kept);
    if (exit.progressed) kept.crashes = 0;
    return counted && !exit.progressed;
  }

  #drop(child: Supervisor<Child>): void {
    child.fail();
    this.deleteChild(child);
  }

  /** Orders what the strategies ask for: whole supervisors where they gave up, and what is below the others. */
  #order(incident: Incident<Child>, orders: Orders<Child>): void {
    const { dead, gaveUp } = incident;
    const hasCrashed = ({ spec: { child } }: Kept<Child>): boolean =>
      child instanceof Supervisor ? gaveUp.has(child) : dead.has(child);
    const restarted = new Set(affected(this.strategy, this.#children, hasCrashed));
    for (const kept of [...this.#children]) {
      const { child } = kept.spec;
      if (restarted.has(kept)) this.#restart(kept, this.path, incident, orders);
      else if (child instanceof Supervisor) child.#order(incident, orders);
    }
  }

  #restart({ spec }: Kept<Child>, supervisor: string, incident: Incident<Child>, orders: Orders<Child>): void {
    const { child, restart } = spec;
    if (child instanceof Supervisor) {
      child.#window.reset();
      for (const each of [...child.#children]) child.#restart(each, supervisor, incident, orders);
      return;
    }
    if (!incident.dead.has(child)) {
      if (child.state !== 'running') return;
      orders.stops.unshift(child);
      if (restart === 'temporary') {
        child.ended();
        this.deleteChild(child);
        return;
      }
    }
    orders.starts.push({ child, supervisor });
    child.restarting();
  }

  #escalation(): Escalation {
    return { from: this.path, to: this.#above, intensity: this.intensity, periodMs: this.periodMs };
  }
}

const isOver = ({ state }: Supervised): boolean => state === 'ended' || state === 'failed';

function failMember(member: Member<Supervised>): void {
  if (member instanceof Supervisor) member.fail();
  else if (!isOver(member)) member.failed();
}
