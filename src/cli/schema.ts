// `millrace schema`: guesses the fields of a file from its beginning, and prints a source for it to paste.
// Promises: what is printed is a module that reads every record that was looked at.

import { sampleOf } from '../connectors/guess/file-sample.ts';
import { type CsvGuess, type GuessedColumn, guessCsv } from '../connectors/guess/guess-csv.ts';
import { guessJson, type JsonField, type JsonGuess, type JsonType } from '../connectors/guess/guess-json.ts';
import { errors } from '../errors.ts';
import { isFieldName } from '../mailbox/schema.ts';
import { countText } from './reading-text.ts';
import { WrongUsage } from './wrong-usage.ts';

/**
 * The source for a file, as a module.
 * @throws MillraceError INPUT_FILE; WrongUsage around USAGE for a file without records, and for one that no source reads
 */
export async function schemaOf(path: string): Promise<string> {
  const { bytes, isWhole, encoding } = await sampleOf(path);
  const text = bytes.toString('utf8');
  const of = (count: number, what: string) => `${countText(count)} ${what}${isWhole ? '' : ', with which it begins'}`;
  if (/^\s*[{[]/.test(text)) {
    const guess = guessJson(text);
    if (guess === undefined) throw new WrongUsage(errors.usage(noObjects(path, text)));
    return jsonModule(path, guess, of(guess.objects, guess.objects === 1 ? 'object' : 'objects'), encoding);
  }
  const guess = guessCsv(bytes);
  if (guess === undefined) throw new WrongUsage(errors.usage(`'${path}' has no records to guess fields from`));
  return csvModule(path, guess, of(guess.records, guess.records === 1 ? 'record' : 'records'), encoding);
}

function noObjects(path: string, text: string): string {
  const remedy = text.trimStart().startsWith('[')
    ? `it begins with an array: write each of its elements as a line, as jq -c '.[]' does`
    : 'write each object as one line';
  return `'${path}' is no file of a JSON object a line: ${remedy}`;
}

const LINE_LENGTH = 100;

const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const optionalOf = (code: string): string => `t.optional(${code})`;

/** Empty texts are texts. */
const cellCode = ({ type, empty }: GuessedColumn): string =>
  empty > 0 && type !== 'string' ? optionalOf(`t.${type}()`) : `t.${type}()`;

function moduleText(
  path: string,
  reader: string,
  fields: readonly string[],
  from: string,
  options: readonly string[],
): string {
  const call = `export const source = ${reader}(${quoted(path)}, fields`;
  const line = `${call}${options.length === 0 ? '' : `, { ${options.join(', ')} }`});`;
  const isLong = line.length > LINE_LENGTH;
  return [
    "import { t } from 'millrace';",
    `import { ${reader} } from 'millrace/sources';`,
    '',
    `// Guessed from ${from}.`,
    'const fields = {',
    ...fields.map((field) => `  ${field}`),
    '};',
    '',
    ...(isLong ? [`${call}, {`, ...options.map((option) => `  ${option},`), '});'] : [line]),
    '',
  ].join('\n');
}

function csvModule(path: string, guess: CsvGuess, from: string, encoding: string | undefined): string {
  const { columns, records, others, hasHeader, delimiter, decimal, skipLines } = guess;
  const fields = columns.map((column) => {
    const note =
      column.empty > 0
        ? ` // ${column.empty === records ? 'always empty' : `empty in ${countText(column.empty)}`}`
        : '';
    return `${column.field}: ${cellCode(column)},${note}`;
  });
  const renamed = columns.filter(({ title, field }) => title !== undefined && title !== field);
  const titles = renamed.map(({ title, field }) => `${field}: ${quoted(title as string)}`);
  const options = [
    ...(skipLines > 0 ? [`skipLines: ${skipLines}`] : []),
    ...(hasHeader ? [titles.length === 0 ? 'header: true' : `header: { ${titles.join(', ')} }`] : []),
    ...(delimiter === ',' ? [] : [`delimiter: ${quoted(delimiter)}`]),
    ...(decimal === '.' ? [] : [`decimal: ${quoted(decimal)}`]),
    ...(encoding === undefined ? [] : [`encoding: ${quoted(encoding)}`]),
  ];
  const source = moduleText(path, 'readCsv', fields, from, options);
  if (others === 0) return source;
  const number = others === 1 ? 'One record has' : `${countText(others)} records have`;
  return `${source}// ${number} another number of cells: with badRecords: 'skip' they are dead letters, and the rest is read.\n`;
}

function typeCode(type: JsonType): string {
  if (type.kind === 'list' || type.kind === 'optional') return `t.${type.kind}(${typeCode(type.of)})`;
  if (type.kind !== 'struct') return `t.${type.kind}()`;
  const named = type.fields.map(({ name, type }) => `${isFieldName(name) ? name : quoted(name)}: ${typeCode(type)}`);
  return `t.struct({ ${named.join(', ')} })`;
}

function jsonModule(path: string, { fields }: JsonGuess, from: string, encoding: string | undefined): string {
  const lines = fields.map(({ name, type, empty }: JsonField) => {
    const line = `${isFieldName(name) ? name : quoted(name)}: ${typeCode(type)},`;
    if (!isFieldName(name)) return `// ${line} no name of a field`;
    return empty > 0 ? `${line} // missing in ${countText(empty)}` : line;
  });
  return moduleText(path, 'readJson', lines, from, encoding === undefined ? [] : [`encoding: ${quoted(encoding)}`]);
}
