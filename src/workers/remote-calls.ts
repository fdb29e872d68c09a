// Calls to an object in another thread: comlink over a MessagePort, behind one wrapper.
// Promises: every call settles: with its answer, with the error that the other side threw, or with one that says that the other
// side is gone (`isGone`). Once it is gone nothing refers to the port, to the calls under way or to whoever waited for them:
// comlink by itself keeps an unanswered call, and all that waits for it, for as long as the process lives.
// Relies on: errors cross as records (errors.ts), since comlink would keep only their message.

import type { MessagePort } from 'node:worker_threads';
import { type Endpoint, expose, releaseProxy, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { type ErrorRecord, fromRecord } from '../errors.ts';

/** The methods of a target, as another thread calls them. */
export type Calls<Target> = {
  readonly [Name in keyof Target]: Target[Name] extends (...values: infer Values) => infer Result
    ? (...values: Values) => Promise<Awaited<Result>>
    : never;
};

type Call = (...values: unknown[]) => Promise<unknown>;

/** How a call ended. */
export type CallOutcome =
  | { readonly kind: 'done' }
  /** The thread is gone, and why; whether it carried the call out is not known. */
  | { readonly kind: 'gone'; readonly cause: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

const endpointOf = (port: MessagePort): Endpoint => nodeEndpoint(port as never);

/** What calls reject with when the other side is gone: told by identity, since a flow may throw an error of any code. */
const goneErrors = new WeakSet<object>();

/** True of what a call rejects with because the other side is gone. */
export const isGone = (error: unknown): error is Error =>
  typeof error === 'object' && error !== null && goneErrors.has(error);

/** Serves the calls that come through a port. */
export function exposeOn(port: MessagePort, target: object): void {
  expose(target, endpointOf(port));
}

/**
 * The caller's end of an object that another thread has exposed.
 * @param gone resolves, with what calls reject with, when the other side is gone; then the port is closed too
 */
export function callsThrough<Target extends object>(
  port: MessagePort,
  names: readonly (keyof Target & string)[],
  gone: Promise<Error>,
): Calls<Target> {
  const remote = wrap<Record<string, Call>>(endpointOf(port));
  const target = Object.fromEntries(
    names.map((name): [string, Call] => [name, (...values) => remote[name](...values) as Promise<unknown>]),
  );
  const calls = settling(names, target as Calls<Target>, gone);
  void gone.then(() => {
    port.close();
    remote[releaseProxy]();
  });
  return calls;
}

/** Calls of a target that settle also when nobody is left to answer. */
export function settling<Target extends object>(
  names: readonly (keyof Target & string)[],
  target: Calls<Target>,
  gone: Promise<Error>,
): Calls<Target> {
  // A set, and not a reaction to `gone` for each call: those would gather for as long as the other side lives.
  const underWay = new Set<(error: Error) => void>();
  let end: Error | undefined;
  void gone.then((error) => {
    goneErrors.add(error);
    end = error;
    for (const reject of underWay) reject(error);
    underWay.clear();
  });
  const call = (name: keyof Target & string, values: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (end !== undefined) {
        reject(end);
        return;
      }
      underWay.add(reject);
      (target[name] as Call)(...values).then(
        (answer) => {
          underWay.delete(reject);
          resolve(answer);
        },
        (error: unknown) => {
          underWay.delete(reject);
          reject(revive(error));
        },
      );
    });
  return Object.fromEntries(names.map((name) => [name, (...values: unknown[]) => call(name, values)])) as Calls<Target>;
}

/** The same calls for whoever does not wait for them. What the other side throws is still an unhandled rejection here. */
export const unawaited = <Target extends object>(
  names: readonly (keyof Target & string)[],
  calls: Calls<Target>,
): Target =>
  Object.fromEntries(
    names.map((name) => [name, (...values: unknown[]) => void answerOf((calls[name] as Call)(...values))]),
  ) as Target;

/** How a call ends. Never rejects. */
export const outcomeOf = (call: Promise<unknown>): Promise<CallOutcome> =>
  call.then(
    (): CallOutcome => ({ kind: 'done' }),
    (error: unknown): CallOutcome => (isGone(error) ? { kind: 'gone', cause: error.cause } : { kind: 'failed', error }),
  );

/** What a call answers; undefined if the other side is gone. */
export const answerOf = <Answer>(call: Promise<Answer>): Promise<Answer | undefined> =>
  call.catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });

/** The error of a record; anything else is a fault of the control plane itself, and stays as it is. */
export function revive(error: unknown): unknown {
  const record = error as Partial<ErrorRecord> | null;
  return typeof record === 'object' && record !== null && 'details' in record && !(error instanceof Error)
    ? fromRecord(record as ErrorRecord)
    : error;
}
