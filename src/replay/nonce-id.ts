import { hash } from "node:crypto";

/**
 * What a shared store keeps of a nonce: SHA-256 of the signer's key and the nonce, of a fixed size whatever they are. The
 * length of the key comes first, so that no key and nonce can be read as another key and nonce.
 */
export function nonceId(key: string, nonce: string): Buffer {
  return hash("sha256", nonceText(key, nonce), "buffer");
}

/** {@link nonceId} as 43 characters of base64url. */
export function nonceIdText(key: string, nonce: string): string {
  return hash("sha256", nonceText(key, nonce), "base64url");
}

/** What stands for a signer in a shared store: the first 16 bytes of SHA-256 of its key. */
export function signerId(key: string): Buffer {
  return hash("sha256", key, "buffer").subarray(0, 16);
}

function nonceText(key: string, nonce: string): string {
  return `${key.length}:${key}\0${nonce}`;
}
