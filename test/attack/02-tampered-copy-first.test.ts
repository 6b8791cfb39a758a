import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import type { SignedCallParams } from "../../src/testing.js";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusal } from "./support/expect.js";
import { copyOf, setParams, tampered } from "./support/forge.js";
import { SERVER_KINDS } from "./support/servers.js";
import { openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

type Tamper = (genuine: SignedCallParams) => unknown;

const COPIES: readonly (readonly [string, RefusalCode, Tamper])[] = [
  ["other arguments", "params_mismatch", (call) => ({ ...call, arguments: { text: "evil", n: 1 } })],
  ["one more argument", "params_mismatch", (call) => ({ ...call, arguments: { text: "hello", n: 1, x: 0 } })],
  ["no arguments", "params_mismatch", (call) => ({ name: call.name, _meta: call._meta })],
  ["arguments as an array", "params_mismatch", (call) => ({ ...call, arguments: ["hello", 1] })],
  ["a number as its text", "params_mismatch", (call) => ({ ...call, arguments: { text: "hello", n: "1" } })],
  ["another tool", "wrong_tool", (call) => ({ ...call, name: "rm" })],
  [
    "other arguments in wire and receipt",
    "bad_signature",
    (call) => consistently(call, { text: "evil", n: 1 }),
  ],
  ["another nonce", "bad_signature", (call) => tampered(call, (receipt) => (receipt["nonce"] = "rnd_1"))],
  [
    "a later time",
    "bad_signature",
    (call) => tampered(call, (receipt) => (receipt["ts"] = "2026-11-23T12:00:01.000Z")),
  ],
  [
    "the same time, written otherwise",
    "bad_signature",
    (call) => tampered(call, (receipt) => (receipt["ts"] = "2026-11-23T12:00:00.000+00:00")),
  ],
  [
    "another transport word",
    "bad_signature",
    (call) => tampered(call, ({ action }) => (action["transport"] = "http")),
  ],
  ["a session", "bad_signature", (call) => tampered(call, ({ action }) => (action["session"] = "s-1"))],
  ["an empty owner", "bad_signature", (call) => tampered(call, ({ signer }) => (signer["owner"] = ""))],
  [
    "a target that is not this server",
    "wrong_target",
    (call) => tampered(call, ({ action }) => (action["target"] = "mcp://other")),
  ],
];

describe("class 2: a tampered copy sent first", () => {
  it.each(COPIES)(
    "refuses a copy with %s as %s, and then lets the real call pass",
    async (_, code, tamper) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const genuine = await stand.sign();
      await expectOnlyGenuinePasses(stand, wire, tamper(genuine), code, genuine);
    },
  );

  it.each(SERVER_KINDS)("keeps the nonce of the real call in front of a %s", async (kind) => {
    const stand = await openStand({ server: kind });
    const wire = await stand.connect();
    const genuine = await stand.sign();
    await expectOnlyGenuinePasses(
      stand,
      wire,
      { ...genuine, arguments: { text: "evil" } },
      "params_mismatch",
      genuine,
    );
    expect(stand.seen).toEqual([{ text: "hello", n: 1 }]);
  });

  it("lets the real call pass when a hundred tampered copies come in the same tick before it", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const copies = Array.from({ length: 100 }, (_, n) => ({ ...genuine, arguments: { n } }));
    const ids = copies.map(() => wire.freshId());
    wire.postBatch([
      ...copies.map((copy, n) => callMessage(copy, ids[n] ?? 0)),
      callMessage(genuine, "genuine"),
    ]);
    for (const id of ids) expectRefusal(await wire.answer(id), "params_mismatch");
    expect(await wire.answer("genuine")).toHaveProperty("result");
    expect(stand.seen).toEqual([{ text: "hello", n: 1 }]);
    expect(stand.store.claims).toBe(1);
  });

  it("lets the real call pass when a tampered copy came over another connection", async () => {
    const stand = await openStand();
    const [first, second] = [await stand.connect(), await stand.connect("v2 McpServer")];
    const genuine = await stand.sign();
    expectRefusal(await first.call({ ...genuine, arguments: {} }), "params_mismatch");
    await expectAcceptedCall(stand, second, genuine);
  });

  it("does not let another key burn a nonce by using it first", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ nonce: "shared" });
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: stand.bob, nonce: "shared" }));
    await expectAcceptedCall(stand, wire, genuine);
  });
});

function consistently(call: SignedCallParams, params: Record<string, unknown>): unknown {
  const copy = copyOf(call);
  setParams(copy._meta._signet, params);
  return { ...copy, arguments: params };
}
