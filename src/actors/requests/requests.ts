// The requests of an operator that awaits: its tuples between what its replica has committed and what it has read ahead.
// Promises: each row of the inputs that the replica owns is asked about once by this thread, in the order of its ring, and at most
// `capacity` outcomes are awaited or wait for their turn; the actor reads a row when its outcome is there. Where order does not matter
// it reads rows out of turn, and its commit says which (finished-rows.ts); where it matters within a key, out of the turn of others
// (key-lanes.ts). Outcomes outlast a rollback, and are let go of when their rows are committed. After a crash whoever goes on asks again
// for what was not committed.
// Relies on: a row is overwritten only when it is committed; control frames mean to who reads ahead what they mean to the actor
// (alignment.ts), so nothing is asked that waits behind a fence for something that has no room.

import { errors } from '../../errors.ts';
import type { Asking, RequestContext } from '../../flow/asking.ts';
import { type ReadStream, type Stage, stageName } from '../../flow/plan.ts';
import { Alignment } from '../../mailbox/alignment.ts';
import { type Decoder, generateDecoder } from '../../mailbox/decoder.ts';
import { keyGroupOf, positionGroupOf } from '../../mailbox/hash.ts';
import { FrameKind } from '../../mailbox/ring.ts';
import { isBehind, type ReadMark, RingReader } from '../../mailbox/ring-reader.ts';
import type { Cancel } from '../../platform/clock.ts';
import type { CommitRecord } from '../../state/transaction/commit-record.ts';
import type { Input } from '../batch.ts';
import { rowsBefore } from '../inputs/restored-state.ts';
import { WorkCell } from '../vitals/vitals.ts';
import { readFinished, spanOf, writeFinished } from './finished-rows.ts';
import { KeyLanes, keyTextOf } from './key-lanes.ts';
import { Request, type RequestHost, RequestState } from './request.ts';

/** Requests that are begun before the clock is looked at. */
const LOOK_EVERY = 16;

/** What requests are made for. */
export interface RequestParts {
  readonly stage: Stage;
  readonly streams: readonly ReadStream[];
  readonly inputs: readonly Input[];
  /** Of the actor: which of its inputs may be read. */
  readonly alignment: Alignment;
  /** 1 for each key group that the replica owns. */
  readonly owned: Uint8Array;
  /** Shared; see {@link WorkCell}. */
  readonly work: Int32Array;
  /** Names the run of the flow, and the operator, in idempotency keys. */
  readonly keyPrefix: string;
  /** The last commit. */
  readonly committed: CommitRecord;
  after(ms: number, action: () => void): Cancel;
  wake(): void;
}

/** One input, as far as it is read ahead. */
interface Ahead {
  readonly input: Input;
  /** Stands behind the last row that was asked about. */
  readonly reader: RingReader;
  readonly decoder: Decoder;
  readonly stream: ReadStream;
  /** In the order of the ring: of each row that is owned, and lies between the last commit and {@link reader}. */
  readonly requests: Request[];
  /** Requests before this one are read by the open batch. */
  read: number;
  /** Requests before this one lie before {@link reader}. */
  passed: number;
  /** Of the next rows to be asked about, those whose results were out before a crash. */
  readonly finished: boolean[];
  /** Goes to rows out of turn. */
  readonly early: Input;
  /** Of each key that has any, the last of the requests; empty where keys have no order of their own. */
  readonly latest: Map<string, Request>;
}

export class Requests {
  /**
   * Stands in for the closure in the program: the outcome of the row in work.
   * @throws what the request has failed with
   */
  readonly take: (tuple: unknown, emit?: (tuple: unknown) => void) => unknown;
  private readonly parts: RequestParts;
  private readonly asking: Asking;
  private readonly host: RequestHost;
  private readonly aheads: readonly Ahead[];
  private readonly alignment: Alignment;
  /** Undefined where requests of a key may be made side by side. */
  private readonly lanes: KeyLanes | undefined;
  /** The input whose rows the program reads. */
  private reading: Ahead | undefined;
  /** The request that is read out of turn. */
  private early: Request | undefined;
  private isInTurn = false;
  private next = 0;
  /** True once the actor is woken for outcomes that it has not looked at. */
  private hasNews = false;
  /** Rows that are still to be asked about one by one: one of them may have killed its worker. */
  private careful = 0;
  private closed = false;

