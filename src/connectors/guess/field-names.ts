// Names for fields, of whatever texts a file has for its columns.

import { isFieldName } from '../../mailbox/schema.ts';

/** A longer text is no name. */
const LENGTH_MAX = 64;

/** 'Price (EUR)' as priceEur. What has no letter that a name may have is called by its place. */
function nameOf(text: string, column: number): string {
  if (text.length > LENGTH_MAX) return `column${column + 1}`;
  if (isFieldName(text)) return text;
  const words =
    text
      .replaceAll('ß', 'ss')
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .match(/[A-Za-z0-9]+/g) ?? [];
  const [first = '', ...others] = words.map((word) => (word === word.toUpperCase() ? word.toLowerCase() : word));
  const joined = [first.charAt(0).toLowerCase() + first.slice(1), ...others.map(capitalised)].join('');
  return isFieldName(joined) ? joined : `column${column + 1}`;
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** A name of its own for each column. */
export function fieldNames(texts: readonly string[]): string[] {
  const taken = new Set<string>();
  return texts.map((text, column) => {
    const name = nameOf(text, column);
    let own = name;
    for (let n = 2; taken.has(own); n++) own = `${name}${n}`;
    taken.add(own);
    return own;
  });
}
