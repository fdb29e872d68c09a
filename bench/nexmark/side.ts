// The bounded table of q13, `side.csv`: a value for some keys.

/** @param text of the file, with its header; neither keys nor values are quoted */
export function readSide(text: string): ReadonlyMap<number, string> {
  const values = new Map<number, string>();
  for (const line of text.split('\n').slice(1)) {
    const comma = line.indexOf(',');
    if (comma > 0) values.set(Number(line.slice(0, comma)), line.slice(comma + 1).trimEnd());
  }
  return values;
}
