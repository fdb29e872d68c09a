// SVG text: elements with escaped texts and attributes, numbers with two decimals, and how wide a text will be.
// Promises well-formed XML for any string, and widths on the wide side.

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element; its children are markup already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  let markup = `<${name}`;
  for (const [attribute, value] of Object.entries(attributes))
    if (value !== undefined) markup += ` ${attribute}="${typeof value === 'number' ? px(value) : escapeText(value)}"`;
  return children.length === 0 ? `${markup}/>` : `${markup}>${children.join('')}</${name}>`;
}

/** At most two decimals: a hundredth of a pixel is below what anyone sees. */
export const px = (value: number): string => `${Math.round(value * 100) / 100 || 0}`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML 1.0 cannot hold, not even escaped: control characters, non-characters and lone surrogates. */
const FORBIDDEN = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]|\p{Surrogate}/gu;

/** Escapes what XML reserves, and replaces what it cannot hold. */
export const escapeText = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"]/g, (character) => ENTITIES[character]);

/** Characters by their width in Inter, in ems, rounded up. */
const WIDTHS_EM: readonly (readonly [ems: number, characters: string])[] = [
  [0.3, "ijlI \u00a0!,.:;·'’"],
  [0.38, '`t|()/[\\]fr'],
  [0.5, '1{}-_°"^*–'],
  [0.58, 'skxzavye7JLc?'],
  [0.62, '2345689bdgpqhnuoµFE'],
  [0.67, '0#Z$&PRSBTK+<=>~×≤≥−'],
  [0.76, 'XYAVDCHUGNOQ'],
  [0.9, 'wmM…'],
];
const WIDTH_EM = new Map(WIDTHS_EM.flatMap(([ems, characters]) => [...characters].map((one) => [one, ems] as const)));

/** The width of a text in Inter, in pixels; a few per cent more than it is, and more than in narrower fonts. */
export function textWidthPx(text: string, sizePx: number): number {
  let ems = 0;
  for (const character of text) ems += WIDTH_EM.get(character) ?? 1;
  return ems * sizePx;
}

/** Breaks a text at its spaces (not the no-break ones) into lines of at most `widthPx`; a longer word stays whole. */
export function wrap(text: string, sizePx: number, widthPx: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/[ \t\r\n]+/).filter((part) => part !== '')) {
    const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
    if (lines.length > 0 && textWidthPx(longer, sizePx) <= widthPx) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
