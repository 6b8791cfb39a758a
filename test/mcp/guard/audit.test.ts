import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { AuditLog } from "../../../src/audit/log.js";
import { isPlainObject } from "../../../src/lib/json.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import { createGuard } from "../../../src/server.js";
import type { GuardOptions } from "../../../src/server.js";
import { createSigner, generateSeed } from "../../../src/receipt/index.js";
import { testIdentity, testRegistry, pinnedClock, signedCall } from "../../../src/testing.js";
import { NOW_MS, openStand, TARGET } from "../../attack/support/stand.js";
import type { Stand, StandOptions } from "../../attack/support/stand.js";
import { at } from "../../attack/support/wire.js";
import { readChain } from "../../audit/support/chain.js";
import { Child } from "../../audit/support/child.js";
import { newLogDir } from "../../audit/support/log-dir.js";
import { tampered } from "../../attack/support/forge.js";

let dir: string;
beforeEach(() => {
  dir = newLogDir();
});

const standWith = (options: StandOptions = {}): Promise<Stand> =>
  openStand({ ...options, guard: { audit: dir, ...options.guard } });

const receipts = (): JsonRecord[] => readChain(dir).map(({ receipt }) => receipt);
const kinds = (): unknown[] => receipts().map((receipt) => receipt["v"] ?? receipt["type"]);
const outcomes = (): unknown[] =>
  receipts()
    .filter((receipt) => receipt["v"] === 3)
    .map((receipt) => at(receipt, "response", "outcome"));
const reasonOf = (answer: JsonRecord): unknown => at(answer, "error", "data", "reason");
const allBytes = (): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("");

/** Waits until something holds that the guard does after its answer. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A tool that answers when it is let go. */
function heldTool(): { readonly slow: () => Promise<{ content: [] }>; readonly release: () => void } {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = async (): Promise<{ content: [] }> => {
    await held;
    return { content: [] };
  };
  return {
    slow,
    release: () => {
      release();
    },
  };
}

describe("a guard with an audit log", () => {
  it("has the receipt on disk before the tool runs, and the countersigned one before the answer leaves", async () => {
    let before: unknown[] = [];
    const stand = await standWith({
      tools: {
        look: () => {
          before = kinds();
          return { content: [] };
        },
      },
    });
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign({ tool: "look" }));
    expect(before).toEqual([1]);
    expect(receipts().map((receipt) => receipt["v"])).toEqual([1, 3]);
    expect(receipts()[1]).toEqual(at(answer, "result", "_meta", "_signet_bilateral"));
  });

  it("writes a log that verifies against the registry", async () => {
    const server = testIdentity("server");
    const agent = testIdentity("agent");
    const registry = testRegistry({ agents: [agent], servers: [server] });
    const options: GuardOptions = { registry, identity: server, target: TARGET, audit: dir };
    const guard = await createGuard(options);
    for (let n = 0; n < 5; n++) {
      const verdict = await guard.verify(
        await signedCall({ identity: agent, target: TARGET, tool: "t", arguments: { n } }),
      );
      if (verdict.ok) await guard.countersign(verdict.call, { content: [] });
    }
    await guard.close();
    const log = await AuditLog.open(dir, { readOnly: true });
    const report = await log.verify({ registry });
    expect(report).toMatchObject({
      ok: true,
      records: 10,
      verified: 10,
      counts: { intent: 5, countersigned: 5 },
    });
  });

  it("does not run a call that it cannot put on record", async () => {
    const audit = await AuditLog.open(dir);
    const stand = await standWith({ guard: { audit } });
    const wire = await stand.connect();
    await audit.close();
    const answer = await wire.call(await stand.sign());
    expect(reasonOf(answer)).toBe("audit_unavailable");
    expect(stand.runs()).toBe(0);
    expect(stand.guard.health()).toMatchObject({ ok: false, audit: { state: "closed" } });
  });

  it("withholds the answer that it cannot put on record", async () => {
    const audit = await AuditLog.open(dir);
    const stand = await standWith({
      guard: { audit },
      tools: {
        slow: async () => {
          await audit.close();
          return { content: [{ type: "text", text: "secret" }] };
        },
      },
    });
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign({ tool: "slow" }));
    expect(reasonOf(answer)).toBe("audit_unavailable");
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(stand.events.map(({ type }) => type)).toContain("audit_failed");
    expect(stand.guard.health().counts).toMatchObject({ auditFailures: 1, finished: 0 });
  });

  it("goes on with the same log when it is closed and made again", async () => {
    for (let round = 0; round < 3; round++) {
      const stand = await standWith();
      const wire = await stand.connect();
      await wire.call(await stand.sign());
      await stand.guard.close();
    }
    expect(kinds()).toEqual([1, 3, 1, 3, 1, 3]);
  });
});

