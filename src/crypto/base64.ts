/**
 * Reads standard base64 with padding (wire-format 1), strictly: only the one text that these bytes have is accepted.
 * No url-safe alphabet, no missing padding, no stray trailing bits, no white space.
 *
 * @param length - Number of bytes that it has to be.
 * @returns the bytes, `undefined` for any other text.
 */
export function decodeBase64(text: string, length: number): Uint8Array | undefined {
  // Node's decoder reads other alphabets and skips what it does not know, so the bytes are encoded again.
  if (text.length !== Math.ceil(length / 3) * 4) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === length && bytes.toString("base64") === text ? bytes : undefined;
}

/** Writes standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("base64");
}

/** The same bytes, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
