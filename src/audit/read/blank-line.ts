/** Tells whether a line holds nothing but white space. Readers pass over such a line: it is no record, and no fault. */
export function isBlankLine(line: Uint8Array): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}