  constructor(parts: RequestParts) {
    const { stage, streams, inputs } = parts;
    const [head] = stage.operators;
    if (head.asking === undefined) throw errors.invariant(`operator '${head.name}' awaits what it asks`);
    this.parts = parts;
    this.asking = head.asking;
    this.host = {
      operator: head.name,
      asking: head.asking,
      closure: head.inputs[0].closure as (tuple: unknown, context: RequestContext) => unknown,
      after: parts.after,
      settled: (request) => this.settled(request),
    };
    this.lanes = head.asking.key === undefined ? undefined : new KeyLanes();
    this.aheads = inputs.map((input) => {
      const stream = streams[input.upstream];
      const { written, hashColumn } = stream;
      const { ring, slot } = input.reader;
      return {
        input,
        reader: new RingReader(ring, slot, input.reader),
        decoder: generateDecoder(`${stageName(stage)}/ahead`, stream.input.schema, written.keys.length, hashColumn),
        stream,
        requests: [],
        read: 0,
        passed: 0,
        finished: readFinished(parts.committed.cursors.finished, this.asking, input.index),
        early: { ...input, reader: new RingReader(ring, slot, input.reader) },
        latest: new Map(),
      };
    });
    this.alignment = new Alignment(this.aheads.map(({ reader, input: { upstream } }) => ({ reader, upstream })));
    this.take = this.asking.isMany
      ? (_tuple, emit) => {
          for (const tuple of this.outcome() as unknown[]) emit?.(tuple);
        }
      : () => this.outcome();
  }

  /** Where order is kept, the actor can do something about the oldest one only. */
  private settled(request: Request): void {
    this.lanes?.left(request);
    if (this.hasNews || this.closed) return;
    if (this.asking.isOrdered && !this.aheads.some((ahead) => this.first(ahead) === request)) return;
    this.hasNews = true;
    this.parts.wake();
  }

  /** The next rows, as many as may have been in flight when a worker died, are asked about one by one. */
  beCareful(): void {
    this.careful = this.asking.capacity;
  }

  /**
   * Begins requests for the next rows, as far as there is room.
   * @param until how far the inputs are read at most
   * @param isInTurn true if no row may be read out of turn until it is asked for the next ones
   * @param isLate asked now and then: true to stop
   * @returns true if there may be more to begin
   */
  ask(until: readonly ReadMark[] | undefined, isInTurn: boolean, isLate: () => boolean): boolean {
    this.hasNews = false;
    this.isInTurn = isInTurn;
    if (this.closed) return false;
    if (this.lanes !== undefined && this.beginNext(this.lanes, isLate)) return true;
    if (this.careful > 0) return false;
    const { aheads } = this;
    for (const ahead of aheads) this.catchUp(ahead);
    let left = LOOK_EVERY;
    let room = this.room(until);
    for (let k = 0; k < aheads.length; k++) {
      const ahead = aheads[(this.next + k) % aheads.length];
      // Rows that were asked about one by one.
      if (isBehind(ahead.reader, ahead.input.reader)) this.goTo(ahead, ahead.input.reader);
      // What was asked before a hand-over takes no room again.
      if (room <= 0 && ahead.passed === ahead.requests.length) continue;
      for (let asked = 1; asked > 0; ) {
        asked = this.askOf(ahead, Math.max(0, Math.min(room, left)), until?.[ahead.input.index]);
        room -= asked;
        left -= asked;
        if (left > 0) continue;
        if (isLate()) return true;
        left = LOOK_EVERY;
      }
    }
    this.next = (this.next + 1) % Math.max(1, aheads.length);
    return false;
  }