describe("what a guard puts on record of calls that have no answer", () => {
  it("is that they were cancelled", async () => {
    const { slow, release } = heldTool();
    const stand = await standWith({ tools: { slow } });
    const wire = await stand.connect();
    const id = wire.freshId();
    wire.post({ jsonrpc: "2.0", id, method: "tools/call", params: await stand.sign({ tool: "slow" }) });
    await until(() => stand.runs() === 1);
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
    await until(() => kinds().length === 2);
    expect(outcomes()).toEqual([{ status: "failed", error: "cancelled" }]);
    release();
  });

  it("is that nobody knows what became of them, when the connection closes", async () => {
    const stand = await standWith({ tools: { never: () => new Promise(() => undefined) } });
    const wire = await stand.connect();
    wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: await stand.sign({ tool: "never" }) });
    await until(() => stand.runs() === 1);
    wire.hangUp();
    await until(() => kinds().length === 2);
    expect(outcomes()).toEqual([{ status: "failed", error: "outcome_unknown" }]);
  });

  it("is that they did not run, when they are cancelled before", async () => {
    const stand = await standWith();
    const wire = await stand.connect();
    stand.store.hold();
    wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: await stand.sign() });
    await wire.quiet();
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    stand.store.release();
    await wire.quiet();
    await stand.guard.close();
    expect(stand.runs()).toBe(0);
    expect(kinds()).toEqual([1, 3]);
    expect(outcomes()).toEqual([{ status: "failed", error: "cancelled" }]);
  });

  it("is that they have an answer that could not be signed", async () => {
    const seed = generateSeed();
    const local = createSigner(seed);
    let fails = false;
    const signer = {
      publicKey: local.publicKey,
      sign: (message: Uint8Array) => {
        if (fails) throw new Error("the key service is down");
        return local.sign(message);
      },
    };
    const stand = await standWith({
      guard: { identity: { signer, name: "kms" } },
      tools: {
        fail: () => {
          fails = true;
          return { content: [] };
        },
      },
    });
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign({ tool: "fail" }));
    expect(reasonOf(answer)).toBe("countersign_unavailable");
    await until(() => kinds().length === 2);
    expect(receipts()[1]).toMatchObject({
      type: "countersign_failed",
      intent_id: receipts()[0]?.["id"],
      code: "countersign_unavailable",
      outcome: { status: "executed" },
    });
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await log.unfinished()).toEqual([]);
  });
});

