// Names of the cells of the library's shared structures, for traces.
// Promises: control words are named by what the library's own methods write: no layout is repeated here.

import { Ring } from '../../src/mailbox/ring.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { noGroups } from '../../src/state/groups/group-set.ts';
import { HandOver } from '../../src/state/groups/hand-over.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import { commitCodec } from '../../src/state/transaction/commit-record.ts';
import { UndoLog } from '../../src/state/transaction/undo-log.ts';
import type { CellNames } from './shared-cells.ts';

/** Offsets of the cells that `change` writes, in a copy of `buffer`. */
function writtenBy(buffer: SharedArrayBuffer, change: (copy: SharedArrayBuffer) => void): number[] {
  const copy = new SharedArrayBuffer(
    buffer.byteLength,
    buffer.growable ? { maxByteLength: buffer.byteLength } : undefined,
  );
  const before = new Int32Array(copy).fill(0x55555555).slice();
  change(copy);
  const after = new Int32Array(copy);
  return [...after.keys()].filter((offset) => after[offset] !== before[offset]);
}

/** Bytes of a ring before its data. */
const RING_CONTROL_BYTES = Ring.allocate(1 << 12).byteLength - (1 << 12);

/** A ring like another one, with its slots as they are, but of any power of two of words, and beginning at a position. */
export function smallRing(ring: SharedArrayBuffer, words: number, start: number): SharedArrayBuffer {
  const small = new SharedArrayBuffer(RING_CONTROL_BYTES + words * 8);
  new Uint8Array(small).set(new Uint8Array(ring, 0, RING_CONTROL_BYTES));
  const made = new Ring(small);
  made.publish(start);
  for (let slot = 0; slot < made.readers; slot++) made.release(slot, start);
  return small;
}

export function ringCells(name: string, buffer: SharedArrayBuffer, readers: number): CellNames {
  const names = new Map<number, string>();
  const put = (text: string, change: (ring: Ring) => void): void => {
    for (const offset of writtenBy(buffer, (copy) => change(new Ring(copy)))) names.set(offset, `${name}.${text}`);
  };
  // Activates a slot too; what belongs to the slot is named after it below.
  put('activations', (ring) => ring.activate(0, 1));
  put('published', (ring) => ring.publish(1));
  put('writerNeeds', (ring) => ring.setWriterNeeds(1));
  put('writerHost', (ring) => ring.setWriterHost(1));
  for (let slot = 0; slot < readers; slot++) {
    put(`active[${slot}]`, (ring) => ring.deactivate(slot));
    put(`released[${slot}]`, (ring) => ring.release(slot, 1));
    put(`readerHost[${slot}]`, (ring) => ring.setReaderHost(slot, 1));
  }
  const data = RING_CONTROL_BYTES / 4;
  return (offset) =>
    names.get(offset) ?? (offset < data ? `${name}.control[${offset}]` : `${name}.data[${offset - data}]`);
}

/** The offset of the one cell that `change` writes. */
export function cellWrittenBy(buffer: SharedArrayBuffer, change: (copy: SharedArrayBuffer) => void): number {
  const [offset, ...more] = writtenBy(buffer, change);
  if (offset === undefined || more.length > 0) throw new Error('one cell was to be written');
  return offset;
}

/** Offset of the cell that a host sleeps on. */
export function ticketOf(buffer: SharedArrayBuffer, host: number): number {
  const stored = writtenBy(buffer, (copy) => new WakeWords(copy).stayAwake(host));
  const [offset] = writtenBy(buffer, (copy) => new WakeWords(copy).wakeUnconditionally(host)).filter(
    (at) => !stored.includes(at),
  );
  return offset;
}

export function wakeCells(buffer: SharedArrayBuffer, hosts: readonly string[]): CellNames {
  const names = new Map<number, string>();
  hosts.forEach((host, id) => {
    for (const offset of writtenBy(buffer, (copy) => new WakeWords(copy).wakeUnconditionally(id))) {
      names.set(offset, `${host}.wake`);
    }
    for (const offset of writtenBy(buffer, (copy) => new WakeWords(copy).stayAwake(id)))
      names.set(offset, `${host}.parked`);
  });
  return (offset) => names.get(offset) ?? `wake[${offset}]`;
}

export function commitCells(name: string, buffer: SharedArrayBuffer): CellNames {
  const log = new CommitLog(buffer);
  const fields = commitCodec.names(log.sizes);
  const sequence = cellWrittenBy(buffer, (copy) => new CommitLog(copy).commit(1));
  const slotOf = (number: number): Map<number, number> =>
    new Map(writtenBy(buffer, (copy) => new CommitLog(copy).write(number, log.lastCommit())).map((at, i) => [at, i]));
  const slots = [slotOf(0), slotOf(1)];
  return (offset) => {
    if (offset === sequence) return `${name}.sequence`;
    for (const [number, cells] of slots.entries()) {
      const at = cells.get(offset);
      if (at !== undefined) return `${name}.slot${number}.${fields[at >>> 1]}`;
    }
    return `${name}[${offset}]`;
  };
}

export function undoCells(name: string, buffer: SharedArrayBuffer): CellNames {
  const transaction = writtenBy(buffer, (copy) => new UndoLog(copy).begin(7));
  const count = writtenBy(buffer, (copy) => new UndoLog(copy).empty());
  return (offset) => {
    if (count.includes(offset)) return `${name}.count`;
    if (transaction.includes(offset)) return `${name}.transaction`;
    return `${name}[${offset}]`;
  };
}

/** @param replicas the names of the operator's replicas */
export function handOverCells(buffer: SharedArrayBuffer, replicas: readonly string[]): CellNames {
  const names = new Map<number, string>();
  const put = (text: string, change: (memory: HandOver) => void): void => {
    for (const offset of writtenBy(buffer, (copy) => change(new HandOver(copy, replicas.length)))) {
      names.set(offset, `handOver.${text}`);
    }
  };
  put('request', (memory) => memory.request(1, 2, noGroups(), true));
  // The compare and exchange of a phase writes nothing where it finds another one.
  const word = [...writtenBy(buffer, (copy) => new HandOver(copy, replicas.length).request(1, 2, noGroups(), true))];
  names.set(word[0], 'handOver.phase');
  for (const [replica, name] of replicas.entries()) {
    put(`posted[${name}]`, (memory) => memory.post(1, replica, []));
    put(`host[${name}]`, (memory) => memory.setHost(1, replica));
  }
  put('host[requester]', (memory) => memory.setHost(1));
  return (offset) => names.get(offset) ?? `handOver[${offset}]`;
}