  /**
   * Begins requests that have waited for others of their keys, before rows are asked about that come later. Those in flight come to their
   * outcomes by themselves, so nothing that is asked can keep these from having their turn.
   * @returns true if there may be more to begin
   */
  private beginNext(lanes: KeyLanes, isLate: () => boolean): boolean {
    let room = this.asking.capacity - this.inFlight;
    for (let begun = 1; room > 0 && lanes.hasReady; begun++, room--) {
      this.begin(lanes.next() as Request);
      if (begun % LOOK_EVERY === 0 && isLate()) return true;
    }
    return false;
  }

  private get inFlight(): number {
    let count = 0;
    for (const { requests } of this.aheads) for (const { isInFlight } of requests) if (isInFlight) count++;
    return count;
  }

  /** Goes behind what was asked about one by one, which its reader has not come by. */
  private catchUp({ requests, passed, reader }: Ahead): void {
    const last = requests[passed - 1];
    if (last === undefined || isBehind(last, reader)) return;
    this.goToRow(reader, last);
    reader.advance(last.row + 1);
  }

  /**
   * How many requests may be begun. What lies behind the reader does not count, since it is from before a hand-over, and not what lies
   * behind a mark: it may have to wait for what comes before. Where keys have their own order only what is in flight counts: what waits
   * for its key would take room from others.
   */
  private room(until: readonly ReadMark[] | undefined): number {
    let held = 0;
    let span = Number.POSITIVE_INFINITY;
    for (const { requests, read, passed, input } of this.aheads) {
      const mark = until?.[input.index];
      for (let i = read; i < passed; i++) {
        const holds = this.lanes === undefined ? !requests[i].isOut : requests[i].isInFlight;
        if (holds && (mark === undefined || isBehind(requests[i], mark))) held++;
      }
      span = Math.min(span, spanOf(this.asking) - (passed - read));
    }
    const room = this.asking.capacity - held;
    return this.asking.isOrdered || until !== undefined ? room : Math.min(span, room);
  }

  /** Begins at most `room` requests of one input. Returns how many; fewer only if it has no more rows now. */
  private askOf(ahead: Ahead, room: number, until: ReadMark | undefined): number {
    const { reader, input, decoder } = ahead;
    const { alignment } = this;
    let asked = 0;
    for (let isFull = false; !isFull; ) {
      const rows =
        until !== undefined
          ? rowsBefore(alignment, reader, until)
          : alignment.load(reader)
            ? Number.POSITIVE_INFINITY
            : 0;
      if (rows === 0) break;
      decoder.open(reader.ring.data, reader.frameIndex, reader.count, input.dictionary);
      const to = Math.min(reader.count, reader.row + rows);
      let { row } = reader;
      for (; row < to; row++) {
        if (this.passes(ahead, reader.position, row) || this.isFinished(ahead, reader, row)) continue;
        isFull = asked === room;
        if (isFull) break;
        this.askAbout(ahead, reader, row);
        asked++;
      }
      reader.advance(row);
    }
    return asked;
  }

  /** Passes a row of the decoder's frame that needs no request: it is another replica's, or has been asked about. */
  private passes(ahead: Ahead, position: number, row: number): boolean {
    const { requests } = ahead;
    const group = groupOf(ahead, position, row);
    if (group >= 0 && this.parts.owned[group] === 0) return true;
    const place = { position, row };
    while (ahead.passed < requests.length && isBehind(requests[ahead.passed], place)) ahead.passed++;
    if (!isAt(requests[ahead.passed], place)) return false;
    ahead.passed++;
    return true;
  }

  /** Notes a row, which {@link passes} has come to, whose result was out before a crash. */
  private isFinished(ahead: Ahead, reader: RingReader, row: number): boolean {
    if (ahead.finished[0] !== true) return false;
    this.requestOf(ahead, reader, row).finish();
    return true;
  }

