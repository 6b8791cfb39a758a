import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";

import type { Ed25519Backend } from "./backend.js";

/** What comes before the 32 bytes in the DER of an Ed25519 key (RFC 8410): SubjectPublicKeyInfo and PKCS #8. */
const PUBLIC_KEY_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PRIVATE_KEY_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** Ed25519 by `node:crypto`, that is OpenSSL. */
export const nodeBackend: Ed25519Backend = {
  importPublicKey(publicKey) {
    const der = Buffer.concat([PUBLIC_KEY_PREFIX, publicKey]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return (message, signature) => verify(null, message, key, signature);
  },

  importSeed(seed) {
    const der = Buffer.concat([PRIVATE_KEY_PREFIX, seed]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    der.fill(0);
    const spki = createPublicKey(key).export({ format: "der", type: "spki" });
    return {
      publicKey: new Uint8Array(spki.subarray(PUBLIC_KEY_PREFIX.length)),
      sign: (message) => sign(null, message, key),
    };
  },
};
