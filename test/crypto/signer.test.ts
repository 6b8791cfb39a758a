import { inspect } from "node:util";

import { describe, expect, it } from "vitest";

import { importVerifyKey, verifySignature } from "../../src/crypto/ed25519.js";
import { createSigner, generateSeed, generateSigner, signWith } from "../../src/crypto/signer.js";
import { SignerError } from "../../src/errors.js";
import { andThen } from "../../src/lib/maybe-promise.js";
import type { Signer } from "../../src/crypto/signer.js";
import { hex } from "../support/bytes.js";

const MESSAGE = Buffer.from("message");

describe("a signer with promises of its own kind", () => {
  it.each([
    ["that have then alone", (bytes: Uint8Array) => thenable(bytes)],
    [
      "that have finally as well",
      (bytes: Uint8Array) => Object.assign(thenable(bytes), { finally: () => undefined }),
    ],
  ])("%s gives its signature all the same, as a promise of the language", async (_, promise) => {
    const local = generateSigner();
    const sign: unknown = (message: Uint8Array) => promise(Buffer.from(local.sign(message) as Uint8Array));
    const signer = { publicKey: local.publicKey, sign: sign as Signer["sign"] };
    const signed = signWith(signer, MESSAGE);
    expect(signed).toBeInstanceOf(Promise);
    expect(Buffer.from(await signed)).toEqual(Buffer.from(await local.sign(MESSAGE)));
  });

  function thenable(bytes: Uint8Array): object {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    return { then: (resolve: (bytes: Uint8Array) => void) => void setImmediate(() => resolve(bytes)) };
  }
});

describe("createSigner", () => {
  it("signs as RFC 8032 has it (7.1, test 2)", () => {
    const signer = createSigner(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    expect(signer.publicKey).toEqual(
      Uint8Array.from(hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")),
    );
    expect(signWith(signer, hex("72"))).toEqual(
      hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
      ),
    );
  });

  it("does not depend on the seed once it is made", () => {
    const seed = generateSeed();
    const signer = createSigner(seed);
    const before = signWith(signer, MESSAGE);
    seed.fill(0);
    expect(signWith(signer, MESSAGE)).toEqual(before);
  });

  it("shows its private key nowhere", () => {
    const seed = generateSeed();
    const signer = createSigner(seed);
    const shown = `${inspect(signer, { depth: 9, showHidden: true, getters: true })} ${JSON.stringify(signer)}`;
    for (const form of [Buffer.from(seed).toString("hex"), Buffer.from(seed).toString("base64")]) {
      expect(shown).not.toContain(form);
    }
    expect(shown).not.toContain(Array.from(seed).slice(0, 4).join(","));
    expect(JSON.stringify(signer)).toBe("{}");
  });

  it("refuses a seed that is not 32 bytes", () => {
    for (const length of [0, 31, 33, 64])
      expect(codeOf(() => createSigner(new Uint8Array(length)))).toBe("key_invalid");
  });
});

describe("generateSigner", () => {
  it("makes another key each time", () => {
    expect(generateSigner().publicKey).not.toEqual(generateSigner().publicKey);
    expect(generateSeed()).not.toEqual(generateSeed());
    expect(generateSeed()).toHaveLength(32);
  });
});

describe("signWith", () => {
  const local = generateSigner();
  const publicKey = local.publicKey;

  it("signs at once with a key that is here", () => {
    const verified = andThen(signWith(local, MESSAGE), (signature) =>
      verifySignature(importVerifyKey(publicKey), MESSAGE, signature),
    );
    expect(verified).toBe(true);
  });

  it("takes the signature of another signer, at once or later", async () => {
    const atOnce: Signer = { publicKey, sign: (message) => local.sign(message) };
    const later: Signer = { publicKey, sign: async (message) => local.sign(message) };
    expect(signWith(atOnce, MESSAGE)).toEqual(local.sign(MESSAGE));
    const promise = signWith(later, MESSAGE);
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toEqual(local.sign(MESSAGE));
  });

  // The answers are of the wrong type on purpose: a signer may be written without types.
  it.each<[string, () => ReturnType<typeof JSON.parse>]>([
    ["of another key", () => generateSigner().sign(MESSAGE)],
    ["of another message", () => local.sign(Buffer.from("other"))],
    ["that is zeros", () => new Uint8Array(64)],
    ["that is too short", () => new Uint8Array(63)],
    ["that is no bytes", () => "signature"],
    ["that is missing", () => undefined],
  ])("does not use a signature %s", async (_name, answer) => {
    const atOnce: Signer = { publicKey, sign: answer };
    const later: Signer = { publicKey, sign: async () => answer() };
    expect(codeOf(() => signWith(atOnce, MESSAGE))).toBe("signature_invalid");
    await expect(signWith(later, MESSAGE)).rejects.toMatchObject({ code: "signature_invalid" });
  });

  it("verifies the signature of an object that was made to look like one of ours", () => {
    const lookalike: Signer = Object.create(Object.getPrototypeOf(local), {
      publicKey: { value: publicKey },
      sign: { value: () => new Uint8Array(64) },
    });
    expect(codeOf(() => signWith(lookalike, MESSAGE))).toBe("signature_invalid");
  });

  it("signs with the key that is here, whatever was put in place of its method", () => {
    const signer = generateSigner();
    Object.defineProperty(signer, "sign", { value: () => new Uint8Array(64) });
    const verified = andThen(signWith(signer, MESSAGE), (signature) =>
      verifySignature(importVerifyKey(signer.publicKey), MESSAGE, signature),
    );
    expect(verified).toBe(true);
  });

  it("says that a signer failed, and why", async () => {
    const cause = new Error("no route to the key service");
    const fails = (): never => {
      throw cause;
    };
    expect(codeOf(() => signWith({ publicKey, sign: fails }, MESSAGE))).toBe("signer_failed");
    await expect(signWith({ publicKey, sign: async () => fails() }, MESSAGE)).rejects.toMatchObject({
      code: "signer_failed",
      cause,
    });
  });

  it("does not ask a signer to sign more than it can", () => {
    const asked: number[] = [];
    const signer: Signer = {
      publicKey,
      maxMessageBytes: 7,
      sign: (message) => {
        asked.push(message.length);
        return local.sign(message);
      },
    };
    expect(signWith(signer, MESSAGE)).toHaveLength(64);
    expect(codeOf(() => signWith(signer, Buffer.from("messages")))).toBe("message_too_long");
    expect(asked).toEqual([7]);
  });

  it("refuses a signer whose public key is none", () => {
    const signer: Signer = { publicKey: new Uint8Array(31), sign: (message) => local.sign(message) };
    expect(codeOf(() => signWith(signer, MESSAGE))).toBe("key_invalid");
  });
});

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof SignerError ? error.code : String(error);
  }
}
