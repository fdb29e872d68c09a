// @ts-check
// Schemas: every field type, and what happens to a value that does not fit its type. `emit` checks each tuple, so the error
// names the operator, the field and the value. The tuple that led to it is left out as a dead letter, and the rest goes on.
//
//   $ npx millrace run examples/schemas.js
//   0       0       4000000000      20      true    1767225600000           mill    AP8=    {"unit":"°C","limits":[-40,125]}
//   1       -1      4000000001      20.25   true    1767312000000           mill    Af4=    {"unit":"°C","limits":[-40,124]}
//   2       -2      4000000002      20.5    false   1767398400000   out of range: “hot”     mill    Av0=    {"unit":"°C","limits":[-40,123]}
//   $ npx millrace run examples/schemas.js --wrong
//   schemas: 0.3 s: dead letter: operator 'read', tuple {"index":1}: BAD_VALUE: field 'channel' of operator 'read' is u8, which takes an integer from 0 to 255; got 300: emit such a value, or change the schema (position 1 of source 'sensors')
//   0       0       4000000000      20      true    1767225600000           mill    AP8=    {"unit":"°C","limits":[-40,125]}
//   2       -2      4000000002      20.5    false   1767398400000   out of range: “hot”     mill    Av0=    {"unit":"°C","limits":[-40,123]}
//   …
//   schemas: 1 tuple was left out as a dead letter: exit code 3, or 0 with --allow-dead-letters

import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

const reading = {
  channel: t.u8(), // 0 to 255
  offset: t.i32(), // a signed integer
  serial: t.u32(), // 0 to 4294967295
  celsius: t.f64(), // any number
  valid: t.bool(),
  at: t.timestamp(), // milliseconds since 1970
  note: t.string(), // any text
  station: t.dictionary(), // text that repeats: 4 bytes a tuple
  raw: t.bytes(), // a Uint8Array
  /** @type {import('millrace').Field<{ unit: string, limits: number[] }>} */
  meta: t.json(), // any structured value
};

export default dataflow(import.meta.url, 'schemas', (flow, /** @type {{ wrong?: boolean }} */ { wrong = false }) =>
  flow
    .source(
      'sensors',
      generate({ index: t.u32() }, (index) => ({ index }), { count: 3 }),
    )
    .map('read', reading, ({ index }) => ({
      channel: wrong && index === 1 ? 300 : index,
      offset: -index,
      serial: 4_000_000_000 + index,
      celsius: 20 + index / 4,
      valid: index !== 2,
      at: Date.UTC(2026, 0, 1 + index),
      note: index === 2 ? 'out of range: “hot”' : '',
      station: 'mill',
      raw: new Uint8Array([index, 255 - index]),
      meta: { unit: '°C', limits: [-40, 125 - index] },
    }))
    .collect('readings'),
);
