import type { Ed25519Backend } from "./backend.js";
import { nodeBackend } from "./node-backend.js";

/** The part of `sodium-native` that is used. It takes any bytes, although its published types ask for a `Buffer`. */
export interface Sodium {
  readonly crypto_sign_BYTES: number;
  readonly crypto_sign_PUBLICKEYBYTES: number;
  readonly crypto_sign_SECRETKEYBYTES: number;
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** From so many bytes on OpenSSL is sooner done: it hashes faster. So it was on an Intel Xeon of 2023. */
const SIGN_IN_NODE_FROM = 16 * 1024;
const VERIFY_IN_NODE_FROM = 64 * 1024;

/**
 * Ed25519 by libsodium, in half of the time, and by `node:crypto` what is large or done in the background, which
 * libsodium's binding cannot. Both give the same signatures.
 */
export function createSodiumBackend(sodium: Sodium): Ed25519Backend {
  return {
    importPublicKey(publicKey) {
      const inNode = nodeBackend.importPublicKey(publicKey);
      const key = Buffer.from(publicKey);
      return {
        verify: (message, signature) =>
          message.length < VERIFY_IN_NODE_FROM
            ? sodium.crypto_sign_verify_detached(signature, message, key)
            : inNode.verify(message, signature),
        verifyInBackground: (message, signature) => inNode.verifyInBackground(message, signature),
      };
    },

    importSeed(seed) {
      const inNode = nodeBackend.importSeed(seed);
      const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
      // Not of `sodium_malloc`: a process may have some 16,000 of its guarded blocks, and a gateway has a key a tenant.
      const secretKey = Buffer.allocUnsafeSlow(sodium.crypto_sign_SECRETKEYBYTES);
      sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
      return {
        publicKey: inNode.publicKey,
        sign: (message) => {
          if (message.length >= SIGN_IN_NODE_FROM) return inNode.sign(message);
          const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
          sodium.crypto_sign_detached(signature, message, secretKey);
          return signature;
        },
        signInBackground: (message) => inNode.signInBackground(message),
        derive: (info) => inNode.derive(info),
      };
    },
  };
}
