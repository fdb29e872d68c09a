// Turns SVG into PNG by resvg, compiled to WebAssembly: the same pixels on every platform, and no native build.
// Text is drawn with the Inter font from its package, whatever fonts a machine has.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { FONT_FAMILY } from './style.ts';

/** Pixels of the PNG for each of the SVG: sharp on dense screens. */
export const PNG_ZOOM = 2;

const readModuleFile = (specifier: string): Promise<Buffer> => readFile(fileURLToPath(import.meta.resolve(specifier)));

/** The module can be initialised only once in a process. */
let fonts: Promise<Uint8Array[]> | undefined;

async function loadFonts(): Promise<Uint8Array[]> {
  await initWasm(await readModuleFile('@resvg/resvg-wasm/index_bg.wasm'));
  return Promise.all(
    ['400Regular/Inter_400Regular.ttf', '600SemiBold/Inter_600SemiBold.ttf'].map((file) =>
      readModuleFile(`@expo-google-fonts/inter/${file}`),
    ),
  );
}

/** The SVG as a PNG of twice its width and height. Throws if the SVG is not well-formed. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  fonts ??= loadFonts();
  const font = { fontBuffers: await fonts, defaultFontFamily: FONT_FAMILY, sansSerifFamily: FONT_FAMILY };
  const drawing = new Resvg(svg, { font, fitTo: { mode: 'zoom', value: PNG_ZOOM } });
  const image = drawing.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    drawing.free();
  }
}
