import { describe, expect, it } from "vitest";

import { parseAgentReceipt, parseBilateralReceipt } from "../../src/receipt/index.js";
import { receiptV1, receiptV3, signerOf } from "./samples.js";

const MALFORMED = { ok: false, code: "malformed" };

describe("forms of text", () => {
  it.each([
    ["url-safe", (text: string) => text.replaceAll("+", "-").replaceAll("/", "_")],
    ["unpadded", (text: string) => text.replaceAll("=", "")],
    ["padded twice", (text: string) => `${text}=`],
    [
      "with trailing bits",
      (text: string) => text.replace(/.(=+)$/, (_, padding: string) => `${nextDigit(text)}${padding}`),
    ],
    ["with a newline", (text: string) => `${text}\n`],
    ["with a space", (text: string) => text.replace(":", ": ")],
    ["without its prefix", (text: string) => text.replace("ed25519:", "")],
    ["with another prefix", (text: string) => text.replace("ed25519", "Ed25519")],
    ["cut", (text: string) => text.slice(0, -8)],
    ["empty", () => ""],
  ])("a key or signature %s is refused", (_, variant) => {
    // Several, so that some have a character that the variant changes.
    const receipts = Array.from({ length: 40 }, (_, n) => receiptV1({ signer: signerOf(n + 1) }));
    const values = receipts.flatMap((receipt) => [
      { ...receipt, sig: variant(receipt.sig) },
      { ...receipt, signer: { ...receipt.signer, pubkey: variant(receipt.signer.pubkey) } },
    ]);
    const changed = values.filter(({ sig, signer }) =>
      receipts.every((r) => r.sig !== sig || r.signer.pubkey !== signer.pubkey),
    );
    expect(changed.length).toBeGreaterThan(40);
    expect(changed.filter((value) => parseAgentReceipt(value).ok)).toEqual([]);
  });

  it.each([
    "2026",
    "Nov 23 2026",
    "2026-11-23",
    "2026-11-23T12:51:20",
    "2026-11-23T12:51:20+02:00",
    "2026-11-23 12:51:20Z",
    "2026-02-30T12:51:20Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T12:51:20.Z",
    " 2026-11-23T12:51:20Z",
    `2026-11-23T12:51:20.${"0".repeat(100)}Z`,
    "",
  ])("%j is no time", (time) => {
    expect(parseAgentReceipt({ ...receiptV1(), ts: time })).toMatchObject(MALFORMED);
    expect(parseAgentReceipt({ ...receiptV1(), exp: time })).toMatchObject(MALFORMED);
    expect(parseBilateralReceipt({ ...receiptV3(), ts_response: time })).toMatchObject(MALFORMED);
  });

  it.each(["2026-11-23T12:51:20Z", "2026-11-23T12:51:20+00:00", "2026-11-23T12:51:20.123456789Z"])(
    "%s is a time, and kept as it is",
    (ts) => {
      expect(parseAgentReceipt({ ...receiptV1(), ts })).toMatchObject({ value: { ts } });
    },
  );

  it.each(["", "x".repeat(129), "é", "a\n", "\u0000", "\u007f"])("%j is no nonce", (nonce) => {
    expect(parseAgentReceipt({ ...receiptV1(), nonce })).toMatchObject(MALFORMED);
  });

  it.each(['"\\', " ", "x".repeat(128), "~"])("%j is a nonce", (nonce) => {
    expect(parseAgentReceipt({ ...receiptV1(), nonce })).toMatchObject({ ok: true });
  });

  it("a hash has 64 lower-case hex digits", () => {
    const { action } = receiptV1();
    for (const params_hash of [
      action.params_hash.toUpperCase(),
      action.params_hash.slice(7),
      `${action.params_hash}0`,
      action.params_hash.replace("sha256", "sha512"),
      "sha256:",
    ]) {
      expect(parseAgentReceipt({ ...receiptV1(), action: { ...action, params_hash } })).toMatchObject(
        MALFORMED,
      );
    }
  });

  it("names may be empty, up to 1,024 characters long, and in any script", () => {
    for (const text of ["", "x".repeat(1024), "名前 😀", "\u0000", '"\\']) {
      const { action, signer } = receiptV1();
      const value = { ...receiptV1(), action: { ...action, tool: text }, signer: { ...signer, name: text } };
      expect(parseAgentReceipt(value)).toMatchObject({ ok: true });
    }
  });
});

function nextDigit(text: string): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const last = text.replace(/=+$/, "").at(-1) ?? "A";
  return digits[(digits.indexOf(last) ^ 1) % 64] ?? "A";
}