describe("what a guard puts on record of refusals", () => {
  it("is the receipt of a known signer, countersigned as rejected", async () => {
    const stand = await standWith();
    const wire = await stand.connect();
    await wire.call({ ...(await stand.sign()), arguments: { text: "changed" } });
    await until(() => kinds().length === 1);
    expect(outcomes()).toEqual([{ status: "rejected", reason: "params_mismatch" }]);
  });

  it("is ten of a signer and code in a minute, and the rest in sum", async () => {
    const stand = await standWith();
    const wire = await stand.connect();
    const params = await stand.sign();
    await wire.call(params);
    for (let n = 0; n < 30; n++) await wire.call(params);
    await stand.guard.close();
    expect(kinds()).toEqual([1, 3, ...Array.from({ length: 10 }, () => 3), "refusals"]);
    expect(receipts().at(-1)).toMatchObject({ counts: [{ code: "replayed", signer: "alice", count: 20 }] });
  });

  it("is no more than a sum of what strangers send", async () => {
    const stand = await standWith();
    const wire = await stand.connect();
    for (let n = 0; n < 100; n++) {
      await wire.call(await stand.sign({ identity: stand.mallory }));
      await wire.call({ name: "echo", arguments: {} });
      await wire.call(tampered(await stand.sign(), (receipt) => void (receipt["nonce"] = `rnd_${n}`)));
    }
    expect(kinds()).toEqual([]);
    await stand.guard.close();
    expect(receipts()).toEqual([
      expect.objectContaining({
        type: "refusals",
        counts: [
          { code: "untrusted_signer", count: 100 },
          { code: "unsigned", count: 100 },
          { code: "bad_signature", count: 100 },
        ],
      }),
    ]);
  });

  it("does not end a call that runs when a copy of it is refused", async () => {
    const { slow, release } = heldTool();
    const stand = await standWith({ tools: { slow } });
    const wire = await stand.connect();
    const params = await stand.sign({ tool: "slow" });
    wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    await until(() => stand.runs() === 1);
    await wire.call(params, 2);
    await until(() => kinds().length === 2);
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await log.unfinished()).toHaveLength(1);
    release();
    await wire.answer(1);
    expect(await log.unfinished()).toEqual([]);
  });

  it("has nothing but receipts where the log takes no other records", async () => {
    const audit = await AuditLog.open(dir, { typedRecords: false });
    const stand = await standWith({ guard: { audit } });
    const wire = await stand.connect();
    await wire.call({ name: "echo", arguments: {} });
    await wire.call(await stand.sign());
    await stand.guard.close();
    await audit.close();
    expect(kinds()).toEqual([1, 3]);
  });
});

describe("redaction", () => {
  const secret = "hunter2-hunter2";
  const call = { tool: "echo", arguments: { user: "a", password: secret } };

  it("keeps out of the log what must not be stored, also of what is refused", async () => {
    const stand = await standWith({
      guard: { redact: (params) => (isPlainObject(params) ? { ...params, password: "gone" } : params) },
    });
    const wire = await stand.connect();
    const params = await stand.sign(call);
    const answer = await wire.call(params);
    await wire.call(params);
    await until(() => kinds().length === 3);
    await stand.guard.close();
    expect(stand.seen[0]).toEqual(call.arguments);
    expect(at(answer, "result", "_meta", "_signet_bilateral", "agent_receipt", "action", "params")).toEqual(
      call.arguments,
    );
    expect(allBytes()).not.toContain(secret);
    expect(at(receipts()[0], "action", "params", "_signet_redacted", "kept")).toEqual({
      user: "a",
      password: "gone",
    });
  });

  it("leaves a log of which the chain and the server's signatures are verified", async () => {
    const server = testIdentity("server");
    const agent = testIdentity("agent");
    const registry = testRegistry({ agents: [agent], servers: [server] });
    const guard = await createGuard({
      registry,
      identity: server,
      target: TARGET,
      audit: dir,
      redact: () => undefined,
    });
    const verdict = await guard.verify(await signedCall({ identity: agent, target: TARGET, ...call }));
    if (verdict.ok) await guard.countersign(verdict.call, { content: [] });
    await guard.close();
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await log.verify({ registry })).toMatchObject({
      ok: true,
      records: 2,
      unverifiable: { redacted: 2 },
    });
    const other = testRegistry({ agents: [agent], servers: [testIdentity("other")] });
    expect(await log.verify({ registry: other })).toMatchObject({
      ok: false,
      findingCounts: { untrusted_server: 1 },
    });
  });

  it("changes nothing where there is nothing to take out", async () => {
    const stand = await standWith({ guard: { redact: (params) => params } });
    const wire = await stand.connect();
    await wire.call(await stand.sign(call));
    expect(at(receipts()[0], "action", "params")).toEqual(call.arguments);
  });

  it("refuses the call when it fails", async () => {
    const stand = await standWith({
      guard: {
        redact: () => {
          throw new Error(secret);
        },
      },
    });
    const wire = await stand.connect();
    expect(reasonOf(await wire.call(await stand.sign(call)))).toBe("audit_unavailable");
    expect(stand.runs()).toBe(0);
    await stand.guard.close();
    expect(allBytes()).not.toContain(secret);
  });

  it("cannot change what is verified", async () => {
    const stand = await standWith({
      guard: {
        redact: (params) => {
          if (isPlainObject(params)) params["text"] = "changed";
          return params;
        },
      },
    });
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign());
    expect(stand.seen[0]).toEqual({ text: "hello", n: 1 });
    expect(
      at(answer, "result", "_meta", "_signet_bilateral", "agent_receipt", "action", "params", "text"),
    ).toBe("hello");
  });
});

