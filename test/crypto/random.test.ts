import { describe, expect, it } from "vitest";

import { randomNonce } from "../../src/crypto/random.js";

describe("randomNonce", () => {
  it("has the form of the wire and does not repeat, over many fillings of the pool", () => {
    const nonces = new Set<string>();
    for (let i = 0; i < 5000; i++) {
      const nonce = randomNonce();
      expect(nonce).toMatch(/^rnd_[0-9a-f]{32}$/);
      expect(nonce).not.toBe(`rnd_${"0".repeat(32)}`);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(5000);
  });
});
