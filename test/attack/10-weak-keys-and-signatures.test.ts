import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/crypto/canonical-json.js";
import { formatPublicKey, formatSignature, parseSignatureText } from "../../src/crypto/key-text.js";
import { createSigner } from "../../src/crypto/signer.js";
import { artifactId } from "../../src/receipt/artifact-id.js";
import { testRegistry } from "../../src/testing.js";
import type { SignedCallParams, TestIdentity } from "../../src/testing.js";
import { expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { tampered } from "./support/forge.js";
import type { Draft } from "./support/forge.js";
import { openStand } from "./support/stand.js";

const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SEED = new Uint8Array(32).fill(7);

/** Keys that the registry's parser has to refuse. */
const WEAK: readonly (readonly [string, string])[] = [
  ["all zeros", "00".repeat(32)],
  ["the neutral point", `01${"00".repeat(31)}`],
  ["the neutral point with a sign", `01${"00".repeat(30)}80`],
  ["order 2", `ec${"ff".repeat(30)}7f`],
  ["order 2 with a sign", `ec${"ff".repeat(30)}ff`],
  ["order 4 with a sign", `${"00".repeat(31)}80`],
  ["order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
  ["order 8 with a sign", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"],
  ["another of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
  ["another of order 8 with a sign", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"],
  ["zero written as p", `ed${"ff".repeat(30)}7f`],
  ["one written as p + 1", `ee${"ff".repeat(30)}7f`],
  ["y of p + 18", `ff${"ff".repeat(30)}7f`],
  ["all ones", "ff".repeat(32)],
];

/** Keys that no encoding gives away: they may be listed, and are found out when they are used. */
const UNSOUND: readonly (readonly [string, string])[] = [
  ["no point of the curve", `02${"00".repeat(31)}`],
  ["a point with torsion", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"],
];

describe("class 10: weak keys", () => {
  it.each(WEAK)("does not start with a registry that lists %s", (_, hex) => {
    const publicKey = formatPublicKey(Buffer.from(hex, "hex"));
    const agents = [{ name: "placeholder", owner: "test", publicKey }];
    expect(() => testRegistry({ agents })).toThrow(expect.objectContaining({ code: "registry_invalid" }));
  });

  it.each(WEAK)("does not trust %s that nobody listed, whatever is signed with it", async (_, hex) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = tampered(genuine, (receipt) => {
      receipt.signer["pubkey"] = formatPublicKey(Buffer.from(hex, "hex"));
      setSignature(receipt, new Uint8Array(64));
    });
    await expectOnlyGenuinePasses(stand, wire, attack, "untrusted_signer", genuine);
  });

  it.each(UNSOUND)("does not trust %s though it is listed", async (_, hex) => {
    const publicKey = formatPublicKey(Buffer.from(hex, "hex"));
    const stand = await openStand({
      agents: ({ alice }) => [alice, { name: "odd", owner: "test", publicKey }],
    });
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = tampered(genuine, (receipt) => {
      receipt.signer = { pubkey: publicKey, name: "odd", owner: "test" };
    });
    await expectOnlyGenuinePasses(stand, wire, attack, "untrusted_signer", genuine);
  });

  it("refuses every edge case of the speccheck set as the signature of a listed key", async () => {
    const text = readFileSync(new URL("../vectors/ed25519/speccheck.json", import.meta.url), "utf8");
    const cases = JSON.parse(text) as { pub_key: string; signature: string }[];
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    for (const { signature } of cases) {
      const attack = tampered(genuine, (receipt) => {
        setSignature(receipt, Buffer.from(signature, "hex"));
      });
      await expectRefusedCall(stand, wire, attack, "bad_signature");
    }
    expect(cases).toHaveLength(12);
  });
});

/** Other signatures of the very same receipt, as bytes. */
const SIGNATURES: readonly (readonly [string, (signature: Uint8Array, message: Uint8Array) => Uint8Array])[] =
  [
    ["of zeros", () => new Uint8Array(64)],
    ["of ones", () => new Uint8Array(64).fill(255)],
    ["with S + L", (signature) => withScalar(signature, scalarOf(signature) + L)],
    ["with -S", (signature) => withScalar(signature, L - scalarOf(signature))],
    ["with S of zero", (signature) => withScalar(signature, 0n)],
    ["with S of L", (signature) => withScalar(signature, L)],
    ["with the sign of R turned", (signature) => flipBit(signature, 255)],
    ["with the top bit of S set", (signature) => flipBit(signature, 511)],
    [
      "with R and S exchanged",
      (signature) => Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]),
    ],
    [
      "with R of the neutral point, by who holds the key",
      (_, message) => withNeutralR(message, `01${"00".repeat(31)}`),
    ],
    [
      "with R of the neutral point, not canonical",
      (_, message) => withNeutralR(message, `ee${"ff".repeat(30)}7f`),
    ],
    [
      "with R of the neutral point and a sign",
      (_, message) => withNeutralR(message, `01${"00".repeat(30)}80`),
    ],
  ];

describe("class 10: weak signatures", () => {
  it.each(SIGNATURES)("refuses a signature %s", async (_, make) => {
    const signer = createSigner(SEED);
    const holder: TestIdentity = {
      signer,
      name: "holder",
      owner: "o",
      publicKey: formatPublicKey(signer.publicKey),
    };
    const stand = await openStand({ agents: () => [holder] });
    const wire = await stand.connect();
    const genuine = await stand.sign({ identity: holder });
    const attack = tampered(genuine, (receipt) => {
      setSignature(
        receipt,
        make(parseSignatureText(receipt["sig"]) ?? new Uint8Array(64), signedBytes(genuine)),
      );
    });
    await expectOnlyGenuinePasses(stand, wire, attack, "bad_signature", genuine);
  });

  it("refuses the signature of the same receipt by every other key that is listed", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const other = await stand.bob.signer.sign(signedBytes(genuine));
    const attack = tampered(genuine, (receipt) => {
      setSignature(receipt, other);
    });
    await expectOnlyGenuinePasses(stand, wire, attack, "bad_signature", genuine);
  });
});

function setSignature(receipt: Draft, signature: Uint8Array): void {
  receipt["sig"] = formatSignature(signature);
  receipt["id"] = artifactId("rec", signature);
}

function signedBytes({ _meta }: SignedCallParams): Uint8Array {
  const { id: _, sig: __, ...signed } = _meta._signet;
  return Buffer.from(canonicalJson(signed));
}

/** R is the neutral point, so r is 0 and S = k * a: the plain verification equation holds. */
function withNeutralR(message: Uint8Array, hexOfR: string): Uint8Array {
  const half = createHash("sha512").update(SEED).digest().subarray(0, 32);
  half[0] = (half[0] ?? 0) & 248;
  half[31] = ((half[31] ?? 0) & 127) | 64;
  const r = Buffer.from(hexOfR, "hex");
  const k = createHash("sha512").update(r).update(createSigner(SEED).publicKey).update(message).digest();
  return withScalar(Buffer.concat([r, Buffer.alloc(32)]), (littleEndian(k) * littleEndian(half)) % L);
}

function scalarOf(signature: Uint8Array): bigint {
  return littleEndian(signature.subarray(32));
}

function withScalar(signature: Uint8Array, scalar: bigint): Uint8Array {
  const s = Uint8Array.from(Buffer.from(scalar.toString(16).padStart(64, "0"), "hex")).toReversed();
  return Buffer.concat([signature.subarray(0, 32), s]);
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
