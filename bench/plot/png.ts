// Turns SVG into PNG by resvg, compiled to WebAssembly: the same pixels on every platform, and no native build.
// Text is drawn with the Inter font from its package, whatever fonts a machine has.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { FONT } from './spec.ts';

/** Pixels of the PNG for each of the SVG: sharp on dense screens. */
export const PNG_ZOOM = 2;

const read = (url: string): Promise<Buffer> => readFile(fileURLToPath(url));

/** The module can be initialised only once in a process. */
let fonts: Promise<Uint8Array[]> | undefined;

async function loadFonts(): Promise<Uint8Array[]> {
  await initWasm(await read(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return Promise.all([
    read(import.meta.resolve('@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf')),
    read(import.meta.resolve('@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf')),
  ]);
}

/** The SVG as a PNG of twice its width and height. Throws if the SVG is not well-formed. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  fonts ??= loadFonts();
  const font = { fontBuffers: await fonts, defaultFontFamily: FONT, sansSerifFamily: FONT };
  const drawing = new Resvg(svg, { font, fitTo: { mode: 'zoom', value: PNG_ZOOM } });
  const image = drawing.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    drawing.free();
  }
}
