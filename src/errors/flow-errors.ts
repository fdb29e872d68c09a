// Texts of errors about flows that cannot be as they are declared; they come before anything runs.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { show } from './show.ts';

/** How a field whose type is no key comes to be one. */
function keyRemedy(field: string, type: string): string {
  const inner = type.replace(/^optional\((.*)\)$/, '$1');
  if (inner.startsWith('struct('))
    return `Put what tells its values apart into a field of its own by map(), such as ${field}${inner === type ? '.' : '?.'}id, and key by that`;
  if (inner.startsWith('list('))
    return `Make a tuple of each of its values by flatMap() and key by that, or a text of all by map(), such as ${field}${inner === type ? '.' : '?.'}join()`;
  return `Put what tells its values apart into a field of such a type by map(), and key by that`;
}

export const flowErrors = {
  badSchema(where: string, problem: string): MillraceError {
    return new MillraceError('BAD_SCHEMA', `schema of ${where}: ${problem}`, { where });
  },
  badFlow(flow: string, problem: string): MillraceError {
    return new MillraceError('BAD_FLOW', `flow '${flow}': ${problem}`, { flow });
  },
  noOutput(operator: string): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `operator '${operator}' called emit(), but declares no output: add an 'output' schema to its options`,
      { operator },
    );
  },
  unknownOutput(operator: string, output: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_OUTPUT',
      `operator '${operator}' has no output '${output}': use one of ${known.map((name) => `'${name}'`).join(', ')}, or declare it with outputs()`,
      { operator, output, known },
    );
  },
  replyField(flow: string, operator: string, field: string): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `flow '${flow}': the reply that operator '${operator}' asks for has a field '${field}', which its tuples have too: give it another name, by a map() before`,
      { flow, operator, field },
    );
  },
  lateEventTime(flow: string, operator: string, stage: string): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `flow '${flow}': '${operator}' judges what is late in the order in which a source gives its tuples, and '${stage}', which it runs in, does not read a source: call withEventTime() right behind the source, before anything else reads that, with no more than map, filter and flatMap between them`,
      { flow, operator },
    );
  },
  mixedTime(flow: string): MillraceError {
    return new MillraceError(
      'NO_EVENT_TIME',
      `flow '${flow}': merge takes streams which all have event time, or none of which has: call withEventTime() behind the source of each`,
      { flow },
    );
  },
  noEventTime(operator: string, what: string): MillraceError {
    return new MillraceError(
      'NO_EVENT_TIME',
      `operator '${operator}': ${what} goes by event time, and its stream has none: call withEventTime(time, { outOfOrderMs }) right behind each source before it`,
      { operator },
    );
  },
  windowName(operator: string, field: string): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `operator '${operator}' emits the field '${field}' of each window: give the key, or the aggregate, another name`,
      { operator, field },
    );
  },
  windowKey(operator: string, field: string): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `operator '${operator}': the closure of process gets the key with 'start' and 'end' of each window, and the key has a field '${field}': give the field another name, by a map() before keyBy()`,
      { operator, field },
    );
  },
  connectedKeys(
    flow: string,
    left: readonly string[],
    leftTypes: string,
    right: readonly string[],
    rightTypes: string,
  ): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `flow '${flow}': connect takes streams whose keys have the same types, and (${left.join(', ')}) has (${leftTypes}), (${right.join(', ')}) has (${rightTypes}): map them to fields of one type first`,
      { flow, left, right },
    );
  },
  secondEventTime(flow: string, operator: string): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `flow '${flow}': the stream of operator '${operator}' has event time already: call withEventTime() once, behind the source`,
      { flow, operator },
    );
  },
  noSystem(flow: string, operator: string): MillraceError {
    return new MillraceError(
      'NO_SYSTEM',
      `operator '${operator}' of flow '${flow}' tells actors, asks them or is told by them, and the flow is run without a system: run({ system }), with what actorSystem() gave`,
      { flow, operator },
    );
  },
  duplicateName(flow: string, name: string, kinds: readonly [string, string]): MillraceError {
    return new MillraceError(
      'DUPLICATE_NAME',
      `flow '${flow}' has two operators named '${name}', of the kinds ${kinds[0]} and ${kinds[1]}: give each operator a name of its own, also sources, sinks and outputs`,
      { flow, operator: name, kinds },
    );
  },
  /** @param call as it is written: 'map(name, output, closure, options)' */
  noOperatorName(call: string, given: unknown): MillraceError {
    const method = call.slice(0, call.indexOf('('));
    return new MillraceError(
      'BAD_FLOW',
      `${call} takes the operator's name first, a text, got ${show(given)}: write ${method}('…'${call.includes(',') ? ', …' : ''})`,
      { call },
    );
  },
  unknownKeyField(operator: string, field: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_KEY_FIELD',
      `keyBy after '${operator}' names the field '${field}', which its tuples do not have: use one of ${known.map((name) => `'${name}'`).join(', ')}`,
      { operator, field, known },
    );
  },
  needsKey(where: string, operator: string, method: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `${where}: ${method} takes a stream with a key, and this one has none: call keyBy(field) right before it, with one or two of ${known.map((name) => `'${name}'`).join(', ')}, or keyBy() for one key of all tuples`,
      { operator },
    );
  },
  badKeyType(operator: string, field: string, type: string, keyTypes: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_KEY_FIELD',
      `keyBy after '${operator}' names the field '${field}' of type ${type}: a key is ${keyTypes.slice(0, -1).join(', ')} or ${keyTypes.at(-1)}. ${keyRemedy(field, type)}`,
      { operator, field, type },
    );
  },
  noConsumer(flow: string, operator: string): MillraceError {
    return new MillraceError(
      'NO_CONSUMER',
      `the stream of operator '${operator}' in flow '${flow}' has no consumer: end it in a sink (collect, forEach, writeLines), or remove it`,
      { flow, operator },
    );
  },
  readerSlots(operator: string, readers: number, limit: number): MillraceError {
    return new MillraceError(
      'READER_SLOTS',
      `the stream of operator '${operator}' has ${readers} readers; a ring has ${limit} reader slots: lower 'parallelism' of its consumers`,
      { operator, readers, limit },
    );
  },
};
