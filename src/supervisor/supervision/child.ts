// What a supervisor knows of a child, in OTP's terms.
// Promises: data only. Relies on: a child changes its state only through its own methods, so that it has one life.

/**
 * `starting` until it runs for the first time, `restarting` from a crash or stop until it runs again, `ended` when it has done all
 * its work, `failed` if it ended otherwise and is not restarted. Whoever is `dormant` has no part now, and is nobody's child.
 */
export type NodeState = 'starting' | 'running' | 'restarting' | 'ended' | 'failed' | 'dormant';

/** Something that a supervisor starts again: a replica of an operator, or any other actor. */
export interface Supervised {
  readonly state: NodeState;
  /** How often it was restarted, whether it crashed itself or not. */
  readonly restarts: number;
  /** It has crashed, or is to be stopped, and is to run again. */
  restarting(): void;
  /** It has done its work, or was stopped for good. */
  ended(): void;
  /** It is not restarted any more. */
  failed(): void;
}

/**
 * When a child is restarted that has exited: `permanent` always, `transient` unless it has ended normally, `temporary` never. A
 * temporary child that has exited, or was stopped with others, is no child any more.
 */
export type RestartKind = 'permanent' | 'transient' | 'temporary';

/** A child, and how its supervisor treats it. */
export interface ChildSpec<Child> {
  readonly child: Child;
  readonly restart: RestartKind;
  /** How long it may take to stop when its supervisor shuts down, in milliseconds. Of a supervisor: what its children may take. */
  readonly shutdownMs: number;
}

/** A child has exited. */
export interface Exit<Child> {
  readonly child: Child;
  readonly reason: 'normal' | 'crash';
  /** It has moved on since its previous crash: this one is not held against it. */
  readonly progressed: boolean;
}

/** Children that exited at one moment: one, or all that a dead worker hosted. */
export interface Exits<Child> {
  readonly exits: readonly Exit<Child>[];
  /** False for deaths that belong to a search with a bound of its own. */
  readonly counted: boolean;
  readonly nowMs: number;
  /** How long a hang lasted until it was found; 0, the default, for other crashes. */
  readonly stalledMs?: number;
}

/** A supervisor gave up: it had more than `intensity` crashes without progress within `periodMs`. */
export interface Escalation {
  /** Path of the supervisor that gave up, and of the one above it, which now decides. */
  readonly from: string;
  readonly to: string;
  readonly intensity: number;
  readonly periodMs: number;
}

/** First stop `stops`, in their order, and wait until they have stopped; then, after `delayMs`, start `starts`, in their order. */
export interface RestartDecision<Child> {
  readonly kind: 'restart';
  /** Backoff; of several crashed children the longest. */
  readonly delayMs: number;
  /** Children that run and are to be stopped with the crashed ones, right to left. */
  readonly stops: readonly Child[];
  /** The crashed and the stopped ones, left to right, each with the path of the supervisor that restarts it. */
  readonly starts: readonly { readonly child: Child; readonly supervisor: string }[];
  readonly escalations: readonly Escalation[];
}

/** The supervisor that was asked gave up, or had failed before. */
export interface FailDecision {
  readonly kind: 'fail';
  /** From the lowest supervisor up; empty if it failed for another reason. */
  readonly escalations: readonly Escalation[];
}

export type RestartOrFail<Child> = RestartDecision<Child> | FailDecision;