  /** Begins the request of a row of the decoder's frame, which {@link passes} has come to. */
  private askAbout(ahead: Ahead, reader: RingReader, row: number): void {
    const request = this.requestOf(ahead, reader, row);
    if (this.lanes === undefined || this.lanes.enter(request)) this.begin(request);
  }

  private begin(request: Request): void {
    const { work } = this.parts;
    // The closure may end, or hang, its worker.
    work[WorkCell.input] = request.input;
    work[WorkCell.row] = request.row;
    work[WorkCell.operator] = 0;
    work[WorkCell.nth] = 0;
    request.begin();
  }

  private requestOf(ahead: Ahead, { position, laps }: RingReader, row: number): Request {
    const { requests, decoder, input } = ahead;
    const key = `${this.parts.keyPrefix}/${input.index}/${laps}.${position >>> 0}.${row}`;
    const place = { input: input.index, position, row, group: groupOf(ahead, position, row) };
    const tuple = decoder.tupleAt(row) as Readonly<Record<string, unknown>>;
    const keyText = this.asking.key === undefined ? '' : keyTextOf(this.asking.key, tuple);
    const request = new Request(this.host, place, tuple, key, keyText, ahead.latest.get(keyText));
    if (this.lanes !== undefined) ahead.latest.set(keyText, request);
    ahead.finished.shift();
    requests.splice(ahead.passed++, 0, request);
    return request;
  }

  private goTo(ahead: Ahead, mark: ReadMark): void {
    ahead.reader.reset(mark);
    ahead.passed = 0;
  }

  /** The first request of an input that the open batch has not read. */
  private first(ahead: Ahead): Request | undefined {
    const { requests, input } = ahead;
    while (ahead.read < requests.length && isBehind(requests[ahead.read], input.reader)) ahead.read++;
    return requests[ahead.read];
  }

  /**
   * Rows of an input's current frame that can be read: those of other replicas, and those whose outcomes are there.
   * @param isAlone true if a row may be one that has failed: the tuples are tried one by one
   */
  readable(input: Input, isAlone: boolean): number {
    const ahead = this.aheads[input.index];
    const { reader } = input;
    this.reading = ahead;
    this.first(ahead);
    if (this.careful > 0) return this.readableAlone(ahead);
    const { requests } = ahead;
    for (let i = ahead.read; i < requests.length; i++) {
      const { position, row, state, isOut } = requests[i];
      if (position !== reader.position) break;
      if (isOut) return row - reader.row;
      if (state === RequestState.answered || (isAlone && state === RequestState.failed)) continue;
      return row - reader.row;
    }
    if (isBehind(ahead.reader, reader)) return 0;
    return ahead.reader.position === reader.position ? ahead.reader.row - reader.row : Number.POSITIVE_INFINITY;
  }

  /** The same, of one row, which is asked about if no other one is. */
  private readableAlone(ahead: Ahead): number {
    const { reader, dictionary } = ahead.input;
    const { decoder } = ahead;
    decoder.open(reader.ring.data, reader.frameIndex, reader.count, dictionary);
    ahead.passed = 0;
    if (!this.passes(ahead, reader.position, reader.row)) {
      if (this.isAsking) return 0;
      if (this.isFinished(ahead, reader, reader.row)) return 0;
      this.askAbout(ahead, reader, reader.row);
    }
    const request = this.first(ahead);
    return !isAt(request, reader) || (request.isSettled && !request.isOut) ? 1 : 0;
  }

  private get isAsking(): boolean {
    return this.aheads.some(({ requests }) => requests.some(({ isSettled }) => !isSettled));
  }

  /** True if the result of the row at an input's cursor is out already: it is passed. */
  isOut(input: Input): boolean {
    const request = this.first(this.aheads[input.index]);
    return isAt(request, input.reader) && request.isOut;
  }

