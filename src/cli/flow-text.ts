// A flow drawn as text: each operator with what it reads and what its tuples are, those that share an actor below its first one.
// Promises: a pure function; operators stand behind those that they read, as in the flow.

import type { DescribedInput, DescribedOperator, FlowDescription } from './flow-description.ts';

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const fieldsText = (fields: Readonly<Record<string, string>>): string =>
  `{ ${Object.entries(fields)
    .map(([name, type]) => `${name}: ${type}`)
    .join(', ')} }`;

function inputText({ from, key, order, isCombined }: DescribedInput): string {
  const keyed = key === undefined ? '' : key.length === 0 ? ', one key for all' : ` by ${key.join(', ')}`;
  return `from ${from.join(' and ')}${keyed}${order === undefined ? '' : `, ${order}`}${isCombined ? ', combined before' : ''}`;
}

function replicasText({ replicas: { start, min, max } }: DescribedOperator): string {
  if (max > min) return `${start} of ${min} to ${max} replicas`;
  return counted(start, 'replica');
}

function placeText(operator: DescribedOperator): string[] {
  const { place, fusedInto, partitions } = operator;
  if (place === 'app') return ["in the app's thread"];
  if (fusedInto !== undefined) return [`in the actor of ${fusedInto}`];
  return [...(partitions === undefined ? [] : [counted(partitions, 'partition')]), replicasText(operator)];
}

function operatorLines(operator: DescribedOperator): string[] {
  const { name, kind, fusedInto, inputs, outputs, state } = operator;
  const facts = [...inputs.map(inputText), ...placeText(operator)].join('; ');
  const lines = [`${fusedInto === undefined ? '' : '└ '}${kind} ${name}: ${facts}`];
  if (state !== undefined) lines.push(`    state ${fieldsText(state)}`);
  for (const { name: output, fields, hasEventTime, isRead } of outputs) {
    const told = [...(hasEventTime ? ['with event time'] : []), ...(isRead ? [] : ['nobody reads it'])].join(', ');
    lines.push(`    → ${output === undefined ? '' : `${output} `}${fieldsText(fields)}${told && ` ${told}`}`);
  }
  return lines;
}

/** The flow as lines. */
export function flowLines({ flow, actors, operators, hints }: FlowDescription): string[] {
  return [
    `flow ${flow}: ${counted(operators.length, 'operator')}, of which workers run ${counted(actors, 'chain')}`,
    '',
    ...operators.flatMap(operatorLines),
    ...(hints.length === 0 ? [] : ['', ...hints.map(({ text }) => `hint: ${text}`)]),
  ];
}
