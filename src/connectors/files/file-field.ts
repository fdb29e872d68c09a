// The field that says which file a tuple comes from.
// Promises: it is the path as the source was given it, or found it; positions, bad records and errors stay what they are.
// Relies on: `of` of sourceOfFiles makes the source of each file, by whichever way it came to be read.

import { errors } from '../../errors.ts';
import type { SourceReader, SourceStatus } from '../../flow/source.ts';
import type { SourceProgress } from '../../flow/source-progress.ts';
import { type Field, isFieldName, type Shape, t } from '../../mailbox/schema.ts';
import { value } from '../../options/kinds.ts';
import type { FileSource } from './file-source.ts';

const isName = (given: unknown): given is string => typeof given === 'string' && isFieldName(given);

export const FILE_FIELD_OPTION = value('the name of a field', isName, {
  help: 'the name of a field more, in which each tuple has the path of its file',
  defaultText: 'none',
});

/** The fields, and the one that says which file it was, if there is one. */
export type WithFile<Fields extends Shape, Name extends string> = [Name] extends [never]
  ? Fields
  : Fields & Readonly<Record<Name, Field<string>>>;

/**
 * A source of a file whose tuples say which file it is.
 * @throws MillraceError BAD_OPTION if a field has that name already
 */
export function withFileField<Fields extends Shape, Position>(
  source: FileSource<Fields, Position>,
  name: string | undefined,
  where: string,
): FileSource<Fields, Position> {
  if (name === undefined) return source;
  if (Object.hasOwn(source.fields, name))
    throw errors.badOption('fileField', name, 'a name that no other field has', where);
  const named: FileSource<Shape, Position> = {
    ...source,
    fields: { ...source.fields, [name]: t.dictionary() },
    open: async (context, part) =>
      new NamingReader(await source.open(context, part), name, source.path) as unknown as SourceReader<never, Position>,
  };
  return named as unknown as FileSource<Fields, Position>;
}

/** A reader whose tuples get one field more. */
class NamingReader<Tuple extends object, Position> implements SourceReader<Tuple, Position> {
  readonly #reader: SourceReader<Tuple, Position>;
  readonly #name: string;
  readonly #path: string;

  constructor(reader: SourceReader<Tuple, Position>, name: string, path: string) {
    this.#reader = reader;
    this.#name = name;
    this.#path = path;
  }

  get position(): Position {
    return this.#reader.position;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    const name = this.#name;
    const path = this.#path;
    return this.#reader.read((tuple) => {
      (tuple as Record<string, unknown>)[name] = path;
      emit(tuple);
    }, limit);
  }

  progress(): SourceProgress | undefined {
    return this.#reader.progress?.();
  }

  close(): void {
    this.#reader.close();
  }
}
