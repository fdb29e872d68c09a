// One request: a tuple whose result is awaited. A state machine in which result, time-out, failure and abort meet.
// Promises: it has one outcome, whatever settles late or twice; the outcome stays until its tuple is committed, so that a batch that
// is rolled back does not ask again. A closure that throws, and a promise that rejects, are one and the same.
// Relies on: all of it happens in one thread.

import { errors } from '../../errors.ts';
import type { Asking, RequestContext } from '../../flow/asking.ts';
import type { Cancel } from '../../platform/clock.ts';

/** The pause before a retry at most, in milliseconds. */
const BACKOFF_MS_MAX = 60_000;

export const RequestState = {
  /** An attempt is under way. */
  asking: 0,
  /** The last attempt has failed, and the next one has its time. */
  pausing: 1,
  /** {@link Request.result} is what its tuple has come to. */
  answered: 2,
  /** {@link Request.result} is what its last attempt has failed with. */
  failed: 3,
  /** Nobody wants the result any more. */
  dropped: 4,
  /** It waits for another one of its key, and then for {@link Request.begin}. */
  queued: 5,
} as const;
type RequestState = (typeof RequestState)[keyof typeof RequestState];

/** What requests of one operator have in common. */
export interface RequestHost {
  readonly operator: string;
  readonly asking: Asking;
  readonly closure: (tuple: unknown, context: RequestContext) => unknown;
  after(ms: number, action: () => void): Cancel;
  /** A request has come to its outcome. */
  settled(request: Request): void;
}

/** The context of one attempt: an AbortController is made only for closures that look at the signal. */
class Attempt implements RequestContext {
  readonly idempotencyKey: string;
  readonly attempt: number;
  #controller: AbortController | undefined;

  constructor(idempotencyKey: string, attempt: number) {
    this.idempotencyKey = idempotencyKey;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

export class Request {
  /** Which input its tuple is of. */
  readonly input: number;
  /** Where its tuple stands in the ring. */
  readonly position: number;
  readonly row: number;
  /** The key group of the tuple; -1 if the operator's replicas share none. */
  readonly group: number;
  /** Of the tuple, as text; empty where requests of a key may be made side by side. */
  readonly keyText: string;
  state: RequestState = RequestState.queued;
  /** What it has come to. */
  result: unknown;
  /** True once its result is out, before those of older rows: of the open batch, or of one that is committed. */
  isOut = false;
  isOutForGood = false;
  /** True if it waits for its turn, though it is there: what is behind the operator has failed at it. */
  waits = false;
  /** True once its row is committed. */
  isGone = false;
  private readonly host: RequestHost;
  private readonly tuple: unknown;
  private readonly idempotencyKey: string;
  private attempt: Attempt | undefined;
  private attempts = 0;
  private cancel: Cancel | undefined;
  private before: Request | undefined;

  /**
   * @param key the idempotency key
   * @param before the request before it of the same ring and key, where results keep the order of their key
   */
  constructor(
    host: RequestHost,
    { input, position, row, group }: Pick<Request, 'input' | 'position' | 'row' | 'group'>,
    tuple: unknown,
    key: string,
    keyText: string,
    before: Request | undefined,
  ) {
    this.host = host;
    this.input = input;
    this.position = position;
    this.row = row;
    this.group = group;
    this.tuple = tuple;
    this.idempotencyKey = key;
    this.keyText = keyText;
    this.before = before;
  }

  /** True while an attempt is under way, or is to be made again. */
  get isInFlight(): boolean {
    return this.state === RequestState.asking || this.state === RequestState.pausing;
  }

  /** The request whose result is to be out before its own; undefined if there is none. */
  get waitsFor(): Request | undefined {
    if (this.before?.isGone === true) this.before = undefined;
    return this.before;
  }

  /** Its row is committed. */
  leave(): void {
    this.isGone = true;
    // Else each request of a key would hold all before it.
    this.before = undefined;
  }

  /** True once it has an outcome. */
  get isSettled(): boolean {
    return this.state === RequestState.answered || this.state === RequestState.failed;
  }

  /** Begins the next attempt. Throws nothing. */
  begin(): void {
    const { host, idempotencyKey } = this;
    const { closure, asking } = host;
    const attempt = new Attempt(idempotencyKey, ++this.attempts);
    this.attempt = attempt;
    this.state = RequestState.asking;
    const { timeoutMs } = asking;
    if (timeoutMs !== undefined) this.cancel = host.after(timeoutMs, () => this.timedOut(attempt, timeoutMs));
    try {
      const promise = closure(this.tuple, attempt);
      if (isThenable(promise)) {
        promise.then(
          (value) => this.answered(attempt, value),
          (error: unknown) => this.failed(attempt, error),
        );
      } else this.answered(attempt, promise);
    } catch (error) {
      this.failed(attempt, error);
    }
  }

  /** Its result is out already: a commit says so. */
  finish(): void {
    this.state = RequestState.answered;
    this.isOut = true;
    this.isOutForGood = true;
    this.result = undefined;
  }

  private isAt(attempt: Attempt): boolean {
    return this.state === RequestState.asking && this.attempt === attempt;
  }

  private answered(attempt: Attempt, value: unknown): void {
    if (!this.isAt(attempt)) return;
    const { asking, operator } = this.host;
    if (!asking.isMany) this.settle(RequestState.answered, value);
    else if (!isIterable(value)) this.settle(RequestState.failed, errors.notIterable(operator, value));
    else this.gather(attempt, value);
  }

  /** At once, and once: a generator has its tuples only the first time. */
  private gather(attempt: Attempt, tuples: Iterable<unknown>): void {
    try {
      this.settle(RequestState.answered, [...tuples]);
    } catch (error) {
      this.failed(attempt, error);
    }
  }

  private failed(attempt: Attempt, error: unknown): void {
    if (!this.isAt(attempt)) return;
    const { asking, after } = this.host;
    if (this.attempts > asking.retries) {
      this.settle(RequestState.failed, error);
      return;
    }
    this.cancel?.();
    this.cancel = undefined;
    this.state = RequestState.pausing;
    const pauseMs = Math.min(BACKOFF_MS_MAX, asking.backoffMs * 2 ** (this.attempts - 1));
    const again = (): void => {
      if (this.state === RequestState.pausing) this.begin();
    };
    if (pauseMs === 0) queueMicrotask(again);
    else this.cancel = after(pauseMs, again);
  }

  private timedOut(attempt: Attempt, timeoutMs: number): void {
    if (!this.isAt(attempt)) return;
    const error = errors.asyncTimeout(this.host.operator, attempt.attempt, timeoutMs, this.idempotencyKey);
    this.failed(attempt, error);
    // Last: what its listeners do changes nothing any more.
    attempt.abort(error);
  }

  private settle(state: RequestState, result: unknown): void {
    this.cancel?.();
    this.cancel = undefined;
    this.attempt = undefined;
    this.state = state;
    this.result = result;
    this.host.settled(this);
  }

  /** Nobody wants the result any more: an attempt that is under way is aborted. */
  drop(reason: unknown): void {
    const { attempt, state } = this;
    this.cancel?.();
    this.cancel = undefined;
    this.attempt = undefined;
    this.state = RequestState.dropped;
    if (state === RequestState.asking) attempt?.abort(reason);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;
