import { describe, expect, it } from "vitest";

import {
  agentReceiptText,
  checkReceiptSignature,
  contentHash,
  parseBilateralReceipt,
  paramsText,
} from "../../../src/receipt/index.js";
import { createSigner, generateSeed } from "../../../src/receipt/index.js";
import type { Guard, VerifiedCall } from "../../../src/server.js";
import { openStand } from "../../attack/support/stand.js";
import type { Stand } from "../../attack/support/stand.js";
import { utf8 } from "../../support/bytes.js";

function fail(): never {
  throw new Error("do not look");
}

function cyclic(): object {
  const itself: Record<string, unknown> = {};
  itself["itself"] = itself;
  return itself;
}

async function verified(stand: Stand, params?: unknown): Promise<VerifiedCall> {
  const verdict = await stand.guard.verify(params ?? (await stand.sign()));
  if (!verdict.ok) throw new Error(`${verdict.code}: ${verdict.detail}`);
  return verdict.call;
}

describe("verify", () => {
  it("tells who signed as the registry has it", async () => {
    const stand = await openStand();
    const call = await verified(stand);
    expect(call).toMatchObject({
      signer: { id: "alice-1", name: "alice", owner: "test", publicKey: stand.alice.publicKey },
      method: "tools/call",
      tool: "echo",
      target: "mcp://attacked",
      verifiedAtMs: stand.clock(),
    });
  });

  it("shows the registry's owner where the receipt claims none", async () => {
    const stand = await openStand();
    const params = await stand.sign({ identity: { ...stand.alice, owner: "" } });
    expect((await verified(stand, params)).signer.owner).toBe("test");
  });

  it("names the signer of a refused call only if the signature held", async () => {
    const stand = await openStand();
    const params = await stand.sign();
    await verified(stand, params);
    expect(await stand.guard.verify(params)).toMatchObject({
      ok: false,
      code: "replayed",
      signer: { name: "alice" },
    });
    const forged = { ...params, _meta: { _signet: { ...params._meta._signet, nonce: "rnd_other" } } };
    const verdict = await stand.guard.verify(forged);
    expect(verdict).toMatchObject({ ok: false, code: "bad_signature" });
    expect(verdict).not.toHaveProperty("signer");
  });

  it.each<[string, unknown]>([
    ["options", 1],
    ["options", null],
    ["options.methd", { methd: "tools/call" }],
    ["options.method", { method: 1 }],
    ["options.method", { method: " " }],
  ])("refuses %s of the wrong kind", async (option, options) => {
    const stand = await openStand();
    const params = await stand.sign();
    await expect(stand.guard.verify(params, options as never)).rejects.toMatchObject({
      name: "OptionError",
      option,
    });
    expect(stand.store.claims).toBe(0);
  });

  it.each<[string, () => unknown]>([
    ["throws at any look", () => new Proxy({}, { getPrototypeOf: () => fail() })],
    [
      "throws when its name is read",
      () => ({
        get name() {
          return fail();
        },
        arguments: {},
      }),
    ],
    [
      "has a _meta that throws",
      () => ({ name: "echo", _meta: new Proxy({}, { getPrototypeOf: () => fail() }) }),
    ],
    [
      "has a receipt that throws",
      () => ({ name: "echo", _meta: { _signet: new Proxy({}, { ownKeys: () => fail() }) } }),
    ],
    [
      "has arguments that throw",
      () => ({
        name: "echo",
        get arguments() {
          return fail();
        },
      }),
    ],
  ])("answers what %s with a refusal too", async (_, make) => {
    const stand = await openStand();
    expect(await stand.guard.verify(make())).toMatchObject({
      ok: false,
      code: expect.stringMatching(/^(malformed|too_large|unsigned)$/),
    });
    expect(stand.store.claims).toBe(0);
  });

  it.each([[undefined], [null], [7], ["x"], [[]], [{}], [{ _meta: 1 }], [new Map()], [Object.create(null)]])(
    "answers %o with a refusal",
    async (params) => {
      const stand = await openStand();
      expect(await stand.guard.verify(params)).toMatchObject({ ok: false, code: "unsigned" });
    },
  );

  it("verifies other methods by their name and params", async () => {
    const stand = await openStand();
    const signed = await stand.sign({ tool: "resources/read", arguments: { uri: "file:///x" } });
    const params = { uri: "file:///x", _meta: signed._meta };
    const verdict = await stand.guard.verify(params, { method: "resources/read" });
    expect(verdict).toMatchObject({ ok: true, call: { method: "resources/read", tool: "resources/read" } });
  });

  it("refuses everything once the guard is closed", async () => {
    const stand = await openStand();
    await stand.guard.close();
    expect(await stand.guard.verify(await stand.sign())).toMatchObject({ ok: false, code: "closed" });
  });
});

