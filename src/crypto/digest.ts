import { hash } from "node:crypto";

/** A SHA-256 digest as text: `sha256:` and 64 lower-case hex digits (wire-format 1). */
export type Sha256Text = `sha256:${string}`;

const PREFIX = "sha256:";
const TEXT_LENGTH = PREFIX.length + 64;

/** Hashes bytes, or the UTF-8 of a text. */
export function sha256Text(data: string | Uint8Array): Sha256Text {
  return `sha256:${hash("sha256", data, "hex")}`;
}

/** The same without the prefix: 64 lower-case hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** Tells whether a value is the text of a SHA-256 digest, in its only form. */
export function isSha256Text(value: unknown): value is Sha256Text {
  if (typeof value !== "string" || value.length !== TEXT_LENGTH || !value.startsWith(PREFIX)) return false;
  for (let at = PREFIX.length; at < TEXT_LENGTH; at++) {
    const unit = value.charCodeAt(at);
    // 0 to 9, a to f.
    if (!((unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x66))) return false;
  }
  return true;
}
