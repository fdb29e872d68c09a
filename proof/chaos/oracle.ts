// The oracle: looks at every tuple that comes out, and says whether each input had its effect exactly once, each key in order.
// Whether a tuple is lost, doubled or out of order says the one that users have (src/testing/exactly-once.ts); here is what tuples
// and rows must tell of the state behind them.
// Promises: memory grows with keys and dead letters, not with tuples; a violation is counted once, and does not make what follows
// look wrong. It knows the operators' rules, and nothing of how Millrace works.
// Relies on: an excuse for each tuple that was left out by plan; tuples of one key come out of one replica.

import {
  ExactlyOnce,
  type ViolationKind as ExactlyOnceKind,
  type ExactlyOnceReport,
} from '../../src/testing/exactly-once.ts';
import type { Totalled } from './flow.ts';
import {
  CLEAR_EVERY,
  digestWith,
  FINAL,
  GROUPS,
  idOf,
  KEYS,
  keyOfUid,
  keyText,
  LIFE,
  PUSHED_KEYS,
  RECENT,
  sequenceOf,
  sequencesOf,
  textOf,
  uidAt,
} from './numbering.ts';

/** Where a tuple may have been left out, if it was ordered to fail: before the keyed operator has counted it, or behind. */
export type Excuse = (uid: number) => 'before' | 'behind' | undefined;

export type ViolationKind = 'lost' | 'doubled' | 'reordered' | 'wrongState' | 'other';

/** Texts of violations that are kept, of each kind. */
const TEXTS_MAX = 10;

/** Counts violations, and keeps the first texts of each kind. */
export class Violations {
  readonly counts: Record<ViolationKind, number> = { lost: 0, doubled: 0, reordered: 0, wrongState: 0, other: 0 };
  readonly texts: string[] = [];

  add(kind: ViolationKind, text: string, count = 1): void {
    if (this.counts[kind] < TEXTS_MAX) this.texts.push(`${kind}: ${text}`);
    this.counts[kind] += count;
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}

/** What `count` must know of a key, told in plain objects. */
class KeyModel {
  count = 0;
  digest = 0;
  uid = 0;
  last = '';
  readonly recent = new Map<number, number>();

  apply(uid: number): void {
    if (this.count === LIFE) this.clear();
    this.count++;
    this.digest = digestWith(this.digest, uid);
    this.uid = uid;
    this.last = textOf(idOf(uid));
    if (this.count % CLEAR_EVERY === 0) this.recent.clear();
    this.recent.set(this.count % RECENT, uid);
    if (uid % 3 === 0) this.recent.delete((this.count + 1) % RECENT);
  }

  /** The text of the tuple before, as the next tuple finds it. */
  get before(): string {
    return this.count === LIFE ? '' : this.last;
  }

  get recentSum(): number {
    let sum = 0;
    for (const uid of this.recent.values()) sum += uid;
    return sum;
  }

  /** Takes over what a tuple says of the state before it; the sub-table stays in doubt. */
  adopt(count: number): void {
    if (count === 0) this.clear();
    else this.count = count;
  }

  /** True if the sub-table has just begun anew, so that nothing of before matters any longer. */
  get isFresh(): boolean {
    return this.count === 1 || this.count % CLEAR_EVERY === 0;
  }

  /** True if the key has a row. */
  get lives(): boolean {
    return this.count > 0 && this.count < LIFE;
  }

  private clear(): void {
    this.count = 0;
    this.digest = 0;
    this.last = '';
    this.recent.clear();
  }
}

interface KeyProgress {
  /** The place that the model has come to: that of the next tuple. */
  next: number;
  readonly model: KeyModel;
  /** False after a violation, until the key's state begins anew. */
  known: boolean;
  /** What told the key's final state: it is checked when all is known that was left out before it. */
  final: Seen | undefined;
}

/** The tuples of one end of the flow, each of which tells at least its key's count and digest. */
export type Seen = Pick<Totalled, 'uid' | 'count' | 'digest'> & Partial<Totalled>;

/** A row of the state of `count`, as a query gives it. */
export interface CountRow {
  readonly count: number;
  readonly digest: number;
  readonly uid: number;
  readonly last: string;
  readonly recent: readonly { readonly place: number; readonly uid: number }[];
}

/** What is known when everything has ended. */
export interface End {
  /** How many ids the source of a key has made. */
  readonly idsOf: (key: number) => number;
  /** The tuples that have become dead letters before this end, and the keys whose final state has. */
  readonly dead: readonly number[];
  readonly deadFinals: ReadonlySet<number>;
  /** False for a key whose tuples do not come to this end. */
  readonly covers?: (key: number) => boolean;
}

export class Oracle {
  readonly name: string;
  /** Tuples seen, but for those that tell a key's final state. */
  tuples = 0;
  finals = 0;
  private readonly violations: Violations;
  private readonly excuse: Excuse;
  private readonly keys: KeyProgress[];
  private readonly groups = Array.from({ length: GROUPS }, () => ({ tuples: 0, total: 0 }));
  private readonly sequences = new ExactlyOnce<number>();
  /** Violations that were told as they came. */
  private told = 0;
  /** Tuples that were passed over with an excuse. */
  private readonly excused = new Set<number>();

