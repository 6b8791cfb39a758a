import { Point } from "@noble/ed25519";
import { describe, expect, it } from "vitest";

import { checkPublicKey, checkPublicKeyEncoding, checkPublicKeyPoint } from "../../src/crypto/key-check.js";
import { generateSigner } from "../../src/crypto/signer.js";
import { isSmallOrder } from "../../src/crypto/small-order.js";
import { hex } from "../support/bytes.js";

const P = 2n ** 255n - 19n;

/** 32 bytes, the lowest first, with the sign of x in the top bit. */
function encode(y: bigint, sign: 0 | 1): Uint8Array {
  return hex((y | (BigInt(sign) << 255n)).toString(16).padStart(64, "0")).toReversed();
}

/** The eight points of small order, by arithmetic: a point times the order of the big subgroup. */
function smallOrderPoints(): Point[] {
  const order = Point.CURVE().n;
  for (let y = 2n; ; y++) {
    const point = decode(encode(y, 0));
    const small = point?.multiply(order - 1n, false).add(point);
    if (small === undefined || small.double().double().is0()) continue;
    const points = [small];
    for (let last = small; points.length < 8; points.push(last)) last = last.add(small);
    return points;
  }
}

function decode(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes, true);
  } catch {
    return undefined;
  }
}

describe("the table of points of small order", () => {
  const points = smallOrderPoints();

  it("has all eight, as arithmetic gives them", () => {
    expect(new Set(points.map((point) => point.toHex())).size).toBe(8);
    for (const point of points) {
      expect(isSmallOrder(point.toBytes())).toBe(true);
      expect(checkPublicKeyEncoding(point.toBytes())).toBe("small_order");
      expect(checkPublicKey(point.toBytes())).toBe("small_order");
    }
  });

  it("has every other encoding of them", () => {
    const encodings = [0n, 1n, P - 1n, P, P + 1n].flatMap((y) => [encode(y, 0), encode(y, 1)]);
    for (const bytes of encodings) {
      expect(decode(bytes)?.isSmallOrder()).toBe(true);
      expect(isSmallOrder(bytes)).toBe(true);
      expect(checkPublicKeyEncoding(bytes)).toMatch(/^(small_order|not_canonical)$/);
    }
  });

  it("has nothing else among the encodings with a small or a big y", () => {
    for (let y = 2n; y < 64n; y++) {
      expect(isSmallOrder(encode(y, 0))).toBe(false);
      expect(isSmallOrder(encode(P - y, 1))).toBe(false);
    }
    for (let y = P + 2n; y < 2n ** 255n; y++) expect(isSmallOrder(encode(y, 0))).toBe(false);
  });
});

describe("checkPublicKey", () => {
  it("finds nothing wrong with keys as they are made", () => {
    for (let i = 0; i < 20; i++) expect(checkPublicKey(generateSigner().publicKey)).toBeUndefined();
  });

  it("refuses keys that are not 32 bytes", () => {
    for (const length of [0, 31, 33, 64]) expect(checkPublicKey(new Uint8Array(length))).toBe("length");
  });

  it("refuses each y that is not below p, with either sign", () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(checkPublicKeyEncoding(encode(y, 0))).toBe("not_canonical");
      expect(checkPublicKeyEncoding(encode(y, 1))).toBe("not_canonical");
    }
    expect(checkPublicKeyEncoding(encode(P - 2n, 0))).toBeUndefined();
    expect(checkPublicKeyEncoding(encode(P - 2n, 1))).toBeUndefined();
  });

  it("refuses a sign where x is zero", () => {
    expect(checkPublicKeyEncoding(encode(1n, 1))).toBe("not_canonical");
    expect(checkPublicKeyEncoding(encode(P - 1n, 1))).toBe("not_canonical");
    expect(checkPublicKeyEncoding(encode(1n, 0))).toBe("small_order");
    expect(checkPublicKeyEncoding(encode(P - 1n, 0))).toBe("small_order");
  });

  it("refuses the keys that placeholders in a file are", () => {
    expect(checkPublicKey(new Uint8Array(32))).toBe("small_order");
    expect(checkPublicKey(new Uint8Array(32).fill(0xff))).toBe("not_canonical");
  });

  it("refuses what is no point, and what is on the curve but has torsion", () => {
    const faults = new Map<string | undefined, number>();
    for (let y = 2n; y < 100n; y++) {
      const bytes = encode(y, 0);
      const point = decode(bytes);
      const wanted = point === undefined ? "not_on_curve" : point.isTorsionFree() ? undefined : "torsion";
      expect(checkPublicKey(bytes)).toBe(wanted);
      faults.set(wanted, (faults.get(wanted) ?? 0) + 1);
    }
    expect(faults.get("not_on_curve")).toBeGreaterThan(0);
    expect(faults.get("torsion")).toBeGreaterThan(0);
    expect(faults.get(undefined)).toBeGreaterThan(0);
  });

  it("refuses a good key with a point of small order added to it", () => {
    const key = Point.fromBytes(generateSigner().publicKey);
    for (const small of smallOrderPoints()) {
      const mixed = key.add(small).toBytes();
      expect(checkPublicKeyEncoding(mixed)).toBeUndefined();
      expect(checkPublicKeyPoint(mixed)).toBe(small.is0() ? undefined : "torsion");
    }
  });
});
