// The program of an actor: one generated step function per operator instance that decodes rows, checks ownership, looks up
// state, calls the user's closures of the whole fused chain (chain.ts) and encodes what they emit.
// Promises: no allocation per tuple beyond the tuple that each operator gets; `failedAt` names the operator whose closure threw.
// Relies on: the actor opens the transaction before and commits after; source texts differ per instance (codegen.ts).

import { errors } from '../../errors.ts';
import type { HeldTime } from '../../flow/aggregates/combiner.ts';
import { stageName } from '../../flow/plan.ts';
import { generate } from '../../mailbox/codegen.ts';
import { type Decoder, generateDecoder } from '../../mailbox/decoder.ts';
import { combine32, hashDouble, mix32 } from '../../mailbox/hash.ts';
import { blockShift, placeOfFrame } from '../../mailbox/places.ts';
import { TimeCell } from '../time/time-cells.ts';
import { timerMark, WorkCell } from '../vitals/vitals.ts';
import { chainCode, chainConstants, emitName, heldChecks, rethrowCode, stepName } from './chain.ts';
import { closureContext, receivers } from './closure-context.ts';
import { foreseenTables } from './foreseen-tables.ts';
import { generatorCode, lastOfFour } from './generator-loop.ts';
import { leaveOutRowCode, phasesCode } from './keyed-loop.ts';
import { deliverCode, endCode, firingCode, keyClassCode, leaveOutCode } from './keys-alone.ts';
import type { Program, ProgramParts } from './parts.ts';
import { runCode } from './row-loops.ts';
import { CHUNK_ROWS, RowsAhead } from './rows-ahead.ts';
import { keyFields, perArena } from './statements.ts';

/** How a holder at the end of a source's chain learns of time, and tells it; undefined where time is not that of one partition. */
function heldTime({ stage, clock, ports }: ProgramParts, port: number): HeldTime | undefined {
  if (clock === undefined || stage.partitions > 1) return undefined;
  const { encoder, output } = ports[port];
  return {
    watermark: () => clock.watermarkOf(clock.seen),
    tell(watermark) {
      if (watermark <= output.watermark) return;
      encoder.flush();
      output.watermark = watermark;
    },
  };
}