  constructor(name: string, violations: Violations, excuse: Excuse) {
    this.name = name;
    this.violations = violations;
    this.excuse = excuse;
    this.keys = Array.from({ length: KEYS + PUSHED_KEYS }, () => {
      return { next: 0, model: new KeyModel(), known: true, final: undefined };
    });
  }

  /** A tuple has come out. `key` is the number that it names itself; its text is checked if it is there. */
  see(key: number, tuple: Seen): void {
    const progress = this.keys[key];
    if (progress === undefined || (tuple.key !== undefined && tuple.key !== keyText(key))) {
      this.violate('wrongState', `no key is called '${tuple.key ?? key}'`);
      return;
    }
    if (tuple.uid === FINAL) {
      this.seeFinal(key, progress, tuple);
      return;
    }
    this.tuples++;
    if (keyOfUid(tuple.uid) !== key) {
      this.violate('wrongState', `tuple ${tuple.uid} came out with the key '${keyText(key)}'`);
      return;
    }
    const place = sequenceOf(tuple.uid);
    // Its group has counted it, whatever is wrong with it.
    this.checkGroup(tuple, this.at(key, place));
    const kind = this.sequences.see(key, place);
    if (kind !== undefined) {
      this.told++;
      this.seeWrong(kind, this.at(key, place), this.excused.delete(tuple.uid));
      return;
    }
    this.passOver(key, progress, place);
    if (progress.final !== undefined)
      this.violate('reordered', `${this.at(key, place)} came after the final state of its key`);
    progress.next = place + 1;
    this.checkState(progress, tuple, this.at(key, place));
  }

  /** What the tuples between the expected one and `place` have done to the state, if they were left out behind it. */
  private passOver(key: number, progress: KeyProgress, place: number): void {
    for (; progress.next < place; progress.next++) {
      const uid = uidAt(key, progress.next);
      const excuse = this.excuse(uid);
      if (excuse === 'behind') progress.model.apply(uid);
      if (excuse === undefined) progress.known = false;
      else this.excused.add(uid);
    }
  }

  private seeWrong(kind: ExactlyOnceKind, where: string, wasExcused: boolean): void {
    if (kind === 'doubled') this.violate(kind, `${where} came twice`);
    else if (kind !== 'reordered') this.violate('other', `${where} is ${kind}`);
    else this.violate(kind, `${where} came late${wasExcused ? ', though it was ordered to fail' : ''}`);
  }

  private checkState(progress: KeyProgress, tuple: Seen, where: string): void {
    const { model } = progress;
    const { before } = model;
    if (!progress.known) model.adopt(tuple.count - 1);
    model.apply(tuple.uid);
    if (progress.known) {
      const { count, digest, recent, recentSum } = model;
      const expected = { count, digest, before, rows: recent.size, recent: recentSum };
      // A wrong state is told once: what follows is compared with what the flow itself believes.
      progress.known = this.compare(where, tuple, expected);
      if (!progress.known) model.adopt(tuple.count);
    } else {
      progress.known = model.isFresh;
    }
    model.digest = tuple.digest;
  }

  /** The groups count what they have seen, in the order in which they have seen it. */
  private checkGroup(tuple: Seen, where: string): void {
    if (tuple.group === undefined || tuple.tuples === undefined || tuple.total === undefined) return;
    const group = this.groups[keyOfUid(tuple.uid) % GROUPS];
    group.tuples++;
    group.total = (group.total + tuple.uid) >>> 0;
    this.compare(where, tuple, { group: keyOfUid(tuple.uid) % GROUPS, ...group });
    group.tuples = tuple.tuples;
    group.total = tuple.total;
  }

