import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FINGERPRINT_WORDS, signerSalt, writeFingerprint } from "../../src/replay/fingerprint.js";

function fingerprint(salt: string, nonce: string): number[] {
  const words = new Int32Array(FINGERPRINT_WORDS);
  writeFingerprint(words, salt, nonce);
  return [...words];
}

describe("the fingerprint of a nonce", () => {
  it("is the first 128 bits of SHA-256 over the signer's salt and the nonce", () => {
    const digest = createHash("sha256").update("salt").update("rnd_1").digest();
    expect(fingerprint("salt", "rnd_1")).toEqual([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
  });

  it("hides where a nonce goes from whoever does not know the store's secret", () => {
    const [one, other] = ["secret one", "secret two"].map((secret) => signerSalt(secret, "ed25519:key"));
    expect(one).not.toBe(other);
    expect(fingerprint(one ?? "", "n")).not.toEqual(fingerprint(other ?? "", "n"));
  });

  it("has a salt of one length in ASCII for every signer, so that salt and nonce have a fixed border", () => {
    const salts = ["", "a", "ed25519:key", "漢".repeat(1000)].map((key) => signerSalt("secret", key));
    expect(salts.every((salt) => /^[\0-\x7f]{19}$/u.test(salt))).toBe(true);
    expect(new Set(salts).size).toBe(salts.length);
  });
});
