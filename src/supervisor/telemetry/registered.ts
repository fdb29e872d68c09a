// What an app has registered with OpenTelemetry, told without its package, whose import takes longer than the start of a small job.

/** Where all copies of version 1 of the package keep it. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** Undefined if the app has registered nothing. */
const registered = (): { readonly trace?: unknown } | undefined =>
  (globalThis as { readonly [name: symbol]: { readonly trace?: unknown } | undefined })[REGISTERED];

/** True if the app has registered anything. */
export const isRegistered = (): boolean => registered() !== undefined;

/** True if the app has registered a provider of traces. */
export const hasTraceProvider = (): boolean => registered()?.trace !== undefined;