  private seeFinal(key: number, progress: KeyProgress, tuple: Seen): void {
    this.finals++;
    if (progress.final === undefined) progress.final = tuple;
    else this.violate('doubled', `the final state of '${keyText(key)}' came twice`);
  }

  private checkFinal(key: number, { final, known, model }: KeyProgress, isDead: boolean): void {
    const where = `the final state of '${keyText(key)}'`;
    if (!known) return;
    if (final === undefined) {
      if (model.lives && !isDead) this.violate('lost', `${where} did not come`);
    } else if (!model.lives) {
      this.violate('wrongState', `${where} came, but the key has no row`);
    } else {
      const { count, digest, last, recent } = model;
      this.compare(where, final, { count, digest, before: last, rows: recent.size });
    }
  }

  private compare(where: string, tuple: Seen, expected: Partial<Totalled>): boolean {
    for (const [field, value] of Object.entries(expected)) {
      const found = tuple[field as keyof Totalled];
      if (found === undefined || found === value) continue;
      this.violate('wrongState', `${where} has ${field} ${show(found)} instead of ${show(value)}`);
      return false;
    }
    return true;
  }

  /** The end: what has neither come nor become a dead letter is lost. */
  finish({ idsOf, dead, deadFinals, covers = () => true }: End): void {
    for (const [key, progress] of this.keys.entries()) {
      if (!covers(key)) {
        if (progress.next > 0) this.violate('other', `tuples of '${keyText(key)}' came to the wrong end`);
        continue;
      }
      const end = sequencesOf(key, idsOf(key));
      if (progress.next < end) this.passOver(key, progress, end);
      if (progress.next > end) {
        this.violate('other', `'${keyText(key)}' has ${progress.next} tuples, but its source says ${end}`);
      }
      this.checkFinal(key, progress, deadFinals.has(key));
    }
    // What was left out must be exactly what became a dead letter.
    for (const uid of dead) {
      const [key, place] = [keyOfUid(uid), sequenceOf(uid)];
      if (!covers(key)) continue;
      if (this.excused.has(uid)) this.sequences.excuse(key, place);
      else this.violate('doubled', `${this.at(key, place)} came, and is a dead letter as well`);
    }
    // Tuples beyond the end have been told, once for their key.
    this.finishSequences(this.sequences.finish(this.keys.map(({ next }, key) => [key, next] as const)));
  }

  /** Tells what was not told as it came: tuples that did not come at all. */
  private finishSequences({ counts, violations }: ExactlyOnceReport<number>): void {
    const lost = violations.slice(this.told).filter(({ kind }) => kind === 'lost');
    for (const { key, sequence } of lost) {
      const wasExcused = this.excused.has(uidAt(key, sequence));
      this.violate('lost', `${this.at(key, sequence)} did not come${wasExcused ? ', and is no dead letter' : ''}`);
    }
    const more = counts.lost - lost.length;
    if (more > 0) this.violations.add('lost', `${this.name}: ${more} more tuples did not come`, more);
  }

  /** The place that the next tuple of a key should have, for whoever looks at its state meanwhile. */
  nextOf(key: number): number {
    return this.keys[key].next;
  }

  /** The row that a key must have when everything has ended: undefined for none, 'unknown' after a violation. */
  rowOf(key: number): CountRow | undefined | 'unknown' {
    const { known, model } = this.keys[key];
    if (!known) return 'unknown';
    if (!model.lives) return undefined;
    const recent = [...model.recent].map(([place, uid]) => ({ place, uid }));
    return { count: model.count, digest: model.digest, uid: model.uid, last: model.last, recent };
  }

  /** The row that a group must have when everything has ended. */
  groupRowOf(group: number): { readonly tuples: number; readonly total: number } {
    return { ...this.groups[group] };
  }

  private at(key: number, place: number): string {
    return `tuple ${place} of '${keyText(key)}' (${uidAt(key, place)})`;
  }

  private violate(kind: ViolationKind, text: string): void {
    this.violations.add(kind, `${this.name}: ${text}`);
  }
}

const show = (value: unknown): string => JSON.stringify(value);