  /**
   * Takes results that are there out of turn, where order does not matter: calls `read` with an input whose reader is at the row, for
   * each, until that returns false.
   */
  readEarly(read: (input: Input) => boolean): void {
    if (this.asking.isOrdered || this.isInTurn || this.careful > 0) return;
    for (const ahead of this.aheads) {
      this.reading = ahead;
      for (let i = ahead.read; i < this.earlyEnd(ahead); i++) {
        const request = ahead.requests[i];
        if (isReady(ahead, request) && !this.readOne(ahead, request, read)) return;
      }
    }
  }

  private readOne(ahead: Ahead, request: Request, read: (input: Input) => boolean): boolean {
    this.early = request;
    try {
      this.goToRow(ahead.early.reader, request);
      return read(ahead.early);
    } catch (error) {
      // It is found, and dealt with, where tuples are tried one by one.
      request.waits = true;
      throw error;
    } finally {
      this.early = undefined;
    }
  }

  /** Behind the requests of an input that may be read out of turn: a commit can tell so many. */
  private earlyEnd({ read, passed }: Ahead): number {
    return Math.min(passed, read + spanOf(this.asking));
  }

  private goToRow(reader: RingReader, { position, row }: Request): void {
    const { ended, fence, watermark, heldAt, heldUntil, place, placeHeldAt, laps } = reader;
    reader.reset({ position, row, ended, fence, watermark, heldAt, heldUntil, place, placeHeldAt, laps });
    if (reader.load() !== FrameKind.data) throw errors.invariant('a row that was read ahead is still there');
  }

  private outcome(): unknown {
    const { early } = this;
    if (early !== undefined) {
      early.isOut = true;
      return early.result;
    }
    const ahead = this.reading as Ahead;
    const { reader } = ahead.input;
    const place = { position: reader.position, row: this.parts.work[WorkCell.row] };
    const { requests } = ahead;
    while (ahead.read < requests.length && isBehind(requests[ahead.read], place)) ahead.read++;
    const request = requests[ahead.read];
    if (!isAt(request, place) || !request.isSettled) {
      throw errors.invariant(
        `row ${place.row} of the frame at ${place.position >>> 0} is read when its outcome is there`,
      );
    }
    if (request.state === RequestState.failed) throw request.result;
    ahead.read++;
    return request.result;
  }

  /** True if the next row of an input has failed: it is to be tried alone. */
  get hasFailed(): boolean {
    return this.aheads.some((ahead) => {
      const request = this.first(ahead);
      return isAt(request, ahead.input.reader) && request.state === RequestState.failed;
    });
  }

  /** True while something has been asked whose row is not committed. */
  get isBusy(): boolean {
    return this.aheads.some(({ requests }) => requests.length > 0);
  }

  /** True while results are out of rows behind the cursors: nobody else may read these rows. */
  get hasEarly(): boolean {
    return this.aheads.some(({ requests, finished }) => finished.length > 0 || requests.some(({ isOut }) => isOut));
  }

  /**
   * True if a step would read a row, or begin a request.
   * @param until how far the inputs are read at most
   * @param isInTurn true if no row is read out of turn
   */
  canStep(until: readonly ReadMark[] | undefined, isInTurn: boolean): boolean {
    const { alignment } = this.parts;
    this.hasNews = false;
    for (const ahead of this.aheads) {
      const { reader, index } = ahead.input;
      if (until !== undefined && !isBehind(reader, until[index])) continue;
      const request = this.first(ahead);
      if (isAt(request, reader)) {
        if (request.isSettled) return true;
      } else if (this.careful > 0) {
        if (!this.isAsking && alignment.hasInput(reader)) return true;
      } else if (isBehind(reader, ahead.reader) && alignment.hasInput(reader)) return true;
    }
    if (this.lanes?.hasReady === true && this.inFlight < this.asking.capacity) return true;
    if (this.careful > 0) return false;
    if (!isInTurn && !this.asking.isOrdered && this.hasReady) return true;
    if (this.room(until) <= 0) return false;
    return this.aheads.some(({ reader, input: { index } }) => {
      if (until !== undefined && !isBehind(reader, until[index])) return false;
      return this.alignment.hasInput(reader);
    });
  }

