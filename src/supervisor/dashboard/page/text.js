// Numbers and times as people read them.

/** @param {number} count */
export const countText = (count) => Math.round(count).toLocaleString('en-US');

/**
 * 1234567 as 1.23 M.
 * @param {number} rate
 */
export function rateText(rate) {
  if (rate < 10) return rate === 0 ? '0' : rate.toFixed(1);
  if (rate < 1000) return String(Math.round(rate));
  const [value, unit] = rate < 1e6 ? [rate / 1e3, 'k'] : [rate / 1e6, 'M'];
  return `${value >= 100 ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

/** @param {number} share */
export const shareText = (share) => `${Math.round(share * 100)} %`;

/** @param {number} bytes */
export function bytesText(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** @param {number} ms */
export function timeText(ms) {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** @param {number} atMs */
export const clockText = (atMs) => new Date(atMs).toLocaleTimeString('en-GB');

/**
 * @param {string} text
 * @param {number} most characters
 */
export const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** `needed` of camel case as words. @param {string} name */
export const wordsOf = (name) => name.replace(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
