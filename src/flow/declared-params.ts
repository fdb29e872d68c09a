// Parameters that a flow declares: what it takes, of which types, and what is said of them.
// Promises: a build function gets each of them, of its type; a name that is not declared is refused with the nearest that is.
// Relies on being called on every thread, with what run() or the command line was given.

import { errors } from '../errors.ts';
import { nearest } from '../options/nearest.ts';

interface Declared<Type, Value> {
  /** Of its values: 'string', 'number', 'integer', 'boolean', or the words that it may be. */
  readonly type: Type;
  /** A phrase without a full stop: what it is. `millrace run flow.js --help` prints it. */
  readonly help?: string;
  /** What holds where it is left out. */
  readonly default?: Value;
  /** True if it may be left out though it has no default: it is undefined then. */
  readonly isOptional?: true;
}

/** One parameter of a flow. A boolean without a default is false where it is left out, unless it is optional. */
export type ParamDeclaration =
  | Declared<'string', string>
  | Declared<'number' | 'integer', number>
  | Declared<'boolean', boolean>
  | Declared<readonly string[], string>;

/** The parameters of a flow, by name. */
export type ParamTable = Readonly<Record<string, ParamDeclaration>>;

type ValueOfType<Type> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends readonly (infer Word)[]
        ? Word
        : never;

/** Declarations whose parameters have a value where they are left out. */
type HasDefault = { readonly default: unknown } | { readonly type: 'boolean'; readonly isOptional?: never };
type IsOptional = { readonly isOptional: true };

type NamesLeftOut<Table> = {
  [Name in keyof Table]: Table[Name] extends HasDefault | IsOptional ? Name : never;
}[keyof Table];

type ValueOf<Declaration> = Declaration extends { readonly type: infer Type } ? ValueOfType<Type> : never;

/** What callers give as `params`. */
export type GivenParams<Table> = {
  readonly [Name in Exclude<keyof Table, NamesLeftOut<Table>>]: ValueOf<Table[Name]>;
} & { readonly [Name in NamesLeftOut<Table>]?: ValueOf<Table[Name]> };

/** What a build function gets. */
export type ParamsOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends HasDefault
    ? ValueOf<Table[Name]>
    : Table[Name] extends IsOptional
      ? ValueOf<Table[Name]> | undefined
      : ValueOf<Table[Name]>;
};

const RULES = { string: 'a string', number: 'a number', integer: 'an integer', boolean: 'true or false' } as const;

/** Without its dashes: `maxWords` is `max-words` on the command line. */
export const paramFlag = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** What comes back as it is from its flag. */
const PARAM_NAME = /^[\p{Ll}_][\p{L}\p{N}_]*$/u;
const NAME_RULE =
  'of names that the command line can give: a small letter, then letters and digits, as maxWords, which is --max-words';

const isWords = (type: unknown): type is readonly string[] =>
  Array.isArray(type) && type.length > 0 && type.every((word) => typeof word === 'string');

function ruleOf(type: ParamDeclaration['type']): string {
  return typeof type === 'string' ? RULES[type] : `one of ${type.map((word) => `'${word}'`).join(', ')}`;
}

function accepts(type: ParamDeclaration['type'], value: unknown): boolean {
  if (typeof type !== 'string') return (type as readonly unknown[]).includes(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  return type === 'number' ? typeof value === 'number' && !Number.isNaN(value) : typeof value === type;
}

/** What holds where a parameter is left out; undefined if nothing does. */
const fallbackOf = ({ type, default: fallback, isOptional }: ParamDeclaration): unknown =>
  fallback === undefined && type === 'boolean' && isOptional !== true ? false : fallback;

/** True if a caller must give it. */
export const isRequired = (declaration: ParamDeclaration): boolean =>
  declaration.isOptional !== true && fallbackOf(declaration) === undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Refuses a declaration that no caller could meet.
 * @throws MillraceError BAD_OPTION
 */
export function checkParamTable(flow: string, table: unknown): asserts table is ParamTable {
  const where = `flow '${flow}'`;
  const rule = "an object of parameters such as { file: { type: 'string', help: 'the file to read' } }";
  if (!isObject(table)) throw errors.badOption('params', table, rule, where);
  for (const [name, declaration] of Object.entries(table)) {
    if (!PARAM_NAME.test(name)) throw errors.badOption('params', name, NAME_RULE, where);
    if (!isObject(declaration)) throw errors.badOption(`params.${name}`, declaration, "{ type: 'string' }", where);
    const { type, default: fallback, help } = declaration as Partial<ParamDeclaration>;
    if (!(typeof type === 'string' && Object.hasOwn(RULES, type)) && !isWords(type))
      throw errors.badOption(
        `params.${name}.type`,
        type,
        "'string', 'number', 'integer', 'boolean' or an array of words",
        where,
      );
    if (help !== undefined && typeof help !== 'string')
      throw errors.badOption(`params.${name}.help`, help, 'a string', where);
    if (fallback !== undefined && !accepts(type, fallback))
      throw errors.badOption(`params.${name}.default`, fallback, ruleOf(type), where);
    const known = ['type', 'help', 'default', 'isOptional'];
    const unknown = Object.keys(declaration).find((each) => !known.includes(each));
    if (unknown !== undefined)
      throw errors.unknownOption(`'params.${name}' of ${where}`, unknown, known, nearest(unknown, known));
  }
}

/**
 * The parameters that a build function gets.
 * @param given by run(), or by the command line
 * @throws MillraceError BAD_OPTION for a name that is not declared, one that is missing, or a value of another type
 */
export function readParams(flow: string, table: ParamTable, given: unknown = {}): Readonly<Record<string, unknown>> {
  if (!isObject(given)) throw errors.badOption('params', given, 'an object', `flow '${flow}'`);
  const known = Object.keys(table);
  for (const name of Object.keys(given))
    if (!Object.hasOwn(table, name)) throw errors.unknownParam(flow, name, known, nearest(name, known));
  return Object.fromEntries(
    Object.entries(table).map(([name, declaration]) => {
      const { type } = declaration;
      const value = given[name] ?? fallbackOf(declaration);
      if (value === undefined && isRequired(declaration)) throw errors.missingParam(flow, name, ruleOf(type));
      if (value !== undefined && !accepts(type, value)) throw errors.badParam(flow, name, ruleOf(type), value);
      return [name, value];
    }),
  );
}
