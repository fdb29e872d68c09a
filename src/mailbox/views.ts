// Typed-array views of shared memory, and the constants of its layout.
// Promises: one set of fixed-length views over one range; 8-byte words are the unit of every position.
// Fixed-length, because length-tracking views of growable buffers are 30 to 50 times slower.

/** Bytes that no other hot word shares: two cache lines, since processors fetch lines in pairs. */
export const LINE_BYTES = 128;
/** The same as a count of Int32 elements. */
export const LINE_I32 = LINE_BYTES / 4;

/** The views through which one range of shared memory is read and written. */
export interface Views {
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
  /** The same bytes as a Buffer, for its native string methods. */
  readonly text: Buffer;
}

/** Views of `byteLength` bytes from `byteOffset`; both are multiples of 8. */
export function viewsOf(buffer: SharedArrayBuffer, byteOffset: number, byteLength: number): Views {
  return {
    i32: new Int32Array(buffer, byteOffset, byteLength >>> 2),
    u32: new Uint32Array(buffer, byteOffset, byteLength >>> 2),
    f64: new Float64Array(buffer, byteOffset, byteLength >>> 3),
    u8: new Uint8Array(buffer, byteOffset, byteLength),
    text: Buffer.from(buffer as unknown as ArrayBuffer, byteOffset, byteLength),
  };
}
