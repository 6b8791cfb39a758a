export function hex(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}

export function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
