import { describe, expect, it } from "vitest";
import { BurntNonces } from "../../src/verify/burnt-nonces.js";

const nonce = (index: number, issuedAtMs: number = index) => ({
  key: "ed25519:a",
  nonce: `n${index}`,
  issuedAtMs,
  expiresAtMs: issuedAtMs + 331_000,
});

describe("nonces whose claim got no answer", () => {
  it("count as used until they expire, or until it is known what became of them", () => {
    let now = 0;
    const burnt = new BurntNonces(() => now);
    burnt.add(nonce(1));
    expect(burnt.has(nonce(1))).toBe(true);
    expect(burnt.has({ ...nonce(1), key: "ed25519:b" })).toBe(false);
    burnt.delete(nonce(1));
    expect(burnt.has(nonce(1))).toBe(false);
    burnt.add(nonce(2));
    now = 400_000;
    for (let index = 0; index < 1500; index++) burnt.add(nonce(index + 10, now));
    expect(burnt.has(nonce(2))).toBe(false);
  });

  it("are more than can be kept: what is as old as those that are not kept counts as used, what is newer does not", () => {
    const burnt = new BurntNonces(() => 0);
    for (let index = 0; index < 100_500; index++) burnt.add(nonce(index));
    for (const index of [0, 1, 499, 50_000, 100_499]) expect(burnt.has(nonce(index)), `${index}`).toBe(true);
    expect(burnt.has({ ...nonce(7), nonce: "another of that time" })).toBe(true);
    expect(burnt.has({ ...nonce(100_600), nonce: "newer" })).toBe(false);
  });
});
