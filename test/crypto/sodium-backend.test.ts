import * as fc from "fast-check";
import sodium from "sodium-native";
import { afterEach, describe, expect, it, vi } from "vitest";

import { chooseBackend } from "../../src/crypto/chosen-backend.js";
import { nodeBackend } from "../../src/crypto/node-backend.js";
import { createSodiumBackend } from "../../src/crypto/sodium-backend.js";
import { createSigner } from "../../src/crypto/signer.js";
import { useSodium } from "../../src/sodium.js";

const SEED = new Uint8Array(32).fill(9);

afterEach(() => {
  chooseBackend(nodeBackend);
  vi.doUnmock("sodium-native");
  vi.resetModules();
});

describe("the backend of sodium-native", () => {
  const backend = createSodiumBackend(sodium);

  it("has the public key and the signatures of node:crypto, which each accept the other's", () => {
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ maxLength: 3000 }), (seed, message) => {
        const [ours, theirs] = [backend.importSeed(seed), nodeBackend.importSeed(seed)];
        expect(ours.publicKey).toEqual(theirs.publicKey);
        const signature = ours.sign(message);
        expect(Buffer.from(signature)).toEqual(Buffer.from(theirs.sign(message)));
        expect(backend.importPublicKey(ours.publicKey).verify(message, signature)).toBe(true);
      }),
    );
  });

  it.each([0, 1, 16_383, 16_384, 65_535, 65_536, 1_000_000])(
    "signs and checks %i bytes, whichever library is the faster one",
    async (length) => {
      const message = Buffer.alloc(length, "a");
      const [key, signature] = [backend.importSeed(SEED), nodeBackend.importSeed(SEED).sign(message)];
      expect(Buffer.from(key.sign(message))).toEqual(Buffer.from(signature));
      expect(Buffer.from(await key.signInBackground(message))).toEqual(Buffer.from(signature));
      const verifying = backend.importPublicKey(key.publicKey);
      expect(verifying.verify(message, signature)).toBe(true);
      expect(await verifying.verifyInBackground(message, signature)).toBe(true);
      const longer = Buffer.alloc(length + 1, "a");
      expect(verifying.verify(longer, signature)).toBe(false);
    },
  );

  it("does not depend on the bytes of a key once it is taken in", () => {
    const seed = Uint8Array.from(SEED);
    const key = backend.importSeed(seed);
    const publicKey = Uint8Array.from(key.publicKey);
    const verifying = backend.importPublicKey(publicKey);
    const message = Buffer.from("message");
    const signature = key.sign(message);
    seed.fill(0);
    publicKey.fill(0);
    expect(key.sign(message)).toEqual(signature);
    expect(verifying.verify(message, signature)).toBe(true);
  });
});

describe("useSodium", () => {
  it("is for the keys that are taken in from then on", async () => {
    const spy = vi.spyOn(sodium, "crypto_sign_detached");
    const before = createSigner(SEED);
    await useSodium();
    await useSodium();
    const after = createSigner(SEED);
    const message = Buffer.from("message");
    const signature = before.sign(message);
    expect(spy).not.toHaveBeenCalled();
    expect(after.sign(message)).toEqual(signature);
    expect(spy).toHaveBeenCalledOnce();
    spy.mockRestore();
  });

  it("says what to install where sodium-native does not load, and leaves all as it is", async () => {
    const cause = new Error("ERR_MODULE_NOT_FOUND");
    vi.resetModules();
    vi.doMock("sodium-native", () => {
      throw cause;
    });
    const fresh = await import("../../src/sodium.js");
    const chosen = await import("../../src/crypto/chosen-backend.js");
    const before = chosen.chosenBackend();
    await expect(fresh.useSodium()).rejects.toMatchObject({
      name: "DependencyError",
      code: "dependency_missing",
    });
    expect(chosen.chosenBackend()).toBe(before);
  });
});

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}
