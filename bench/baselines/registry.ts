// The transport baselines by name. Modules are loaded on demand: a thread holds the code of its own baseline only.

import type { TransportBaseline } from './lane.ts';

export const transports = {
  postMessage: async (): Promise<TransportBaseline> => (await import('./post-message.ts')).oneByOne,
  'postMessage-1000': async (): Promise<TransportBaseline> => (await import('./post-message.ts')).inArrays,
  comlink: async (): Promise<TransportBaseline> => (await import('./comlink.ts')).comlink,
  piscina: async (): Promise<TransportBaseline> => (await import('./piscina.ts')).piscina,
  ringbuf: async (): Promise<TransportBaseline> => (await import('./ringbuf.ts')).ringbuf,
} as const;

export type TransportName = keyof typeof transports;
