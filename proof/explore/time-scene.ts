// Scenes of event time: a relay whose timers go by it, a source whose tuples may be late, and a source whose partitions change hands.
// Promises: times are those of the flow alone. What reads the output knows no more of time than frames say.

import { stageName } from '../../src/flow/plan.ts';
import { dataflow, t } from '../../src/index.ts';
import { Alignment } from '../../src/mailbox/alignment.ts';
import { generateDecoder } from '../../src/mailbox/decoder.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { RingReader, startMark } from '../../src/mailbox/ring-reader.ts';
import { generate } from '../../src/sources.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import type { Placement } from '../../src/supervisor/deployment.ts';
import { actorScene, type Beside, type Deployed } from './actor-scene.ts';
import { type CaseFlow, expectNext, type Kept } from './cases/flows.ts';
import { type Asked, handOverBeside, REPLICAS } from './hand-over-scene.ts';
import type { Scene } from './scene.ts';

const AT = { n: t.u32(), at: t.u32() };

/** Each tuple sets a timer `afterMs` later; what fires is numbered. The last tuple fails at its first try if that is asked for. */
export const timerFlow =
  (times: readonly number[], afterMs: number, fails = false) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'timer', (flow) => {
      flow
        .source(
          'writer',
          generate(AT, (i) => ({ n: 1, at: times[i] }), { count: times.length }),
        )
        .withEventTime('at')
        .keyBy('n')
        .process(
          'relay',
          { state: { seen: t.u32(), fired: t.u32() }, output: { n: t.u32() } },
          ({ at }, state, _emit, { timers }) => {
            state.seen += 1;
            timers.at(at + afterMs, `${at}`);
            if (!fails || at !== times.at(-1) || kept.flaky === 1) return;
            kept.flaky = 1;
            throw new Error('the last tuple fails once');
          },
          {
            fuse: false,
            failure: 'stop',
            onTimer: (_key, state, emit) => {
              state.fired += 1;
              emit({ n: state.fired });
            },
          },
        )
        .forEach('reader', ({ n }) => expectNext(kept, 'reader', n), { fuse: false, failure: 'stop' });
    });

/** What is on time is 1, 2, …; what is late has the number 0, and nobody reads it. */
export const lateFlow =
  (times: readonly number[]) =>
  (kept: Kept): CaseFlow =>
    dataflow(import.meta.url, 'late', (flow) => {
      const numberOf = (i: number): number => {
        const isLate = (k: number): boolean => times.slice(0, k).some((before) => before > times[k]);
        return isLate(i) ? 0 : times.slice(0, i + 1).filter((_, k) => !isLate(k)).length;
      };
      flow
        .source(
          'writer',
          generate(AT, (i) => ({ n: numberOf(i), at: times[i] }), { count: times.length }),
        )
        .withEventTime('at')
        .forEach('reader', ({ n }) => expectNext(kept, 'reader', n), { fuse: false, failure: 'stop' });
    });

const SOURCE = 'writer';
const READER = 'reader';
const PARTITIONS = 2;
/** By how much the first partition lags. */
const AHEAD_MS = 100;

/** Tuples of both partitions. */
const laggingSource = (tuples: number, isJoining: boolean) => (): CaseFlow =>
  dataflow(import.meta.url, 'lagging', (flow) => {
    const timeOf = (i: number): number => Math.floor(i / PARTITIONS) + (i % PARTITIONS === 0 ? 0 : AHEAD_MS);
    flow
      .source(
        SOURCE,
        generate(AT, (n) => ({ n, at: timeOf(n) }), { count: tuples, partitions: PARTITIONS }),
        { parallelism: { max: 2, start: isJoining ? 1 : 2 }, failure: 'stop' },
      )
      .withEventTime('at')
      // It never runs: what it would read is looked at in the end.
      .forEach(READER, () => {}, { fuse: false });
  });

/** Reads all rings, each as far as it can be before the next; nothing may be earlier than what they have said together. */
function problemOfTimes({ placements }: Deployed, order: readonly number[], tuples: number): string | undefined {
  const { descriptor, stage } = placements.find((each) => stageName(each.stage) === READER) as Placement;
  const from = new CommitLog(descriptor.commit).lastCommit().cursors.inputs;
  const readers = descriptor.inputs.map(
    ({ memory, slot }, i) => new RingReader(new Ring(memory.ring), slot, startMark(from[i].position)),
  );
  const alignment = new Alignment(readers.map((reader) => ({ reader, upstream: 0 })));
  const decoder = generateDecoder<{ at: number }>(READER, stage.operators[0].inputs[0].schema, 0, -1, undefined, true);
  let read = 0;
  let last = Number.NEGATIVE_INFINITY;
  const positions = (): string => readers.map(({ position }) => position).join();
  for (let before = ''; before !== positions(); ) {
    before = positions();
    for (const place of order) {
      const reader = readers[place];
      while (alignment.load(reader)) {
        const { watermark } = alignment;
        if (watermark < last) return `time goes back from ${last} to ${watermark}`;
        last = watermark;
        decoder.open(reader.ring.data, reader.frameIndex, reader.count, undefined);
        for (let row = 0; row < reader.count; row++) {
          const { at } = decoder.tupleAt(row);
          if (at < watermark) return `a tuple of ${at} comes when all is said to be at ${watermark}`;
          read++;
        }
        reader.advance(reader.count);
      }
    }
  }
  return read === tuples ? undefined : `${read} tuples of ${tuples} came`;
}

export interface LaggingOptions extends Pick<Asked, 'isJoining' | 'request' | 'ends'> {
  readonly tuples: number;
  readonly moved: readonly number[];
}

export function laggingScene({ tuples, moved, ...asked }: LaggingOptions): Scene {
  const beside = (deployed: Deployed): Beside => {
    const replicas = deployed.placements.filter(({ stage }) => stageName(stage) === SOURCE);
    return handOverBeside(
      { ...asked, groups: moved },
      deployed,
      replicas,
      () => problemOfTimes(deployed, [0, 1], tuples) ?? problemOfTimes(deployed, [1, 0], tuples),
    );
  };
  return actorScene(laggingSource(tuples, asked.isJoining), {
    ringWords: 64,
    replicas: { [SOURCE]: REPLICAS },
    absent: [READER],
    beside,
  });
}