  private get hasReady(): boolean {
    return this.aheads.some((ahead) => {
      const end = this.earlyEnd(ahead);
      for (let i = ahead.read; i < end; i++) if (isReady(ahead, ahead.requests[i])) return true;
      return false;
    });
  }

  /** Notes in the record of the next commit which rows behind its cursors are out. */
  save({ cursors }: CommitRecord): void {
    if (this.asking.isOrdered) return;
    for (const { requests, finished, input } of this.aheads) {
      const mark = cursors.inputs[input.index];
      const ahead = requests.filter((request) => !isBehind(request, mark)).map(({ isOut }) => isOut);
      writeFinished(cursors.finished, this.asking, input.index, [...ahead, ...finished]);
    }
  }

  /** What the open batch has read is committed. */
  committed(): void {
    const { inputs } = this.parts.committed.cursors;
    for (const ahead of this.aheads) {
      const { requests } = ahead;
      let done = 0;
      while (done < requests.length && isBehind(requests[done], inputs[ahead.input.index])) done++;
      for (let i = done; i < requests.length; i++) if (requests[i].isOut) requests[i].finish();
      if (done === 0) continue;
      for (const request of requests.splice(0, done)) this.forget(ahead, request);
      ahead.read = Math.max(0, ahead.read - done);
      ahead.passed = Math.max(0, ahead.passed - done);
      this.careful = Math.max(0, this.careful - done);
    }
  }

  /** The same rows come again; their outcomes are still there. */
  rolledBack(): void {
    for (const ahead of this.aheads) {
      ahead.read = 0;
      for (const request of ahead.requests) request.isOut = request.isOutForGood;
    }
  }

  /** The replica owns other key groups than before: what it has given away others ask again, and what it has got it asks. */
  ownersChanged(): void {
    const { owned, committed } = this.parts;
    const reason = errors.requestDropped(this.host.operator);
    for (const ahead of this.aheads) {
      const { requests } = ahead;
      const isOwn = ({ group }: Request): boolean => group < 0 || owned[group] === 1;
      const given = requests.filter((request) => !isOwn(request));
      const kept = requests.filter(isOwn);
      requests.splice(0, requests.length, ...kept);
      ahead.read = 0;
      this.goTo(ahead, committed.cursors.inputs[ahead.input.index]);
      for (const request of given) {
        this.forget(ahead, request);
        request.drop(reason);
      }
    }
  }

  private forget({ latest }: Ahead, request: Request): void {
    request.leave();
    this.lanes?.left(request);
    if (latest.get(request.keyText) === request) latest.delete(request.keyText);
  }

  /** Aborts what is in flight: the replica goes on elsewhere, or not at all. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const reason = errors.requestDropped(this.host.operator);
    for (const { requests } of this.aheads) for (const request of requests.splice(0)) request.drop(reason);
  }
}

/** True if its result may be read out of turn. What has failed waits for its turn, and what is behind it with the same key. */
function isReady({ input }: Ahead, { state, isOut, waits, waitsFor }: Request): boolean {
  if (state !== RequestState.answered || isOut || waits) return false;
  return waitsFor === undefined || waitsFor.isOut || isBehind(waitsFor, input.reader);
}

const isAt = (
  request: Request | undefined,
  { position, row }: Pick<ReadMark, 'position' | 'row'>,
): request is Request => request !== undefined && request.position === position && request.row === row;

/** The key group of a row of the decoder's frame; -1 if its stage's replicas share none. */
function groupOf({ stream: { input }, decoder }: Ahead, position: number, row: number): number {
  if (input.isUnordered) return positionGroupOf(position + row);
  return input.key === undefined ? -1 : keyGroupOf(decoder.hashAt(row));
}
