import * as fc from "fast-check";
import type { PublicKeyText } from "../../src/crypto/key-text.js";
import { ALICE, BOB } from "./harness.js";

const MAX_AGE_MS = 300_000;
const SKEW_MS = 30_000;
const MARGIN_MS = 1000;
const BUCKET_MS = 5000;
const KEYS = [ALICE, BOB];

/** Distances at which something changes: the window, the skew, the expiry, a time bucket, and all of a leap. */
const EDGES = [
  0,
  1,
  SKEW_MS,
  MAX_AGE_MS,
  MAX_AGE_MS + SKEW_MS,
  MARGIN_MS,
  BUCKET_MS,
  331_000,
  336_000,
  86_400_000,
];

const distance = fc
  .tuple(fc.constantFrom(...EDGES), fc.integer({ min: -2, max: 2 }), fc.boolean())
  .map(([edge, off, back]) => (back ? -edge : edge) + off);

/** A receipt is its signer, nonce and time: few nonces, so that they meet, and a few reused by another receipt. */
const receipt = fc.record({
  key: fc.constantFrom(...KEYS),
  nonce: fc.constantFrom("a", "b", "c"),
  offset: fc.oneof(distance, fc.integer({ min: -MAX_AGE_MS, max: MAX_AGE_MS })),
});

/** Sends one of the receipts, then moves the clock. */
const step = fc.record({
  which: fc.nat({ max: 5 }),
  move: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, distance),
});

interface Offset {
  readonly key: PublicKeyText;
  readonly nonce: string;
  readonly offset: number;
}

interface Step {
  readonly which: number;
  readonly move: number;
}

/** A receipt, as far as a store knows it. */
export type Receipt = { readonly key: PublicKeyText; readonly nonce: string; readonly issuedAtMs: number };

/** The time window as the verifier has it. */
export function isInWindow({ issuedAtMs }: Receipt, now: number): boolean {
  return now - MAX_AGE_MS <= issuedAtMs && issuedAtMs <= now + SKEW_MS;
}

/** Until when a receipt's nonce is to be kept. */
export function expiryOf({ issuedAtMs }: Receipt): number {
  return issuedAtMs + MAX_AGE_MS + SKEW_MS + MARGIN_MS;
}

/** Receipts of few signers and nonces, so that they meet. */
export const receipts: fc.Arbitrary<Offset[]> = fc.array(receipt, { minLength: 6, maxLength: 6 });
/** What is sent when, and where the clock goes meanwhile. */
export const steps: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 80 });

/** The receipts that are meant by their distance from a time. */
export function receiptsFrom(startMs: number, offsets: readonly Offset[]): Receipt[] {
  return offsets.map(({ key, nonce, offset }) => ({ key, nonce, issuedAtMs: startMs + Math.abs(offset) }));
}
