import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import { expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { resigned, tampered, withReceipt } from "./support/forge.js";
import type { Draft } from "./support/forge.js";
import { openStand } from "./support/stand.js";

const VERSIONS: readonly (readonly [unknown, RefusalCode])[] = [
  [2, "unsupported_version"],
  [3, "unsupported_version"],
  [4, "unsupported_authority"],
  [0, "unsupported_version"],
  [5, "unsupported_version"],
  [99, "unsupported_version"],
  [-1, "unsupported_version"],
  [1.5, "unsupported_version"],
  [2 ** 53, "unsupported_version"],
  ["1", "malformed"],
  ["v1", "malformed"],
  [true, "malformed"],
  [null, "malformed"],
  [[1], "malformed"],
  [{}, "malformed"],
];

describe("class 12: versions", () => {
  it.each(VERSIONS)("refuses v of %j over the members of v1, signed by the agent", async (version, code) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    for (const attack of [
      tampered(genuine, (receipt) => (receipt["v"] = version)),
      version === 2 ** 53
        ? tampered(genuine, (receipt) => (receipt["v"] = version))
        : await resigned(genuine, stand.alice, (receipt) => (receipt["v"] = version)),
    ]) {
      await expectRefusedCall(stand, wire, attack, code);
    }
    await expectOnlyGenuinePasses(stand, wire, withReceipt(genuine, { v: version }), code, genuine);
  });

  it("refuses a receipt without v", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = await resigned(genuine, stand.alice, (receipt) => delete receipt["v"]);
    await expectOnlyGenuinePasses(stand, wire, attack, "malformed", genuine);
  });

  const AUTHORIZATIONS: readonly (readonly [string, unknown])[] = [
    ["nothing", null],
    ["an empty object", {}],
    ["an empty chain", { chain: [], chain_hash: `sha256:${"0".repeat(64)}`, root_pubkey: "ed25519:" }],
    ["a text", "root"],
    ["true", true],
  ];

  it.each(AUTHORIZATIONS)("refuses v4 with an authorization of %s", async (_, authorization) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const promote = (receipt: Draft): void => {
      Object.assign(receipt, { v: 4, authorization });
    };
    await expectRefusedCall(stand, wire, tampered(genuine, promote), "unsupported_authority");
    const attack = await resigned(genuine, stand.alice, promote);
    await expectOnlyGenuinePasses(stand, wire, attack, "unsupported_authority", genuine);
  });

  it.each(AUTHORIZATIONS)("refuses v1 with an authorization of %s", async (_, authorization) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = await resigned(genuine, stand.alice, (receipt) =>
      Object.assign(receipt, { authorization }),
    );
    await expectOnlyGenuinePasses(stand, wire, attack, "malformed", genuine);
  });

  it.each([null, {}, "dec_1", true, []])(
    "refuses v1 with a decision of %j: it is not enforced yet",
    async (decision) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const genuine = await stand.sign();
      const decide = (receipt: Draft): void => {
        Object.assign(receipt, { authz_decision: decision });
      };
      await expectRefusedCall(stand, wire, tampered(genuine, decide), "unsupported_authority");
      const attack = await resigned(genuine, stand.alice, decide);
      await expectOnlyGenuinePasses(stand, wire, attack, "unsupported_authority", genuine);
    },
  );

  it.each(["v4-one", "v4-two", "v4-constraints", "v4-principals", "v4-expired", "v1-decision"])(
    "refuses the genuine %s of the golden vectors by the name of what is missing",
    async (name) => {
      const file = new URL(`../vectors/receipts/signet-0.11/${name}.json`, import.meta.url);
      const receipt = JSON.parse(readFileSync(file, "utf8")) as Draft;
      const stand = await openStand();
      const wire = await stand.connect();
      const { tool, params } = receipt.action;
      const attack = { name: tool, arguments: params, _meta: { _signet: receipt } };
      await expectOnlyGenuinePasses(stand, wire, attack, "unsupported_authority");
    },
  );

  it("refuses whole receipts of v2 and v3 in the place of a call's", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    for (const name of ["v3-plain", "v3-over-v4"]) {
      const file = new URL(`../vectors/receipts/signet-0.11/${name}.json`, import.meta.url);
      const receipt: unknown = JSON.parse(readFileSync(file, "utf8"));
      await expectOnlyGenuinePasses(
        stand,
        wire,
        { name: "echo", _meta: { _signet: receipt } },
        "unsupported_version",
      );
    }
  });
});
