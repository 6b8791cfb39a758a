import { hash } from "node:crypto";
import { nonceIdText, signerId } from "../nonce-id.js";

/** In how many hash slots the store's keys are, so that a Cluster has something to spread. More of them make smaller batches. */
export const BUCKETS = 8;

/**
 * Characters of a nonce's id: 192 bits of SHA-256. With all of it a key would take 16 bytes more of the server's memory. Two nonces of which
 * only so much is equal would make a fresh call look like a replay, never a replay like a fresh call.
 */
const ID_LENGTH = 32;

/** Signers whose place is remembered. More than that many trusted signers at once only cost time. */
const KNOWN_SIGNERS = 10_000;

/** Where a signer's nonces and their count are. */
export interface SignerPlace {
  readonly bucket: number;
  /** Key of the hash that counts its nonces. */
  readonly countKey: string;
}

/**
 * Names the keys of a store.
 *
 * All that one script touches is in one bucket, and all keys of a bucket have its number as their hash tag: on a Cluster they are on
 * one node. A signer's bucket is chosen by its key.
 */
export class Keyspace {
  readonly #tags: readonly string[];
  readonly #signers = new Map<string, SignerPlace>();

  constructor(prefix: string) {
    this.#tags = Array.from(
      { length: BUCKETS },
      (_, bucket) => `${prefix}{${String(bucket).padStart(2, "0")}}`,
    );
  }

  /** Key of what tells since when a bucket is remembered. */
  head(bucket: number): string {
    return this.#tag(bucket);
  }

  placeOf(signer: string): SignerPlace {
    const known = this.#signers.get(signer);
    if (known !== undefined) return known;
    const id = signerId(signer);
    const bucket = id.readUInt8(0) % BUCKETS;
    const place = { bucket, countKey: `${this.#tag(bucket)}c:${id.toString("base64url")}` };
    if (this.#signers.size >= KNOWN_SIGNERS) this.#signers.clear();
    this.#signers.set(signer, place);
    return place;
  }

  nonceKey(bucket: number, signer: string, nonce: string): string {
    return this.#tag(bucket) + nonceIdText(signer, nonce).slice(0, ID_LENGTH);
  }

  counterBucket(id: string): number {
    return hash("sha256", id, "buffer").readUInt8(0) % BUCKETS;
  }

  counterKey(bucket: number, id: string): string {
    return `${this.#tag(bucket)}k:${id}`;
  }

  #tag(bucket: number): string {
    return this.#tags[bucket] ?? "";
  }
}
