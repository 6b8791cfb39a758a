import { describe, expect, it } from "vitest";

import { checkReceiptSignature, contentHash, errorHash } from "../../../src/receipt/index.js";
import { createSigner, generateSeed } from "../../../src/receipt/index.js";
import type { ReceiptV3 } from "../../../src/receipt/index.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import { openStand } from "../../attack/support/stand.js";
import type { Tool } from "../../attack/support/servers.js";
import { at } from "../../attack/support/wire.js";

/** Calls a tool and takes the countersignature out of the answer, checked for holding by itself. */
async function answerOf(tool: Tool): Promise<{ answer: JsonRecord; countersignature: ReceiptV3 }> {
  const stand = await openStand({ tools: { tool } });
  const wire = await stand.connect();
  const answer = await wire.call(await stand.sign({ tool: "tool" }));
  const found =
    at(answer, "result", "_meta", "_signet_bilateral") ?? at(answer, "error", "data", "_signet_bilateral");
  const countersignature = found as ReceiptV3;
  expect(checkReceiptSignature(countersignature)).toEqual({ ok: true });
  const error = answer["error"];
  const hash = error === undefined ? contentHash(answer["result"]) : errorHash(error);
  expect(countersignature.response.content_hash).toBe(hash);
  expect(stand.guard.health()).toMatchObject({ callsInFlight: 0, counts: { accepted: 1, finished: 1 } });
  return { answer, countersignature };
}

describe("a countersigned answer", () => {
  it("keeps what the tool put into _meta", async () => {
    const { answer } = await answerOf(() => ({ content: [], _meta: { trace: "t1" } }));
    expect(at(answer, "result", "_meta", "trace")).toBe("t1");
  });

  it("says of a tool that returned an error that it failed", async () => {
    const { countersignature } = await answerOf(() => ({ content: [], isError: true }));
    expect(countersignature.response.outcome).toEqual({ status: "failed", error: "tool_error" });
  });

  it("covers the error of a handler that throws", async () => {
    const { answer, countersignature } = await answerOf(() => {
      throw new Error("no such repository");
    });
    expect(at(answer, "error", "message")).toBe("no such repository");
    expect(countersignature.response.outcome).toEqual({ status: "failed", error: "jsonrpc_error: -32603" });
  });

  it("keeps the data of an error", async () => {
    const { answer } = await answerOf(() => {
      throw Object.assign(new Error("no"), { code: -32000, data: { hint: "x" } });
    });
    expect(at(answer, "error", "data", "hint")).toBe("x");
    expect(at(answer, "error", "code")).toBe(-32000);
  });

  it.each<[string, unknown]>([
    ["undefined members", { content: [], gone: undefined, list: [undefined] }],
    ["a Date", { content: [], when: new Date(0) }],
    ["an object with toJSON", { content: [], thing: { toJSON: () => "text" } }],
    ["NaN", { content: [], n: Number.NaN }],
    ["-0", { content: [], n: -0 }],
    ["an instance of a class", { content: [], url: new URL("http://localhost/") }],
  ])("covers what is sent for a result with %s", async (_, result) => {
    const { answer, countersignature } = await answerOf(() => result as never);
    const { _meta: __, ...rest } = answer["result"] as JsonRecord;
    expect(rest).toEqual(JSON.parse(JSON.stringify(result)));
    expect(countersignature.response.outcome).toEqual({ status: "executed" });
  });

  it.each<[string, unknown, string]>([
    ["a lone surrogate", { content: [], text: "\ud800" }, "lone_surrogate"],
    ["an integer from 2^53 on", { content: [], n: 2 ** 53 }, "unsafe_integer"],
    ["a bigint", { content: [], n: 1n }, "not_json"],
    [
      "nesting of 200 levels",
      { content: [], deep: JSON.parse("[".repeat(200) + "]".repeat(200)) },
      "too_deep",
    ],
  ])("replaces a result with %s by a signed error: the tool has run", async (_, result, reason) => {
    const { answer, countersignature } = await answerOf(() => result as never);
    expect(at(answer, "error", "data", "reason")).toBe("result_not_canonical");
    expect(countersignature.response.outcome).toEqual({
      status: "failed",
      error: `result_not_canonical: ${reason}`,
    });
  });

  it("takes out a countersignature that the tool's own result brought along, and hands it to the listener", async () => {
    const stand = await openStand({
      tools: { gateway: () => ({ content: [], _meta: { _signet_bilateral: { v: 3 }, kept: 1 } }) },
    });
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign({ tool: "gateway" }));
    expect(at(answer, "result", "_meta", "_signet_bilateral", "id")).toMatch(/^rec_/);
    expect(at(answer, "result", "_meta", "kept")).toBe(1);
    expect(stand.events.find(({ type }) => type === "finished")).toMatchObject({ carried: { v: 3 } });
  });
});

describe("a server's signer", () => {
  const local = createSigner(generateSeed());

  it("that fails after the tool ran withholds the result", async () => {
    for (const sign of [
      () => Promise.reject(new Error("down")),
      () => new Uint8Array(64),
      () => new Uint8Array(3),
    ]) {
      const stand = await openStand({
        guard: { identity: { signer: { publicKey: local.publicKey, sign }, name: "kms" } },
      });
      const wire = await stand.connect();
      const answer = await wire.call(await stand.sign({ arguments: { secret: "42" } }));
      expect(answer["error"]).toMatchObject({ code: -32603, data: { reason: "countersign_unavailable" } });
      expect(JSON.stringify(answer)).not.toContain("42");
      expect(stand.runs()).toBe(1);
      expect(stand.guard.health().counts).toMatchObject({ countersignFailures: 1, finished: 0 });
    }
  });

  it("that cannot sign messages this long has the call refused before the tool runs", async () => {
    const signer = {
      ...local,
      publicKey: local.publicKey,
      maxMessageBytes: 4096,
      sign: local.sign.bind(local),
    };
    const stand = await openStand({ guard: { identity: { signer, name: "kms" } } });
    const wire = await stand.connect();
    const long = await stand.sign({ arguments: { text: "x".repeat(4000) } });
    expect(at(await wire.call(long), "error", "data", "reason")).toBe("too_large");
    expect(stand.runs()).toBe(0);
    expect(stand.store.claims).toBe(0);
    expect(
      at(await wire.call(await stand.sign({ arguments: { text: "x".repeat(1500) } })), "error"),
    ).toBeUndefined();
  });

  it("that is slow does not let later messages of the call overtake the result", async () => {
    const releases: (() => void)[] = [];
    const signer = {
      publicKey: local.publicKey,
      sign: async (message: Uint8Array) => {
        await new Promise<void>((resolve) => void releases.push(resolve));
        return local.sign(message);
      },
    };
    const stand = await openStand({ guard: { identity: { signer, name: "kms" } } });
    const wire = await stand.connect();
    const [first, second] = [await stand.sign(), await stand.sign()];
    wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: first });
    wire.post({ jsonrpc: "2.0", id: 2, method: "tools/call", params: second });
    await wire.quiet();
    expect(releases).toHaveLength(2);
    // Another stream is not held up.
    releases[1]?.();
    await wire.answer(2);
    expect(wire.answersTo(1)).toHaveLength(0);
    releases[0]?.();
    await wire.answer(1);
  });
});
