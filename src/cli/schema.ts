// `millrace schema`: guesses the fields of a file from its beginning, and prints a source for it to paste.
// Promises: what is printed is a module that reads every record that was looked at, or leaves it out as a dead letter.

import { findFiles, isPattern } from '../connectors/files/file-patterns.ts';
import { type FileSample, SAMPLE_BYTES, sampleOf } from '../connectors/guess/file-sample.ts';
import { type CsvGuess, type GuessedColumn, guessCsv } from '../connectors/guess/guess-csv.ts';
import { guessJson, type JsonField, type JsonGuess, type JsonType } from '../connectors/guess/guess-json.ts';
import { errors } from '../errors.ts';
import { FIELDS_MAX, isFieldName } from '../mailbox/schema.ts';
import { countText } from './reading-text.ts';
import { WrongUsage } from './wrong-usage.ts';

const LINE_LENGTH = 100;
/** Lines of bad records that are named. */
const LINES_SHOWN = 3;

/**
 * The source for a file, as a module; of a folder or a pattern, by its first file.
 * @throws MillraceError INPUT_FILE; WrongUsage around USAGE for a file without records, and for one that no source reads
 */
export async function schemaOf(path: string): Promise<string> {
  const [file] = isPattern(path) ? await findFiles([path]) : [path];
  const sample = await sampleOf(file);
  const refuse = (problem: string): never => {
    throw new WrongUsage(errors.usage(`'${file}' ${problem}`));
  };
  if (sample.bytes.includes(0)) refuse('is no text: it has bytes that are zero');
  if (sample.bytes.length > SAMPLE_BYTES) refuse(`begins with a line of more than ${SAMPLE_BYTES / 1024 ** 2} MiB`);
  const text = sample.bytes.toString('utf8');
  return /^\s*[{[]/.test(text) ? jsonModule(path, text, sample, refuse) : csvModule(path, sample, refuse);
}

type Refuse = (problem: string) => never;

const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const counted = (count: number, what: string): string => `${countText(count)} ${what}${count === 1 ? '' : 's'}`;

interface ModuleParts {
  readonly path: string;
  readonly reader: 'readCsv' | 'readJson';
  /** Lines of code, one each. */
  readonly fields: readonly string[];
  /** What it was guessed from. */
  readonly from: string;
  readonly options: readonly string[];
  /** What is to be known besides. */
  readonly notes: readonly string[];
}

function moduleText({ path, reader, fields, from, options, notes }: ModuleParts): string {
  const call = `export const source = ${reader}(${quoted(path)}, fields`;
  const line = `${call}${options.length === 0 ? '' : `, { ${options.join(', ')} }`});`;
  const isLong = line.length > LINE_LENGTH;
  return [
    "import { t } from 'millrace';",
    `import { ${reader} } from 'millrace/sources';`,
    '',
    `// Guessed from ${from}.`,
    ...notes.map((note) => `// ${note}`),
    'const fields = {',
    ...fields.map((field) => `  ${field}`),
    '};',
    '',
    ...(isLong ? [`${call}, {`, ...options.map((option) => `  ${option},`), '});'] : [line]),
    '',
  ].join('\n');
}

const fromText = (count: number, what: string, { isWhole }: FileSample): string =>
  `${counted(count, what)}${isWhole ? '' : ', with which it begins'}`;

const encodingOption = ({ encoding }: FileSample): string[] =>
  encoding === undefined ? [] : [`encoding: ${quoted(encoding)}`];

/** Empty texts are texts. */
const cellCode = ({ type, empty }: GuessedColumn): string =>
  empty > 0 && type !== 'string' ? `t.optional(t.${type}())` : `t.${type}()`;

function csvModule(path: string, sample: FileSample, refuse: Refuse): string {
  const guess = guessCsv(sample.bytes) ?? refuse('has no records to guess fields from');
  const { columns, records, others } = guess;
  // A sample that is not all of the file may end within quotes.
  const uncutLine = sample.isWhole ? guess.uncutLine : undefined;
  if (columns.length > FIELDS_MAX)
    refuse(
      `has ${columns.length} columns, and a tuple at most ${FIELDS_MAX} fields: with { header: true } those are left out that no field is named after`,
    );
  if (records === 0 && uncutLine !== undefined) refuse(`has no record: a quote in line ${uncutLine} is not closed`);
  const fields = columns.map((column) => {
    const { field, empty } = column;
    const note = empty === 0 ? '' : ` // ${empty === records ? 'always empty' : `empty in ${countText(empty)}`}`;
    return `${field}: ${cellCode(column)},${note}`;
  });
  return moduleText({
    path,
    reader: 'readCsv',
    fields,
    from: fromText(records, 'record', sample),
    options: [...csvOptions({ ...guess, uncutLine }), ...encodingOption(sample)],
    notes: [
      ...(guess.header === 'unclear'
        ? ['Its header has names that are alike or empty: fields are in the order of the columns.']
        : []),
      ...(others > 0 ? [`${counted(others, 'record')} of another number of cells: dead letters.`] : []),
      ...(uncutLine !== undefined ? [`A quote in line ${uncutLine} is not closed.`] : []),
    ],
  });
}

function csvOptions({
  columns,
  header,
  delimiter,
  decimal,
  comment,
  skipLines,
  others,
  uncutLine,
}: CsvGuess): string[] {
  const renamed = columns.filter(({ title, field }) => title !== undefined && title !== field);
  const titles = renamed.map(({ title, field }) => `${field}: ${quoted(title as string)}`);
  return [
    ...(skipLines > 0 ? [`skipLines: ${skipLines}`] : []),
    ...(header === 'named' ? [titles.length === 0 ? 'header: true' : `header: { ${titles.join(', ')} }`] : []),
    ...(delimiter === ',' ? [] : [`delimiter: ${quoted(delimiter)}`]),
    ...(decimal === '.' ? [] : [`decimal: ${quoted(decimal)}`]),
    ...(comment === undefined ? [] : [`comment: ${quoted(comment)}`]),
    ...(others > 0 || uncutLine !== undefined ? ["badRecords: 'skip'"] : []),
  ];
}

function typeCode(type: JsonType): string {
  if (type.kind === 'list' || type.kind === 'optional') return `t.${type.kind}(${typeCode(type.of)})`;
  if (type.kind !== 'struct') return `t.${type.kind}()`;
  const named = type.fields.map(({ name, type }) => `${isFieldName(name) ? name : quoted(name)}: ${typeCode(type)}`);
  return `t.struct({ ${named.join(', ')} })`;
}

function fieldLine({ name, type, empty, isRounded }: JsonField): string {
  const line = `${isFieldName(name) ? name : quoted(name)}: ${typeCode(type)},`;
  if (!isFieldName(name)) return `// ${line} no name of a field`;
  const notes = [
    ...(empty > 0 ? [`missing in ${countText(empty)}`] : []),
    ...(isRounded ? ['beyond 2^53, where only texts are exact'] : []),
  ];
  return notes.length === 0 ? line : `${line} // ${notes.join('; ')}`;
}

function jsonModule(path: string, text: string, sample: FileSample, refuse: Refuse): string {
  const guess: JsonGuess = guessJson(text) ?? refuse(`is no file of a JSON object a line: ${remedyFor(text)}`);
  const { fields, objects, badLines } = guess;
  const named = fields.filter(({ name }) => isFieldName(name));
  if (named.length === 0) refuse('has objects without a property that a field can be named after');
  if (named.length > FIELDS_MAX)
    refuse(`has objects with ${named.length} properties, and a tuple has at most ${FIELDS_MAX} fields`);
  const shown = `${badLines.slice(0, LINES_SHOWN).join(', ')}${badLines.length > LINES_SHOWN ? ', …' : ''}`;
  return moduleText({
    path,
    reader: 'readJson',
    fields: fields.map(fieldLine),
    from: fromText(objects, 'object', sample),
    options: [...(badLines.length > 0 ? ["badRecords: 'skip'"] : []), ...encodingOption(sample)],
    notes:
      badLines.length > 0 ? [`${counted(badLines.length, 'line')} without an object: dead letters (${shown}).`] : [],
  });
}

const remedyFor = (text: string): string =>
  text.trimStart().startsWith('[')
    ? `it begins with an array: write each of its elements as a line, as jq -c '.[]' does`
    : 'write each object as one line';
