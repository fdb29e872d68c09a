// Values, sizes and files as error texts show them: short, and safe for any value.
// Relies on nothing.

const SHOWN_CHARACTERS_MAX = 80;

/** JSON has no form for bigints. */
const withBigints = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

/** A short, safe rendering of any value for an error text. */
export function show(value: unknown): string {
  let text: string;
  if (typeof value === 'string') text = JSON.stringify(value);
  else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`;
  else if (typeof value === 'bigint') text = `${value}n`;
  else if (Object.is(value, -0)) text = '-0';
  else if (value instanceof Uint8Array) text = `Uint8Array(${value.length})`;
  else if (typeof value === 'object' && value !== null) {
    try {
      text = JSON.stringify(value, withBigints) ?? String(value);
    } catch {
      text = Object.prototype.toString.call(value);
    }
  } else text = String(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

/** Bytes for people: 4 MiB, 9.1 MiB, 512 B. */
export function showBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Which file it is, and how long. */
export interface FileFacts {
  readonly device: string;
  readonly inode: string;
  readonly bytes: number;
}

export const showFile = ({ device, inode, bytes }: FileFacts): string =>
  `inode ${inode} of device ${device}, ${bytes} bytes`;
