import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { tampered } from "./support/forge.js";
import { openStand } from "./support/stand.js";

const PREFIX = "ed25519:";

/** Other texts for the same bytes, in the eyes of one decoder or another. */
const TEXTS: readonly (readonly [string, (base64: string) => string])[] = [
  [
    "url-safe base64",
    (text) => PREFIX + text.replaceAll("+", "-").replaceAll("/", "_").replace(/^(.)/, "$1"),
  ],
  ["no padding", (text) => PREFIX + text.replaceAll("=", "")],
  ["more padding", (text) => `${PREFIX}${text}=`],
  ["bits after the end", (text) => PREFIX + withTrailingBits(text)],
  ["a line feed at the end", (text) => `${PREFIX}${text}\n`],
  ["a line feed in the middle", (text) => `${PREFIX}${text.slice(0, 40)}\n${text.slice(40)}`],
  ["a space in front", (text) => `${PREFIX} ${text}`],
  ["a NUL at the end", (text) => `${PREFIX}${text}\u0000`],
  ["characters that decoders skip", (text) => `${PREFIX}${text.slice(0, 8)}!*${text.slice(8)}`],
  ["full-width letters", (text) => PREFIX + text.replace(/[a-z]/, "\uff41")],
  ["hex", (text) => PREFIX + Buffer.from(text, "base64").toString("hex")],
  ["the prefix in capitals", (text) => `ED25519:${text}`],
  ["no prefix", (text) => text],
  ["the prefix twice", (text) => `${PREFIX}${PREFIX}${text}`],
  ["another prefix", (text) => `ed448:${text}`],
  [
    "a byte more",
    (text) => PREFIX + Buffer.concat([Buffer.from(text, "base64"), Buffer.of(0)]).toString("base64"),
  ],
  ["a byte less", (text) => PREFIX + Buffer.from(text, "base64").subarray(0, -1).toString("base64")],
  ["nothing", () => ""],
  ["the prefix alone", () => PREFIX],
];

describe("class 18: other texts for the same signature, key or id", () => {
  it.each(TEXTS)("refuses a signature with %s", async (_, write) => {
    await expectVariantRefused("malformed", (receipt) => {
      receipt["sig"] = write(base64Of(receipt["sig"]));
    });
  });

  it("refuses a signature with half its padding", async () => {
    await expectVariantRefused("malformed", (receipt) => {
      receipt["sig"] = String(receipt["sig"]).slice(0, -1);
    });
  });

  it.each(TEXTS)("refuses a key with %s", async (_, write) => {
    await expectVariantRefused("malformed", ({ signer }) => {
      signer["pubkey"] = write(base64Of(signer["pubkey"]));
    });
  });

  it("does not take the same call twice with two texts of one signature", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    await expectAcceptedCall(stand, wire, genuine);
    for (const [, write] of TEXTS) {
      const variant = tampered(genuine, (receipt) => {
        receipt["sig"] = write(base64Of(receipt["sig"]));
      });
      if (JSON.stringify(variant) !== JSON.stringify(genuine)) {
        await expectRefusedCall(stand, wire, variant, "malformed");
      }
    }
    expect(stand.runs()).toBe(1);
  });
});

/** Signs until the variant is another text: not every signature has a `+` or `/` in it. */
async function expectVariantRefused(
  code: RefusalCode,
  change: Parameters<typeof tampered>[1],
): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const stand = await openStand();
    const genuine = await stand.sign();
    const attack = tampered(genuine, change);
    if (JSON.stringify(attack) === JSON.stringify(genuine)) continue;
    await expectOnlyGenuinePasses(stand, await stand.connect(), attack, code, genuine);
    return;
  }
  throw new Error("the variant is the text itself");
}

function base64Of(text: unknown): string {
  return String(text).slice(PREFIX.length);
}

/** Sets bits of the last character that belong to no byte. */
function withTrailingBits(base64: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const end = base64.indexOf("=");
  const last = alphabet.indexOf(base64.charAt(end - 1));
  return base64.slice(0, end - 1) + alphabet.charAt(last + 1) + base64.slice(end);
}
