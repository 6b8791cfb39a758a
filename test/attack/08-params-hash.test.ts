import { createHash } from "node:crypto";
import { describe, it } from "vitest";
import { canonicalJson } from "../../src/crypto/canonical-json.js";
import { sha256Text } from "../../src/crypto/digest.js";
import type { RefusalCode } from "../../src/server.js";
import { expectOnlyGenuinePasses } from "./support/expect.js";
import { resigned, tampered } from "./support/forge.js";
import { openStand } from "./support/stand.js";

const ARGUMENTS = { text: "hello", n: 1 };
const GENUINE = sha256Text(canonicalJson(ARGUMENTS));

const HASHES: readonly (readonly [string, RefusalCode, unknown])[] = [
  ["of other params", "params_mismatch", sha256Text(canonicalJson({ text: "evil" }))],
  ["of no params", "params_mismatch", sha256Text("{}")],
  ["of null", "params_mismatch", sha256Text("null")],
  ["of nothing", "params_mismatch", sha256Text("")],
  ["of the params, not canonical", "params_mismatch", sha256Text(JSON.stringify(ARGUMENTS))],
  ["of a canonical text with a line feed", "params_mismatch", sha256Text(`${canonicalJson(ARGUMENTS)}\n`)],
  ["of zeros", "params_mismatch", `sha256:${"0".repeat(64)}`],
  ["in capitals", "malformed", `sha256:${GENUINE.slice(7).toUpperCase()}`],
  ["with a capital name", "malformed", `SHA256:${GENUINE.slice(7)}`],
  ["without its name", "malformed", GENUINE.slice(7)],
  ["one digit short", "malformed", GENUINE.slice(0, -1)],
  ["one digit long", "malformed", `${GENUINE}0`],
  ["with a line feed", "malformed", `${GENUINE}\n`],
  ["in base64", "malformed", `sha256:${Buffer.from(GENUINE.slice(7), "hex").toString("base64")}`],
  ["of SHA-512", "malformed", `sha512:${createHash("sha512").update("{}").digest("hex")}`],
  ["that is garbage", "malformed", "garbage"],
  ["that is empty", "malformed", ""],
  ["that is null", "malformed", null],
  ["that is a number", "malformed", 0],
  ["that is true", "malformed", true],
  ["that is a list of the hash", "malformed", [GENUINE]],
];

describe("class 8: a wrong or garbage params_hash", () => {
  it.each(HASHES)("refuses a hash %s as %s, though the agent's key signed it", async (_, code, hash) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: ARGUMENTS });
    const attack = await resigned(genuine, stand.alice, ({ action }) => (action["params_hash"] = hash));
    await expectOnlyGenuinePasses(stand, wire, attack, code, genuine);
  });

  it("refuses a receipt without a hash", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: ARGUMENTS });
    const attack = await resigned(genuine, stand.alice, ({ action }) => delete action["params_hash"]);
    await expectOnlyGenuinePasses(stand, wire, attack, "malformed", genuine);
  });

  it("refuses a hash that was replaced after signing", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: ARGUMENTS });
    const attack = tampered(genuine, ({ action }) => (action["params_hash"] = sha256Text("{}")));
    await expectOnlyGenuinePasses(stand, wire, attack, "bad_signature", genuine);
  });

  it("refuses a receipt whose hash fits the wire, and whose own params are others", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: ARGUMENTS });
    const attack = await resigned(
      genuine,
      stand.alice,
      ({ action }) => (action["params"] = { text: "evil" }),
    );
    await expectOnlyGenuinePasses(stand, wire, attack, "params_mismatch", genuine);
  });
});
