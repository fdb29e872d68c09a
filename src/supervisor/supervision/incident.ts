// Exits as supervisors decide about them, from the lowest one that is concerned up.

import type { Strategy } from '../../flow/failure-policy.ts';
import type { ChildSpec, Escalation, Exit, Supervised } from './child.ts';
import type { RestartIntensity } from './restart-intensity.ts';
import type { Supervisor } from './supervisor.ts';

/** A child of a supervisor: one of its own, or a supervisor of such children. */
export type Member<Child extends Supervised> = Child | Supervisor<Child>;

export interface Kept<Child extends Supervised> {
  readonly spec: ChildSpec<Member<Child>>;
  /** Counted crashes since it last progressed: what its backoff grows with. */
  crashes: number;
}

/** Exits as they are being decided about. */
export interface Incident<Child extends Supervised> {
  readonly exits: ReadonlyMap<Child, Exit<Child>>;
  readonly counted: boolean;
  readonly nowMs: number;
  readonly stalledMs: number;
  /** Those that are to be restarted for their own exit. */
  readonly dead: Map<Child, Kept<Child>>;
  readonly gaveUp: Set<Supervisor<Child>>;
  readonly escalations: Escalation[];
  /** The counts of the supervisors above a crash that counts. */
  readonly windows: RestartIntensity[];
}

/** What is to be stopped and started, as it is being gathered. */
export interface Orders<Child> {
  readonly stops: Child[];
  readonly starts: { readonly child: Child; readonly supervisor: string }[];
}

/** The children that a strategy restarts if some have crashed, left to right. */
export function affected<Child>(
  strategy: Strategy,
  children: readonly Child[],
  hasCrashed: (child: Child) => boolean,
): readonly Child[] {
  const first = children.findIndex(hasCrashed);
  if (first < 0) return [];
  if (strategy === 'one_for_all') return children;
  if (strategy === 'rest_for_one') return children.slice(first);
  return children.filter(hasCrashed);
}
