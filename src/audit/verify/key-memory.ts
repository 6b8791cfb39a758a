import type { VerifyKey } from "../../crypto/ed25519.js";
import type { PublicKeyText } from "../../crypto/key-text.js";
import { soundKey } from "../../receipt/signature.js";
import type { KeyLookup } from "../../receipt/signature.js";

/** Keys that are remembered: a log mostly has few, and one with more of them costs time, not memory. */
const MAX_KEYS = 4096;

/** Makes a look-up that remembers the keys that it was asked for. To look a key up afresh takes 0.7 ms. */
export function rememberKeys(): KeyLookup {
  const keys = new Map<PublicKeyText, VerifyKey | undefined>();
  return (pubkey) => {
    const known = keys.get(pubkey);
    if (known !== undefined || keys.has(pubkey)) return known;
    if (keys.size >= MAX_KEYS) keys.clear();
    const key = soundKey(pubkey);
    keys.set(pubkey, key);
    return key;
  };
}