describe("a key that is revoked while its call is put on record", () => {
  it("does not run it, and the record says so", async () => {
    const clock = pinnedClock(NOW_MS);
    const audit = await AuditLog.open(dir, { clock });
    const agent = testIdentity("agent");
    const server = testIdentity("server");
    const registry = testRegistry({
      agents: [{ ...agent, expiresAt: new Date(NOW_MS + 1000).toISOString() }],
    });
    const guard = await createGuard({ registry, identity: server, target: TARGET, audit, clock });
    const params = await signedCall({ identity: agent, target: TARGET, tool: "t", issuedAtMs: NOW_MS });
    const pending = guard.verify(params);
    clock.advance(2000);
    expect(await pending).toMatchObject({ ok: false, code: "key_expired" });
    await guard.close();
    await audit.close();
    expect(outcomes()).toEqual([{ status: "failed", error: "not_run: key_expired" }]);
  });
});

describe("a countersignature that a result brought along", () => {
  const carried = { v: 3, id: "rec_of_another_server", text: "secret" };
  const tools = {
    gateway: () => ({ content: [], _meta: { _signet_bilateral: carried } }),
  };

  it("is taken out of the answer, and kept", async () => {
    const stand = await standWith({ tools });
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign({ tool: "gateway" }));
    expect(JSON.stringify(answer)).not.toContain("rec_of_another_server");
    expect(receipts()[2]).toMatchObject({
      type: "carried_countersignature",
      intent_id: receipts()[0]?.["id"],
      countersignature: carried,
    });
  });

  it("is kept by its hash alone where params are redacted", async () => {
    const stand = await standWith({ tools, guard: { redact: () => undefined } });
    await (await stand.connect()).call(await stand.sign({ tool: "gateway" }));
    expect(allBytes()).not.toContain("secret");
    expect(receipts()[2]).toMatchObject({ sha256: expect.stringMatching(/^sha256:/) as unknown });
  });
});

describe("an answer that a gateway gives", () => {
  it("ends its call, whatever it says of it", async () => {
    const stand = await standWith();
    const verdict = await stand.guard.verify(await stand.sign());
    if (!verdict.ok) throw new Error(verdict.code);
    const outcome = { status: "rejected", reason: "upstream" } as const;
    await stand.guard.countersign(verdict.call, { content: [] }, { outcome });
    await stand.guard.close();
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await log.unfinished()).toEqual([]);
  });

  it("is not handed over when it cannot be put on record, and can be countersigned once it can", async () => {
    let fails = false;
    const audit = await AuditLog.open(dir);
    const append = audit.appendText.bind(audit);
    audit.appendText = (...appended) => (fails ? Promise.reject(new Error("no")) : append(...appended));
    const stand = await standWith({ guard: { audit } });
    const verdict = await stand.guard.verify(await stand.sign());
    if (!verdict.ok) throw new Error(verdict.code);
    fails = true;
    await expect(stand.guard.countersign(verdict.call, {})).rejects.toMatchObject({
      code: "audit_unavailable",
    });
    fails = false;
    expect(await stand.guard.countersign(verdict.call, {})).toMatchObject({ v: 3 });
    await stand.guard.close();
    await audit.close();
    expect(kinds()).toEqual([1, 3]);
  });
});

describe("what a result brings along", () => {
  it.each([98, 99, 100, 101, 200])(
    "does not keep its answer from leaving, nested %d deep",
    async (levels) => {
      const deep: unknown = JSON.parse(`${"[".repeat(levels - 1)}{}${"]".repeat(levels - 1)}`);
      const tools = { gateway: () => ({ content: [], _meta: { _signet_bilateral: { deep } } }) };
      const stand = await standWith({ tools });
      const wire = await stand.connect();
      const answer = await wire.call(await stand.sign({ tool: "gateway" }));
      expect(at(answer, "result", "_meta", "_signet_bilateral", "v")).toBe(3);
      expect(kinds()).toEqual([1, 3, "carried_countersignature"]);
    },
  );
});

