export function hex(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}
