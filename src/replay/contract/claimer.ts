import assert from "node:assert/strict";
import type { PublicKeyText } from "../../crypto/key-text.js";
import { ReplayStoreError } from "../../errors.js";
import type { ReplayStoreErrorCode } from "../../errors.js";
import type { ReplayStoreCase, ReplayStoreHarness } from "./harness.js";
import type { ClaimOutcome, ReplayStore } from "../types.js";

/** How long the nonces of most cases live, in milliseconds: short, since some stores have to wait it out. */
export const LIFE_MS = 1000;

export const ALICE: PublicKeyText = "ed25519:alice";
export const BOB: PublicKeyText = "ed25519:bob";

/** A store under test, and the claims that the cases make of it. */
export interface Claimer {
  readonly store: ReplayStore;
  /** Claims a nonce that lives for `lifeMs` from now on. Rejects where the store throws. */
  readonly claim: (nonce: string, options?: ClaimOptions) => Promise<ClaimOutcome>;
}

interface ClaimOptions {
  readonly key?: PublicKeyText;
  /** Default is {@link LIFE_MS}. */
  readonly lifeMs?: number;
  /** Default is the store of the case. */
  readonly store?: ReplayStore;
}

/** Makes a case that opens a store of its own and closes it in the end, whatever happened. */
export function storeCase(
  harness: ReplayStoreHarness,
  name: string,
  limits: { readonly capacity?: number; readonly perSignerShare?: number },
  body: (claimer: Claimer) => Promise<void>,
): ReplayStoreCase {
  const run = async (): Promise<void> => {
    const store = await harness.open(limits);
    try {
      await body(claimerOf(harness, store));
    } finally {
      await store.close?.();
    }
  };
  return { name, run };
}

function claimerOf(harness: ReplayStoreHarness, opened: ReplayStore): Claimer {
  return {
    store: opened,
    claim: async (nonce, { key = ALICE, lifeMs = LIFE_MS, store = opened } = {}) => {
      const now = harness.now();
      return await store.claim(key, nonce, now + lifeMs, now);
    },
  };
}

/** Checks that a claim is refused with a code, and so neither granted nor called a replay. */
export async function assertRefused(claim: Promise<unknown>, code: ReplayStoreErrorCode): Promise<void> {
  await assert.rejects(claim, (error) => {
    assert.ok(error instanceof ReplayStoreError, `expected a ReplayStoreError, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}
