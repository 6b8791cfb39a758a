import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { describe, expect, it } from "vitest";
import { checkReceiptSignature, contentHash } from "../../src/receipt/index.js";
import { verifiedCall } from "../../src/server.js";
import { expectAcceptedCall } from "./support/expect.js";
import { copyOf } from "./support/forge.js";
import { openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { at, callMessage } from "./support/wire.js";

describe("class 16: what was verified is what runs and what is countersigned", () => {
  it("runs and countersigns what was verified when the sender rewrites its message in memory meanwhile", async () => {
    const stand = await openStand();
    const { near, answer } = await inMemory(stand, () => ({ content: [] }));
    const genuine = await stand.sign();
    const sent = copyOf(genuine);
    stand.store.hold();
    await near.send(callMessage(sent, 1) as never);
    await turn();
    Object.assign(sent, { name: "other", arguments: { text: "evil" } });
    Object.assign(sent._meta._signet, (await stand.sign({ arguments: { text: "evil" } }))._meta._signet);
    stand.store.release();
    const countersignature = at(await answer(1), "result", "_meta", "_signet_bilateral");
    expect(at(countersignature, "agent_receipt")).toEqual(genuine._meta._signet);
    expect(stand.seen).toEqual([{ text: "hello", n: 1 }]);
  });

  it("countersigns what was verified when the handler rewrites request, receipt and verifiedCall()", async () => {
    const stand = await openStand();
    const other = await stand.sign({ arguments: { text: "evil" }, tool: "evil" });
    const { near, answer } = await inMemory(stand, (request) => {
      const receipts = [at(request, "params", "_meta", "_signet"), verifiedCall()?.receipt];
      for (const receipt of receipts) {
        Object.assign(receipt as object, { sig: "forged", id: "rec_forged" });
        Object.assign(at(receipt, "action") as object, other._meta._signet.action);
        Object.assign(at(receipt, "signer") as object, { name: "root" });
      }
      Object.assign(at(request, "params", "arguments") as object, { text: "evil" });
      return { content: [] };
    });
    const genuine = await stand.sign({ arguments: { text: "hello", deep: { list: [1] } } });
    await near.send(callMessage(structuredClone(genuine), 1) as never);
    const countersignature = at(await answer(1), "result", "_meta", "_signet_bilateral");
    expect(at(countersignature, "agent_receipt")).toEqual(genuine._meta._signet);
    expect(checkReceiptSignature(countersignature as never)).toMatchObject({ ok: true });
  });

  it("lets a handler write into its arguments, as handlers do", async () => {
    const stand = await openStand();
    const { near, answer } = await inMemory(stand, (request) => {
      const args = at(request, "params", "arguments") as { text: string };
      args.text = "normalised";
      return { content: [{ type: "text", text: args.text }] };
    });
    await near.send(callMessage(await stand.sign(), 1) as never);
    expect(at(await answer(1), "result", "content", 0, "text")).toBe("normalised");
  });

  it("countersigns the result as it was sent, though the handler's own object is rewritten afterwards", async () => {
    const stand = await openStand();
    const result = { content: [{ type: "text" as const, text: "sent" }] };
    const { near, answer } = await inMemory(stand, () => {
      setTimeout(() => (result.content[0] = { type: "text", text: "changed" }), 0);
      return result;
    });
    await near.send(callMessage(await stand.sign(), 1) as never);
    const sent = at(await answer(1), "result");
    await turn();
    expect(at(sent, "_meta", "_signet_bilateral", "response", "content_hash")).toBe(contentHash(sent));
    expect(at(sent, "content", 0, "text")).toBe("sent");
  });
});

describe("class 16: one countersignature for one call", () => {
  it("withholds a second answer to a call, and answers to calls that nobody made", async () => {
    const stand = await openStand();
    const { near, far, answer, received } = await inMemory(stand, () => ({ content: [] }));
    await near.send(callMessage(await stand.sign(), 1) as never);
    await answer(1);
    const before = received.length;
    for (const id of [1, "1", 2, 0, null]) {
      const forged = { jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "again" }] } };
      await far.transport?.send(forged as never);
    }
    await turn();
    expect(received).toHaveLength(before);
    expect(stand.guard.health().counts.answersWithheld).toBe(5);
    expect(stand.guard.health().counts.finished).toBe(1);
  });

  it("countersigns once for a gateway, however often and however much at once it asks", async () => {
    const stand = await openStand();
    const verdict = await stand.guard.verify(await stand.sign());
    if (!verdict.ok) throw new Error(verdict.code);
    const { call } = verdict;
    const outcomes = await Promise.allSettled(
      ["a", "b", "c"].map((text) => stand.guard.countersign(call, { content: [{ type: "text", text }] })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(stand.guard.countersign(call, {})).rejects.toMatchObject({ code: "already_countersigned" });
  });

  it("does not countersign copies and inventions of a verified call, or another guard's", async () => {
    const [stand, other] = [await openStand(), await openStand()];
    const verdict = await stand.guard.verify(await stand.sign());
    if (!verdict.ok) throw new Error(verdict.code);
    const { call } = verdict;
    for (const fake of [{ ...call }, structuredClone(call), Object.create(call), {}, null, undefined, 1]) {
      await expect(stand.guard.countersign(fake as never, {})).rejects.toMatchObject({
        code: "not_verified_here",
      });
    }
    await expect(other.guard.countersign(call, {})).rejects.toMatchObject({ code: "not_verified_here" });
    await expect(stand.guard.countersign(call, {})).resolves.toMatchObject({ v: 3 });
  });

  it("gives each call a countersignature of its own, with a nonce of its own", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const nonces = new Set<unknown>();
    for (let n = 0; n < 20; n++) {
      const answer = await expectAcceptedCall(stand, wire, await stand.sign());
      nonces.add(at(answer, "result", "_meta", "_signet_bilateral", "nonce"));
    }
    expect(nonces.size).toBe(20);
  });
});

/** A low-level server behind an in-memory transport, where messages are passed by reference. */
async function inMemory(stand: Stand, handle: (request: unknown) => object) {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const server = new Server({ name: "memory", version: "1.0.0" }, { capabilities: { tools: {} } });
  const seen = stand.seen as Record<string, unknown>[];
  server.setRequestHandler(CallToolRequestSchema, (request) => {
    seen.push(structuredClone(request.params.arguments ?? {}));
    return handle(request);
  });
  const received: unknown[] = [];
  const waiting: (() => void)[] = [];
  near.onmessage = (message) => {
    received.push(message);
    for (const wake of waiting.splice(0)) wake();
  };
  await stand.guard.protect(server).connect(far);
  await near.start();
  const answer = async (id: unknown): Promise<unknown> => {
    for (;;) {
      const found = received.find((message) => at(message, "id") === id);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => void waiting.push(resolve));
    }
  };
  return { near, far: server, answer, received };
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 5));
}
