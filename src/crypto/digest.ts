import { hash } from "node:crypto";

/** A SHA-256 digest as text: `sha256:` and 64 lower-case hex digits (wire-format 1). */
export type Sha256Text = `sha256:${string}`;

const SHA256_TEXT = /^sha256:[0-9a-f]{64}$/;

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
  return typeof value === "string" && SHA256_TEXT.test(value);
}