describe("a guard whose log is held up by another process", () => {
  it("refuses calls after a while, and can be closed", async () => {
    const stand = await standWith();
    const wire = await stand.connect();
    await wire.call(await stand.sign());
    const holder = new Child("lock-holder.mjs", dir);
    await holder.says("held");
    wire.post({ jsonrpc: "2.0", id: 7, method: "tools/call", params: await stand.sign() });
    await new Promise((resolve) => setTimeout(resolve, 5500));
    expect(reasonOf(await wire.answer(7))).toBe("audit_unavailable");
    expect(stand.guard.health()).toMatchObject({ ok: false, audit: { ok: false } });
    expect(stand.runs()).toBe(1);
    await stand.guard.close();
    await holder.kill();
    expect(kinds()).toEqual([1, 3]);
  }, 40_000);
});

describe("a server that starts where another process of it was killed", () => {
  const agent = testIdentity("agent");
  const server = testIdentity("server");
  const elsewhere = {
    name: "server",
    signer: {
      publicKey: server.signer.publicKey,
      sign: async (message: Uint8Array) => server.signer.sign(message),
    },
  };
  const registry = testRegistry({ agents: [agent], servers: [server] });

  /** Lets a call through, and lets go of the log as a process does that is killed. */
  async function abandon(options: Partial<GuardOptions>): Promise<void> {
    const audit = await AuditLog.open(dir);
    const guard = await createGuard({ registry, identity: server, target: TARGET, ...options, audit });
    const verdict = await guard.verify(
      await signedCall({ identity: agent, target: TARGET, tool: "t", arguments: { n: 1 } }),
    );
    expect(verdict.ok).toBe(true);
    await audit.close();
  }

  async function restart(options: Partial<GuardOptions>): Promise<unknown[]> {
    const events: unknown[] = [];
    const onEvent: GuardOptions["onEvent"] = (event) => void events.push(event);
    const guard = await createGuard({
      registry,
      identity: server,
      target: TARGET,
      audit: dir,
      onEvent,
      ...options,
    });
    await guard.close();
    return events;
  }

  it.each([
    ["its key in memory", { identity: server }],
    ["its key in memory, and params redacted", { identity: server, redact: () => undefined }],
    ["its key in a key service", { identity: elsewhere }],
  ])("ends what was let through, with %s", async (_, options) => {
    await abandon(options);
    expect(await restart(options)).toEqual([{ type: "recovered", closed: 1, left: 0 }]);
    expect(outcomes()).toEqual([{ status: "failed", error: "outcome_unknown" }]);
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await log.verify({ registry })).toMatchObject({ ok: true });
    expect(await log.unfinished()).toEqual([]);
    expect(await restart(options)).toEqual([]);
  });

  it.each([
    ["what another key of it let through", { identity: testIdentity("server") }, { identity: server }],
    [
      "what is redacted, with its key in a key service",
      { identity: elsewhere, redact: () => undefined },
      { identity: elsewhere },
    ],
    [
      "what the registry does not allow, with its key in a key service",
      { identity: elsewhere },
      { identity: elsewhere, registry: testRegistry({ agents: [{ ...agent, tools: ["other"] }] }) },
    ],
  ])("does not sign for %s, and tells of it", async (_, before, after) => {
    await abandon(before);
    const events = await restart(after);
    expect(events).toMatchObject([{ type: "audit_failed" }, { type: "recovered", closed: 0, left: 1 }]);
    expect(outcomes()).toEqual([]);
  });
});

describe("a clock that goes wrong", () => {
  it("loses no sum of refusals, and throws nothing where nobody catches it", async () => {
    let odd = false;
    const clock = (): number => (odd ? Number.NaN : NOW_MS);
    const stand = await standWith({ guard: { clock } });
    const wire = await stand.connect();
    await wire.call({ name: "echo", arguments: {} });
    odd = true;
    await wire.call({ name: "echo", arguments: {} });
    process.emit("beforeExit", 0);
    await until(() => stand.events.some(({ type }) => type === "audit_failed"));
    odd = false;
    await stand.guard.close();
    expect(receipts()).toMatchObject([{ type: "refusals", counts: [{ code: "unsigned", count: 2 }] }]);
  });
});
