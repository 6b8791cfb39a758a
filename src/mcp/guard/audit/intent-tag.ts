import { createHmac, timingSafeEqual } from "node:crypto";

import { deriveKey } from "../../../crypto/signer.js";
import { sha256Hex } from "../../../crypto/digest.js";
import type { Signer } from "../../../crypto/signer.js";

const PURPOSE = "signet:audit:intent:v1";
const TAG_LENGTH = 64;

/** Marks what a server has let through, so that it knows it again and nobody can make it up who only has its files. */
export interface IntentTags {
  /** @param stored - Canonical text of the receipt as it is stored. @returns 64 hex digits. */
  make(id: string, stored: Uint8Array): string;
  check(tag: string, id: string, stored: Uint8Array): boolean;
}

/**
 * Makes what marks the intents of a server: a MAC under a key that is derived from the server's own.
 *
 * @returns `undefined` for a key that is not in memory, such as a key service's.
 */
export function createIntentTags(signer: Signer): IntentTags | undefined {
  const key = deriveKey(signer, PURPOSE);
  if (key === undefined) return undefined;
  const make = (id: string, stored: Uint8Array): string =>
    createHmac("sha256", key)
      .update(`${id} ${sha256Hex(stored)}`)
      .digest("hex");
  return {
    make,
    check: (tag, id, stored) =>
      tag.length === TAG_LENGTH && timingSafeEqual(Buffer.from(tag), Buffer.from(make(id, stored))),
  };
}