describe("countersign", () => {
  const result = { content: [{ type: "text", text: "done" }] };

  it("gives a receipt over the result that holds by itself", async () => {
    const stand = await openStand();
    const call = await verified(stand);
    const receipt = await stand.guard.countersign(call, result);
    expect(receipt).toMatchObject({
      v: 3,
      response: { content_hash: contentHash(result), outcome: { status: "executed" } },
    });
    expect(parseBilateralReceipt(JSON.parse(JSON.stringify(receipt)))).toMatchObject({ ok: true });
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
  });

  it.each<[string, unknown]>([
    ["options", null],
    ["options", 1],
    ["options.errr", { errr: true }],
    ["options.error", { error: "yes" }],
    ["options.error", { error: 1 }],
    ["options.outcome", { outcome: "executed" }],
  ])(
    "refuses %s of the wrong kind, and the call can have its countersignature yet",
    async (option, options) => {
      const stand = await openStand();
      const call = await verified(stand);
      await expect(stand.guard.countersign(call, result, options as never)).rejects.toMatchObject({
        name: "OptionError",
        option,
      });
      expect(await stand.guard.countersign(call, result)).toHaveProperty("sig");
    },
  );

  it.each<[string, object]>([
    ["a bigint", { n: 1n }],
    ["a cycle", cyclic()],
    ["an object that throws", new Proxy({}, { ownKeys: () => fail() })],
  ])("says that JSON cannot hold a result with %s", async (_, answer) => {
    const stand = await openStand();
    const call = await verified(stand);
    await expect(stand.guard.countersign(call, { answer })).rejects.toMatchObject({
      name: "CanonicalJsonError",
      code: "not_json",
    });
    expect(await stand.guard.countersign(call, result)).toHaveProperty("sig");
  });

  it("is dated in whole milliseconds whatever the clock gives", async () => {
    const now = Date.now() + 0.75;
    const stand = await openStand({ guard: { clock: () => now } });
    const call = await verified(stand, await stand.sign({ issuedAtMs: Math.floor(now) }));
    expect(await stand.guard.countersign(call, result)).toHaveProperty("sig");
  });

  it("does so once, however many ask", async () => {
    const stand = await openStand();
    const call = await verified(stand);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => stand.guard.countersign(call, result)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(stand.guard.countersign(call, result)).rejects.toMatchObject({
      code: "already_countersigned",
    });
  });

  it("takes only the very call that it verified", async () => {
    const [stand, other] = [await openStand(), await openStand()];
    const call = await verified(stand);
    await expect(stand.guard.countersign({ ...call }, result)).rejects.toMatchObject({
      code: "not_verified_here",
    });
    await expect(other.guard.countersign(call, result)).rejects.toMatchObject({ code: "not_verified_here" });
    await expect(stand.guard.countersign(call, result)).resolves.toMatchObject({ v: 3 });
  });

  it("embeds the receipt that was verified, whatever became of the objects since", async () => {
    const stand = await openStand();
    const params = await stand.sign({ arguments: { deep: { list: [1, 2] } } });
    const original = structuredClone(params._meta._signet);
    const call = await verified(stand, params);
    Object.assign(params._meta._signet.action.params as object, { deep: "swapped", more: 1 });
    Object.assign(params._meta._signet, { nonce: "rnd_swapped" });
    Object.assign(params.arguments ?? {}, { deep: 0 });
    const receipt = await stand.guard.countersign(call, result);
    expect(receipt.agent_receipt).toEqual(original);
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
    const { agent_receipt: agentReceipt } = receipt;
    expect(utf8(agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole)).toContain('"list":[1,2]');
  });

  it.each<[string, unknown, object]>([
    ["a failed tool", { content: [], isError: true }, { status: "failed", error: "tool_error" }],
    ["a request for more input", { resultType: "input_required" }, { status: "verified" }],
    ["a task", { resultType: "task", task: { taskId: "t1" } }, { status: "verified" }],
  ])("reads the outcome off %s", async (_, answer, outcome) => {
    const stand = await openStand();
    const receipt = await stand.guard.countersign(await verified(stand), answer);
    expect(receipt.response.outcome).toEqual(outcome);
  });

  it("covers an error, and takes the caller's word for the outcome", async () => {
    const stand = await openStand();
    const error = { code: -32000, message: "no" };
    const failed = await stand.guard.countersign(await verified(stand), error, { error: true });
    expect(failed.response.outcome).toEqual({ status: "failed", error: "jsonrpc_error: -32000" });
    const outcome = { status: "rejected", reason: "budget" } as const;
    const rejected = await stand.guard.countersign(await verified(stand), error, { error: true, outcome });
    expect(rejected.response.outcome).toEqual(outcome);
  });

  it.each([
    ["a text", "done"],
    ["null", null],
    ["a lone surrogate", { text: "\ud800" }],
    ["2^53", { n: 2 ** 53 }],
  ])("refuses %s as a result, and signs a sound one afterwards", async (_, answer) => {
    const stand = await openStand();
    const call = await verified(stand);
    await expect(stand.guard.countersign(call, answer)).rejects.toMatchObject({ name: "CanonicalJsonError" });
    await expect(stand.guard.countersign(call, result)).resolves.toMatchObject({ v: 3 });
  });

  it("can be tried again when the signer failed", async () => {
    const local = createSigner(generateSeed());
    let broken = true;
    const signer = {
      publicKey: local.publicKey,
      sign: (message: Uint8Array) => (broken ? Promise.reject(new Error("no network")) : local.sign(message)),
    };
    const stand = await openStand({ guard: { identity: { signer, name: "kms" } } });
    const call = await verified(stand);
    await expect(stand.guard.countersign(call, result)).rejects.toMatchObject({ name: "SignerError" });
    broken = false;
    await expect(stand.guard.countersign(call, result)).resolves.toMatchObject({ server: { name: "kms" } });
  });

  it("dates the answer no earlier than the agent's receipt", async () => {
    const stand: Stand & { guard: Guard } = await openStand();
    const call = await verified(stand);
    stand.clock.advance(-5000);
    const receipt = await stand.guard.countersign(call, result);
    expect(receipt.ts_response).toBe(receipt.agent_receipt.ts);
  });
});
