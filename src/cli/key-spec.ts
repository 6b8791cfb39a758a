import { decodeBase64 } from "../crypto/base64.js";
import { formatPublicKey, isPublicKeyText } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { isKeyName } from "../keystore/names.js";
import { isPlainObject, ownValue } from "../lib/json.js";
import { CliFault } from "./faults.js";
import { readInput } from "./read-input.js";

/**
 * Finds the public key that a flag means: `ed25519:` and base64, the base64 alone, a file (a `.pub` file, or one with a key in it), or the
 * name of a key in the keystore.
 *
 * @param flag - For messages.
 */
export async function findPublicKey(text: string, flag: string): Promise<PublicKeyText> {
  const given = asKey(text);
  if (given !== undefined) return given;
  if (/[./\\]/.test(text)) return await readKey(text, flag);
  if (!isKeyName(text)) throw noKey(flag, text);
  const { openKeystore } = await import("../keystore/index.js");
  return publicKeyText(await openKeystore().exportPublic(text), flag, text);
}

function asKey(text: string): PublicKeyText | undefined {
  if (isPublicKeyText(text)) return text;
  const bytes = decodeBase64(text, 32);
  return bytes === undefined ? undefined : formatPublicKey(bytes);
}

async function readKey(file: string, flag: string): Promise<PublicKeyText> {
  const content = (await readInput(file, "the key")).trim();
  return publicKeyText(memberOf(content) ?? content, flag, file);
}

/** The key in a `.pub` file. */
function memberOf(content: string): string | undefined {
  try {
    const value: unknown = JSON.parse(content);
    const pubkey = isPlainObject(value) ? ownValue(value, "pubkey") : undefined;
    return typeof pubkey === "string" ? pubkey : undefined;
  } catch {
    // No JSON: the key may be there as it is.
    return undefined;
  }
}

function publicKeyText(text: string, flag: string, given: string): PublicKeyText {
  const key = asKey(text);
  if (key !== undefined) return key;
  throw noKey(flag, given);
}

function noKey(flag: string, given: string): CliFault {
  return new CliFault(
    `${flag} ${given} is or holds no public key: give ed25519:… or the base64 of 32 bytes, a .pub file, or the name of a key`,
  );
}
