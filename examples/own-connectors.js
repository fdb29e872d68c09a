// @ts-check
// A source and a sink of one's own, written against the package alone: readings come from a file of binary records of 12 bytes, and
// the mean of each sensor goes to a file of such records.
//
//   $ node examples/own-connectors.js
//   sensor 0: mean 21.50 of 2500 readings
//   sensor 1: mean 22.50 of 2500 readings
//   sensor 2: mean 23.50 of 2500 readings
//   sensor 3: mean 24.50 of 2500 readings
//   2 workers died; no reading is lost, and none counts twice
//
// docs/own-connectors.md explains each line of the two.

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from 'millrace';

/** @import { SinkDefinition, SourceContext, SourceDefinition, SourceReader, TupleOf } from 'millrace' */
/** @typedef {TupleOf<typeof READING>} Reading */

const RECORD_BYTES = 12;
const READING = { sensor: t.u32(), celsius: t.f64() };

/**
 * Reads one partition: here the only one.
 * @implements {SourceReader<Reading>}
 */
class RecordReader {
  /** @param {string} path @param {SourceContext} context */
  constructor(path, { position }) {
    this.position = position;
    this.descriptor = fs.openSync(path, 'r');
    this.record = Buffer.alloc(RECORD_BYTES);
    this.size = fs.fstatSync(this.descriptor).size;
  }

  /** @param {(tuple: Reading) => void} emit @param {number} limit */
  read(emit, limit) {
    const { descriptor, record } = this;
    for (let left = limit; left > 0; left--) {
      if (fs.readSync(descriptor, record, 0, RECORD_BYTES, this.position) < RECORD_BYTES) return 'end';
      emit({ sensor: record.readUInt32LE(0), celsius: record.readDoubleLE(4) });
      this.position += RECORD_BYTES;
    }
    return 'more';
  }

  progress() {
    return { done: this.position, total: this.size };
  }

  close() {
    fs.closeSync(this.descriptor);
  }
}

/**
 * The records of a file. The position is the byte where the next one starts.
 * @param {string} path
 * @returns {SourceDefinition<typeof READING>}
 */
export const readRecords = (path) => ({
  kind: 'reader',
  fields: READING,
  files: [path],
  open: (context) => new RecordReader(path, context),
});

/**
 * Writes a record for each tuple. The position is the length of the file.
 * @param {string} path
 * @returns {SinkDefinition<Reading>}
 */
export const writeRecords = (path) => ({
  files: [path],
  open({ position }) {
    const descriptor = fs.openSync(path, position === 0 ? 'w' : 'r+');
    fs.ftruncateSync(descriptor, position);
    let written = position;
    /** @type {Buffer[]} */
    let taken = [];
    return {
      write({ sensor, celsius }) {
        const record = Buffer.alloc(RECORD_BYTES);
        record.writeUInt32LE(sensor, 0);
        record.writeDoubleLE(celsius, 4);
        taken.push(record);
      },
      flush() {
        for (const record of taken) written += fs.writeSync(descriptor, record, 0, RECORD_BYTES, written);
        taken = [];
        return written;
      },
      rollback(committed) {
        taken = [];
        fs.ftruncateSync(descriptor, committed);
        written = committed;
      },
      close: () => fs.closeSync(descriptor),
    };
  },
});

export const means = dataflow(
  import.meta.url,
  'means',
  (flow, /** @type {{ from: string, to: string }} */ { from, to }) =>
    flow
      .source('readings', readRecords(from))
      .keyBy('sensor')
      .process(
        'mean',
        { state: { sum: t.f64(), count: t.u32() }, output: READING },
        ({ celsius }, state) => {
          state.sum += celsius;
          state.count += 1;
        },
        { end: ({ sensor }, { sum, count }, emit) => emit({ sensor, celsius: sum / count }) },
      )
      .to('means', writeRecords(to)),
);

if (isMainThread) {
  const directory = fs.mkdtempSync(join(tmpdir(), 'millrace-records-'));
  const [from, to] = [join(directory, 'readings'), join(directory, 'means')];
  try {
    const readings = Buffer.alloc(10_000 * RECORD_BYTES);
    for (let n = 0; n < 10_000; n++) {
      readings.writeUInt32LE(n % 4, n * RECORD_BYTES);
      readings.writeDoubleLE(20 + (n % 4) + (n < 5000 ? 1 : 2), n * RECORD_BYTES + 4);
    }
    fs.writeFileSync(from, readings);
    const job = await means.run({ params: { from, to }, workers: 2 });
    await Promise.all([job.killWorker(0), job.killWorker(1)]);
    await job.done;
    const rows = new Map();
    for await (const { key, value } of job.state('mean').entries()) rows.set(key.sensor, value.count);
    const records = fs.readFileSync(to);
    const lines = Array.from({ length: records.length / RECORD_BYTES }, (_, n) => {
      const sensor = records.readUInt32LE(n * RECORD_BYTES);
      const mean = records.readDoubleLE(n * RECORD_BYTES + 4);
      return `sensor ${sensor}: mean ${mean.toFixed(2)} of ${rows.get(sensor)} readings`;
    });
    for (const line of lines.sort()) console.log(line);
    console.log('2 workers died; no reading is lost, and none counts twice');
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}
