// Standard Schema (https://standardschema.dev): the interface that zod, valibot, arktype and others have in common.
// Promises: what a schema says of a value is told in one line, with the path of what is wrong; nothing is awaited.

import { errors } from '../../errors.ts';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type Result<Value> = { readonly value: Value; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

/** A schema of any library that follows Standard Schema, version 1. `Value` is what it gives back. */
export interface StandardSchema<Value> {
  /** What the interface is made of. */
  readonly '~standard': {
    /** Of the interface. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Checks a value. A schema that awaits something is refused. */
    readonly validate: (value: unknown) => Result<Value> | Promise<Result<Value>>;
  };
}

const ISSUES_SHOWN = 3;

/**
 * A schema as `t.json()` got it.
 * @throws MillraceError BAD_SCHEMA for what is none
 */
export function requireStandardSchema(given: unknown): StandardSchema<unknown> {
  // Schemas may be functions: those of arktype are.
  const isSchema = (typeof given === 'object' && given !== null) || typeof given === 'function';
  const standard = isSchema ? (given as Partial<StandardSchema<unknown>>)['~standard'] : undefined;
  if (typeof standard?.validate === 'function') return given as StandardSchema<unknown>;
  throw errors.badSchema(
    't.json(schema)',
    "takes a Standard Schema, as zod, valibot and arktype make them, and this has no '~standard'.validate: write t.json<Type>() for a type without a check",
  );
}

/** `items[0].price` */
function pathOf({ path = [] }: Issue): string {
  let text = '';
  for (const part of path) {
    const key = typeof part === 'object' ? part.key : part;
    text += typeof key === 'number' ? `[${key}]` : text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}

const lineOf = (issue: Issue): string => {
  const path = pathOf(issue);
  return path === '' ? issue.message : `at ${path}: ${issue.message}`;
};

/**
 * What a schema makes of a value, or what is wrong with it.
 * @throws MillraceError BAD_SCHEMA if the schema awaits something
 */
export function validated(
  schema: StandardSchema<unknown>,
  value: unknown,
): { readonly value: unknown } | { readonly problem: string } {
  const { validate, vendor } = schema['~standard'];
  const result = validate(value);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw errors.badSchema(
      `t.json() of a ${vendor} schema`,
      'awaits something, and a tuple is checked at once: check that in mapAsync(), and give t.json() a schema without async parts',
    );
  }
  if (result.issues === undefined) return { value: result.value };
  const shown = result.issues.slice(0, ISSUES_SHOWN).map(lineOf).join('; ');
  const more = result.issues.length - ISSUES_SHOWN;
  return { problem: more > 0 ? `${shown}; and ${more} more` : shown };
}
