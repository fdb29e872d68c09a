// A flow as a simulated thread gets it: the user's own, with taps around what waits for the world outside.
// Promises: operators are the user's; crashes without progress never make a supervisor give up, since they are the simulation's.
// What a source waits for takes virtual time by the seed, however long it took.

import type { FlowBuilder, FlowDefinition } from '../../flow/dataflow.ts';
import { INTENSITY_MAX } from '../../flow/failure-policy.ts';
import type { AnySource, AnySourceDefinition, SourceReader } from '../../flow/source.ts';
import type { Owner, Scheduler } from './scheduler.ts';

/** A source that waits may have its tuples at once, or so late that what it gave before has long been processed. */
const AT_ONCE_CHANCE = 0.5;
const WAIT_MS_MAX = 20;

export function simulatedFlow(flow: FlowDefinition<never>, scheduler: Scheduler, owner: Owner): FlowDefinition {
  return {
    ...flow,
    build: (builder: FlowBuilder, params: unknown) => {
      const { graph } = builder;
      const add = graph.add.bind(graph);
      graph.add = (node) =>
        add({
          ...node,
          supervision: { ...node.supervision, intensity: INTENSITY_MAX },
          ...(node.source && { source: tapped(node.source, node.name, scheduler, owner) }),
        });
      return flow.build(builder, params as never);
    },
  };
}

function tapped(source: AnySource, name: string, scheduler: Scheduler, owner: Owner): AnySource {
  if (source.kind !== 'reader') return source;
  return { ...source, open: (context) => openTapped(source, context, name, scheduler, owner) };
}

const waitMs = ({ random }: Scheduler): number => (random.chance(AT_ONCE_CHANCE) ? 0 : random.next() * WAIT_MS_MAX);

type Context = Parameters<AnySourceDefinition['open']>[0];
type Reader = SourceReader<never, unknown>;

function openTapped(
  source: AnySourceDefinition,
  context: Context,
  name: string,
  scheduler: Scheduler,
  owner: Owner,
): Reader | Promise<Reader> {
  let waiting: ((ended: () => void) => void) | undefined;
  let isWoken = false;
  scheduler.readsFiles = true;
  /** What the source says from outside, it says in a task of its thread. */
  const hear = (action: () => void): void => {
    isWoken = true;
    const ended = waiting;
    waiting = undefined;
    // Also what comes while the thread is at work: a disk that is faster than its task must make no difference.
    (ended ?? scheduler.outside(owner, `source '${name}'`))(action);
  };
  const opened = source.open({
    ...context,
    wake: () => hear(() => context.wake()),
    fail: (error) => hear(() => context.fail(error)),
  });
  const tap = (reader: Reader): Reader => ({
    get position() {
      return reader.position;
    },
    read: (emit, limit) => {
      isWoken = false;
      const status = reader.read(emit, limit);
      if (status === 'wait' && !isWoken) waiting ??= scheduler.outside(owner, `source '${name}'`, waitMs(scheduler));
      return status;
    },
    close: () => {
      waiting?.(() => {});
      waiting = undefined;
      reader.close();
    },
  });
  if (!(opened instanceof Promise)) return tap(opened);
  const settle = scheduler.outside(owner, `opening of source '${name}'`);
  return new Promise((resolve, reject) => {
    opened.then(
      (reader) => settle(() => resolve(tap(reader))),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
