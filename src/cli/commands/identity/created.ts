import { join } from "node:path";
import type { KeySummary } from "../../../keystore/index.js";

/** Says where a new key is, and how it is kept. */
export function createdNote({ name, encrypted }: KeySummary, dir: string): string {
  const kept = encrypted === true ? "encrypted" : "not encrypted: whoever reads the file can sign with it";
  return `The key ${name} is in ${join(dir, `${name}.key`)}, ${kept}.`;
}
