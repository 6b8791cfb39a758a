import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeBase64, encodeBase64 } from "../../src/crypto/base64.js";
import {
  formatPublicKey,
  formatSignature,
  parsePublicKeyText,
  parseSignatureText,
} from "../../src/crypto/key-text.js";

describe("the text of keys and signatures", () => {
  it("reads back what was written", () => {
    fc.assert(
      fc.property(bytesOf(32), bytesOf(64), (key, signature) => {
        expect(parsePublicKeyText(formatPublicKey(key))).toEqual(Buffer.from(key));
        expect(parseSignatureText(formatSignature(signature))).toEqual(Buffer.from(signature));
      }),
    );
  });

  it("is accepted in one form only", () => {
    fc.assert(
      fc.property(
        fc.oneof(bytesOf(32).map(formatPublicKey), fc.string()),
        fc.string(),
        fc.nat(),
        (text, noise, at) => {
          const cut = at % (text.length + 1);
          const changed = text.slice(0, cut) + noise + text.slice(cut + 1);
          const bytes = parsePublicKeyText(changed);
          expect(bytes === undefined || formatPublicKey(bytes) === changed).toBe(true);
        },
      ),
    );
  });

  it.each([
    ["key", 32, parsePublicKeyText, formatPublicKey],
    ["signature", 64, parseSignatureText, formatSignature],
  ])("leaves no choice in any digit of a %s", (_name, length, parse, format) => {
    const text = format(new Uint8Array(length));
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ ";
    for (let at = 0; at < text.length; at++) {
      for (const digit of digits) {
        const changed = text.slice(0, at) + digit + text.slice(at + 1);
        const bytes = parse(changed);
        const decoded = Buffer.from(changed.slice("ed25519:".length), "base64");
        const sound = decoded.length === length && format(decoded) === changed;
        expect([changed, bytes !== undefined]).toEqual([changed, sound]);
      }
    }
  });

  it.each([
    ["without a prefix", encodeBase64(new Uint8Array(32))],
    ["with another prefix", `Ed25519:${encodeBase64(new Uint8Array(32))}`],
    ["with a space", `ed25519: ${encodeBase64(new Uint8Array(32))}`],
    ["of 31 bytes", `ed25519:${encodeBase64(new Uint8Array(31))}`],
    ["of 33 bytes", `ed25519:${encodeBase64(new Uint8Array(33))}`],
    ["of 64 bytes", `ed25519:${encodeBase64(new Uint8Array(64))}`],
    ["of no bytes", "ed25519:"],
    ["that is bytes", new Uint8Array(32)],
    ["that is a list of one", [formatPublicKey(new Uint8Array(32))]],
    ["that is absent", undefined],
    ["that is null", null],
  ])("is not a key %s", (_name, value) => {
    expect(parsePublicKeyText(value)).toBeUndefined();
  });

  it("is not a signature when it is a key", () => {
    expect(parseSignatureText(formatPublicKey(new Uint8Array(32)))).toBeUndefined();
  });
});

describe("decodeBase64", () => {
  const bytes = new Uint8Array(32).fill(0xfb);
  const text = encodeBase64(bytes);

  it("reads standard base64 with padding", () => {
    expect(text).toBe("+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=");
    expect(decodeBase64(text, 32)).toEqual(Buffer.from(bytes));
    expect(decodeBase64("", 0)).toEqual(Buffer.alloc(0));
  });

  it.each([
    ["the url-safe alphabet", text.replaceAll("+", "-").replaceAll("/", "_")],
    ["one url-safe character", text.replace("+", "-")],
    ["missing padding", text.slice(0, -1)],
    ["padding twice", `${text}=`],
    ["stray trailing bits", text.replace("s=", "t=")],
    ["a newline at the end", `${text}\n`],
    ["a newline in place of the padding", text.replace("=", "\n")],
    ["a space within", text.replace("v7", "v 7")],
    ["a space in place of a character", text.replace("v7", " 7")],
    ["padding within", text.replace("v7", "v=")],
    ["a character of no alphabet", text.replace("v7", "v*")],
    ["a character beyond Latin", text.replace("v7", "v\u0137")],
  ])("refuses %s", (_name, variant) => {
    expect(variant).not.toBe(text);
    expect(decodeBase64(variant, 32)).toBeUndefined();
  });

  it("refuses another number of bytes than asked for", () => {
    expect(decodeBase64(text, 31)).toBeUndefined();
    expect(decodeBase64(text, 33)).toBeUndefined();
  });
});

function bytesOf(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}
