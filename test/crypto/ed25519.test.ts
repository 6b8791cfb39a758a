import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { checkPublicKey } from "../../src/crypto/key-check.js";
import { VerifyKey, importVerifyKey, verifyInBackground, verifySignature } from "../../src/crypto/ed25519.js";
import { createSigner, generateSigner, signWith } from "../../src/crypto/signer.js";
import { hex } from "../support/bytes.js";

const VECTORS = new URL("../vectors/ed25519/", import.meta.url);

interface SpecCheckCase {
  readonly message: string;
  readonly pub_key: string;
  readonly signature: string;
}

interface WycheproofFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: "valid" | "invalid";
    }[];
  }[];
}

function read(file: string): string {
  return readFileSync(new URL(file, VECTORS), "utf8");
}

describe('verifySignature on the cases of "Taming the many EdDSAs"', () => {
  const cases: readonly SpecCheckCase[] = JSON.parse(read("speccheck.json"));

  it("accepts case 3 of the twelve and no other", () => {
    expect(cases).toHaveLength(12);
    const accepted = cases.flatMap((test, index) =>
      verifySignature(importVerifyKey(hex(test.pub_key)), hex(test.message), hex(test.signature))
        ? [index]
        : [],
    );
    expect(accepted).toEqual([3]);
  });

  it("has a key in case 3 that the key checks keep out", () => {
    expect(checkPublicKey(hex(cases[3]?.pub_key ?? ""))).toBe("torsion");
  });
});

describe("verifySignature on the cases of Wycheproof", () => {
  const file: WycheproofFile = JSON.parse(read("wycheproof.json"));
  const tests = file.testGroups.flatMap((group) =>
    group.tests.map((test) => ({ ...test, pk: group.publicKey.pk })),
  );

  it("has them all", () => {
    expect(tests).toHaveLength(151);
    expect(file.numberOfTests).toBe(151);
  });

  it.each(tests)("finds case $tcId $result ($comment)", ({ pk, msg, sig, result }) => {
    expect(verifySignature(importVerifyKey(hex(pk)), hex(msg), hex(sig))).toBe(result === "valid");
  });
});

describe("verifySignature", () => {
  const signer = createSigner(new Uint8Array(32).fill(7));
  const key = importVerifyKey(signer.publicKey);

  it("accepts what was signed, of any length", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (message) => {
        const signature = await signer.sign(message);
        expect(signature).toHaveLength(64);
        expect(verifySignature(key, message, signature)).toBe(true);
      }),
    );
  });

  it("refuses a message with one byte changed, anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(...changes({ minLength: 1, maxLength: 500 }), async (message, at, change) => {
        const signature = await signer.sign(message);
        expect(verifySignature(key, withByte(message, at, change), signature)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses a message with a byte more or less", async () => {
    const message = Buffer.from("message");
    const signature = await signer.sign(message);
    expect(verifySignature(key, message.subarray(1), signature)).toBe(false);
    expect(verifySignature(key, message.subarray(0, -1), signature)).toBe(false);
    expect(verifySignature(key, Buffer.from("message\0"), signature)).toBe(false);
  });

  it("refuses a signature with one bit changed, at each of the 512", async () => {
    const message = Buffer.from("message");
    const signature = await signer.sign(message);
    for (let bit = 0; bit < 512; bit++) {
      expect(verifySignature(key, message, withByte(signature, bit >> 3, 1 << (bit & 7)))).toBe(false);
    }
  });

  it("refuses a signature under another key, and under the key with one bit changed", async () => {
    const message = Buffer.from("message");
    const signature = await signer.sign(message);
    expect(verifySignature(importVerifyKey(generateSigner().publicKey), message, signature)).toBe(false);
    for (let bit = 0; bit < 256; bit++) {
      const other = importVerifyKey(withByte(signer.publicKey, bit >> 3, 1 << (bit & 7)));
      expect(verifySignature(other, message, signature)).toBe(false);
    }
  });

  it("refuses a signature that is not 64 bytes, and never throws", async () => {
    const message = Buffer.from("message");
    const signature = await signer.sign(message);
    expect(verifySignature(key, message, signature.subarray(0, 63))).toBe(false);
    expect(verifySignature(key, message, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false);
    expect(verifySignature(key, message, new Uint8Array(0))).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), (bytes, noise) => {
        expect(verifySignature(importVerifyKey(bytes), message, noise)).toBe(false);
      }),
    );
  });

  it("accepts no signature under an all-zero key, for which one over any message can be found", () => {
    const zero = importVerifyKey(new Uint8Array(32));
    for (let i = 0; i < 64; i++) {
      const forged = new Uint8Array(64);
      forged[0] = 1;
      expect(verifySignature(zero, Buffer.from(`message ${i}`), forged)).toBe(false);
    }
  });

  it("shows nothing of itself but its name", () => {
    expect(Object.keys(key)).toEqual([]);
    expect(key).toBeInstanceOf(VerifyKey);
  });

  it("takes keys of 32 bytes only", () => {
    for (const length of [0, 31, 33, 64]) {
      expect(() => importVerifyKey(new Uint8Array(length))).toThrowError(
        expect.objectContaining({ code: "invalid_option" }),
      );
    }
  });
});

function changes(
  size: fc.IntArrayConstraints,
): [fc.Arbitrary<Uint8Array>, fc.Arbitrary<number>, fc.Arbitrary<number>] {
  return [fc.uint8Array(size), fc.nat(), fc.integer({ min: 1, max: 255 })];
}

function withByte(bytes: Uint8Array, at: number, change: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const index = at % changed.length;
  changed[index] = (changed[index] ?? 0) ^ change;
  return changed;
}

describe("in the background", () => {
  it("accepts and refuses what it does at once, although the bytes are written over meanwhile", async () => {
    const signer = generateSigner();
    const key = importVerifyKey(signer.publicKey);
    const message = Buffer.from("a message to be signed");
    const signature = await signer.sign(message);
    const forged = Uint8Array.from(signature, (byte, index) => (index === 3 ? byte ^ 1 : byte));
    for (const [candidate, holds] of [
      [signature, true],
      [forged, false],
      [signature.subarray(1), false],
      [new Uint8Array(64), false],
    ] as const) {
      const given = Buffer.from(message);
      const copy = Uint8Array.from(candidate);
      const outcome = verifyInBackground(key, given, copy);
      given.fill(0);
      copy.fill(0);
      expect(await outcome).toBe(holds);
      expect(verifySignature(key, message, candidate)).toBe(holds);
    }
  });

  it("signs what the message was when it was given", async () => {
    const signer = generateSigner();
    const message = Buffer.from("a message to be signed");
    const given = Buffer.from(message);
    const signature = signWith(signer, given, true);
    given.fill(0);
    expect(await signature).toEqual(await signer.sign(message));
  });
});
