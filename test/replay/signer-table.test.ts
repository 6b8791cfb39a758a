import { describe, expect, it } from "vitest";
import { ExpiryTally } from "../../src/replay/expiry-tally.js";
import { SignerTable } from "../../src/replay/signer-table.js";
import type { KnownSigner } from "../../src/replay/signer-table.js";

/** A signer with one live nonce in bucket `bucket`. */
function signer(bucket: number): KnownSigner {
  const tally = new ExpiryTally();
  tally.add(bucket);
  return { salt: "salt", tally };
}

describe("the signer table", () => {
  it("lets go of signers that have nothing left, a few at a time", () => {
    const table = new SignerTable();
    const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
    for (const [index, key] of keys.entries()) table.set(key, signer(index < 50 ? 1 : 9));
    const known = (): number => keys.filter((key) => table.get(key) !== undefined).length;
    table.sweep(2);
    expect(known()).toBe(98);
    for (let claims = 0; claims < 50; claims++) table.sweep(2);
    expect(known()).toBe(50);
    for (let claims = 0; claims < 52; claims++) table.sweep(10);
    expect(known()).toBe(0);
  });

  it("does not let signers pile up when each signs once", () => {
    const table = new SignerTable();
    const count = 10_000;
    for (let index = 0; index < count; index++) {
      table.sweep(Math.floor(index / 100));
      table.set(`key ${index}`, signer(Math.floor(index / 100) + 1));
    }
    const left = Array.from({ length: count }, (_, index) => table.get(`key ${index}`)).filter(Boolean);
    expect(left.length).toBeLessThan(500);
  });
});