/** Generates the program of one replica. */
export function generateProgram(parts: ProgramParts): Program {
  const { stage, streams, ports, state } = parts;
  const name = stageName(stage);
  const decoders: Decoder[] = streams.map(({ input, written, hashColumn }) => {
    const cached = keyFields(input).filter(({ codec }) => codec.isCached);
    const external = state === undefined ? [] : cached.map(({ index }) => index);
    return generateDecoder(name, input.schema, written.keys.length, hashColumn, external, written.time !== undefined);
  });
  // Only the last operator of a chain may hold tuples: nobody behind it would get them before the commit.
  const last = stage.operators.length - 1;
  const heldPort = stage.outputs.findIndex(({ operator }) => operator === last);
  const holder = stage.operators[last].holder?.(ports[heldPort].encoder.emit, heldTime(parts, heldPort));
  const checks = heldChecks(stage, parts.ringBytes);
  const constants: Record<string, unknown> = {
    ...chainConstants(stage, parts.ringBytes, checks, holder, parts.lateEmit),
    holder,
    sink: parts.sink,
    state,
    transaction: state?.transaction,
    stamps: state?.transaction.stamps,
    arenas: state?.transaction.arenas,
    arena0: state?.transaction.arenas[0],
    views: state?.views,
    view0: state?.views[0],
    upsert: state?.table.upsert,
    insertions: state?.table.insertions,
    ahead: state && new RowsAhead(state),
    firstProbe: state?.table.firstProbe,
    end: stage.operators[0].end,
    onTimer: stage.operators[0].onTimer,
    onClock: stage.operators[0].onClock,
    timers: parts.timers,
    clockTimers: parts.clockTimers,
    timerMark,
    time: parts.time,
    judge: parts.clock?.judge,
    ranBack: (at: number) => {
      throw errors.timeRanBack(name, at, parts.time[TimeCell.watermark]);
    },
    owned: parts.owned,
    work: parts.work,
    mix32,
    hashDouble,
    combine32,
    load: parts.load,
    lastOfFour,
    blockShift,
    placeOfFrame,
    noEmit: () => {
      throw errors.noOutput(name);
    },
    indices: new Int32Array(CHUNK_ROWS),
    rows: new Int32Array(CHUNK_ROWS),
    context: closureContext(parts),
    resident: parts.resident,
    ...receivers(parts),
    generator: stage.operators[0].source?.kind === 'generate' ? stage.operators[0].source.make : undefined,
  };
  ports.forEach(({ output, encoder }, port) => {
    constants[`output${port}`] = output;
    constants[`out${port}`] = encoder.emit;
    constants[`flush${port}`] = encoder.flush;
  });
  decoders.forEach((decoder, u) => {
    const { input } = streams[u];
    constants[`decoder${u}`] = decoder;
    const looked = foreseenTables(input, state).flatMap(({ fields }) => fields);
    for (const { index } of [...keyFields(input), ...looked]) constants[`key${u}_${index}`] = decoder.keyAt[index];
  });
  const isGenerator = constants.generator !== undefined;
  const isSource = stage.operators[0].source !== undefined;
  const body = `
let processed = 0, fetched = 0, untilSample = 0, random = 1, within = 0;
${chainCode(stage, checks, holder)}
${state === undefined ? '' : streams.map((_, u) => phasesCode(parts, u)).join('\n')}
${streams.map((_, u) => leaveOutRowCode(parts, u)).join('\n')}
${streams.map((_, u) => runCode(parts, u)).join('\n')}
${state === undefined ? '' : keyClassCode(parts)}
${endCode(parts)}
${firingCode(parts, 'fireTimers')}
${firingCode(parts, 'fireClock')}
${leaveOutCode(parts, 'fireTimers')}
${leaveOutCode(parts, 'fireClock')}
${deliverCode(parts)}
${isGenerator ? generatorCode(parts) : ''}
function eachRow(visit) {
for (let g = 0; g < owned.length; g++) {
if (owned[g] === 0) continue;
const view = ${state === undefined ? 'undefined' : perArena(parts, 'view')};
state.forEachRow(g, 0, (key, arena, row) => { view.row = row; visit(key, view); return true; });
}
}
const runs = [${streams.map((_, u) => `[run${u}, lastOfFour]`).join(', ')}];
return {
run(upstream, reader, dictionary, limit, rows) {
within = rows;
const calls = runs[upstream];
let row = 0;
enter();
try {
for (let k = 0; k < 2; k++) row = calls[k](reader, dictionary, limit, row);
if (sieve !== undefined) sift0();
} finally { leave(); }
return row;
},
generate(from, to, partition) {
let next = from;
enter();
try {
${isGenerator ? `for (let k = 0; k < 2; k++) next = generating[k](from, to, partition, next);` : ''}
if (sieve !== undefined) sift0();
} finally { leave(); }
return next;
},
read(reader, limit) {
enter();
try {
const status = reader.read(${isSource ? stepName(0) : 'undefined'}, limit);
${rethrowCode}
return status;
} finally { leave(); }
},
feed(tuple) {
enter();
try { ${isSource ? `${stepName(0)}(tuple);` : ''} if (sieve !== undefined) sift0(); } finally { leave(); }
},
${(['fireTimers', 'fireClock'] as const)
  .map(
    (name) => `${name}(nowMs, limit) {
enter();
try {
const fired = ${name}(nowMs, limit);
if (sieve !== undefined) sift0();
return fired;
} finally { leave(); }
},`,
  )
  .join('\n')}
leaveOutRow(upstream, reader, dictionary) {
enter();
try { [${streams.map((_, u) => `leaveOutRow${u}`).join(', ')}][upstream]?.(reader, dictionary); } finally { leave(); }
},
leaveOut(nowMs, isByClock) {
enter();
try { (isByClock ? leaveOutClock : leaveOut)(nowMs); } finally { leave(); }
},
deliver() {
enter();
try { ${parts.resident === undefined ? '' : `deliver(${emitName(stage.operators[0], 0)});`} } finally { leave(); }
},
work(nowMs) {
enter();
try { ${parts.resident === undefined ? '' : `state.resume(); resident.work(nowMs, ${emitName(stage.operators[0], 0)}, eachRow);`} }
finally { ${parts.resident === undefined ? '' : 'state.expire();'} leave(); }
},
endGroup(group, fromSlot, limit) {
enter();
try {
const next = endGroup(group, fromSlot, limit);
if (sieve !== undefined) sift0();
return next;
} finally { leave(); }
},
sift(by) { sieve = by; ${holder === undefined ? '' : 'holder.single(by !== undefined);'} },
holder,
expireState() { ${state === undefined ? '' : 'state.expire();'} },
processed: () => processed,
takeCounts,
clearFailure() { failure = undefined; context.removed = false; for (const held of helds) held.length = 0; },
failedAt: () => failure === undefined ? work[${WorkCell.operator}] : failure.at,
endingKey: () => endingKey,
endingSlot: () => endingSlot,
};`;
  return generate(`${name}/step`, constants, body);
}
