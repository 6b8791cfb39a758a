import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuditLog } from "../../src/audit/log.js";
import { decryptParams, paramsKey } from "../../src/audit/record/params-cipher.js";
import type { AuditEntry } from "../../src/audit/read/query.js";
import { canonicalHash } from "../../src/crypto/canonical-json.js";
import { generateSigner } from "../../src/crypto/signer.js";
import { createGuard, SigningAgent } from "../../src/index.js";
import type { SignOptions } from "../../src/index.js";
import { agentReceiptText, paramsText } from "../../src/receipt/agent-text.js";
import { countersignReceipt } from "../../src/receipt/countersign.js";
import { testRegistry } from "../../src/testing.js";
import { formsOf, shownText, temporaryPath } from "../keystore/support.js";

const TARGET = "mcp://github";
const PLAIN = { unencrypted: true };

let home: string;
const agents: SigningAgent[] = [];

beforeEach(() => {
  home = temporaryPath("home");
  vi.stubEnv("SIGNET_HOME", home);
  vi.stubEnv("SIGNET_PASSPHRASE", undefined);
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  vi.unstubAllEnvs();
});

async function create(options: Parameters<typeof SigningAgent.create>[1] = PLAIN): Promise<SigningAgent> {
  const agent = await SigningAgent.create("my-agent", options);
  agents.push(agent);
  return agent;
}

async function all(entries: AsyncIterable<AuditEntry>): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

describe("a signing agent", () => {
  it("is made with a key, and signs what its own guard takes", async () => {
    const agent = await create({ owner: "willamhou", principal: "agent://acme/bot", passphrase: "secret" });
    expect(agent).toMatchObject({ name: "my-agent", owner: "willamhou" });
    const guard = await createGuard({
      registry: testRegistry({
        agents: [{ name: agent.name, publicKey: agent.publicKey, owner: "willamhou" }],
      }),
      identity: { signer: generateSigner(), name: "server" },
      target: TARGET,
      replay: "memory",
    });
    const receipt = await agent.sign("github_create_issue", { title: "fix bug" }, { target: TARGET });
    expect(receipt).toMatchObject({
      v: 1,
      action: {
        tool: "github_create_issue",
        params: { title: "fix bug" },
        target: TARGET,
        transport: "stdio",
      },
      signer: {
        pubkey: agent.publicKey,
        name: "my-agent",
        owner: "willamhou",
        principal: "agent://acme/bot",
      },
    });
    const call = {
      name: "github_create_issue",
      arguments: { title: "fix bug" },
      _meta: { _signet: receipt },
    };
    expect(await guard.verify(call)).toMatchObject({ ok: true });
    await guard.close();
  });

  it("is opened again, by its passphrase or that of the environment", async () => {
    const { publicKey } = await create({ passphrase: "secret" });
    await expect(SigningAgent.open("my-agent")).rejects.toMatchObject({ code: "passphrase_missing" });
    await expect(SigningAgent.open("my-agent", { passphrase: "x" })).rejects.toMatchObject({
      code: "passphrase_wrong",
    });
    expect((await SigningAgent.open("my-agent", { passphrase: "secret" })).publicKey).toBe(publicKey);
    vi.stubEnv("SIGNET_PASSPHRASE", "secret");
    expect((await SigningAgent.open("my-agent")).publicKey).toBe(publicKey);
    await expect(SigningAgent.open("other")).rejects.toMatchObject({ code: "identity_not_found" });
    await expect(SigningAgent.create("my-agent", PLAIN)).rejects.toMatchObject({ code: "identity_exists" });
  });

  it("puts what it signs on record before it hands it out", async () => {
    const agent = await create();
    expect(existsSync(join(home, "audit"))).toBe(false);
    expect(await all(agent.audit())).toEqual([]);
    const receipts = await Promise.all([1, 2, 3].map((n) => agent.sign("echo", { n }, { target: TARGET })));
    const found = await all(agent.audit());
    expect(found.map(({ record }) => record.receipt)).toEqual(receipts);
    expect(await (await AuditLog.open(join(home, "audit"), { readOnly: true })).verify()).toMatchObject({
      ok: true,
    });
  });

  it("finds its own records, and no other agent's", async () => {
    const agent = await create();
    const other = await SigningAgent.create("other", PLAIN);
    agents.push(other);
    await agent.sign("echo", { of: "agent" }, { target: TARGET });
    await other.sign("echo", { of: "other" }, { target: TARGET });
    await agent.sign("read", {}, { target: TARGET });
    expect(await all(agent.audit())).toHaveLength(2);
    expect(await all(agent.audit({ tool: "read", since: "24h" }))).toHaveLength(1);
    expect(await all(agent.audit({ since: new Date(Date.now() + 60_000) }))).toEqual([]);
    expect(await all(other.audit({ order: "newest", limit: 1 }))).toHaveLength(1);
  });

  it.each<[string, SignOptions, object]>([
    ["only the hash of its params", { target: TARGET, hashOnly: true }, { action: { params: null } }],
    ["an end", { target: TARGET, exp: 60_000 }, { exp: expect.any(String) as unknown }],
    [
      "what the framework knows of it",
      {
        target: TARGET,
        transport: "http",
        session: "s",
        callId: "c",
        traceId: "t",
        parentReceiptId: "rec_1",
        actingFor: "user://acme/alice",
      },
      {
        action: { transport: "http", session: "s", call_id: "c", trace_id: "t", parent_receipt_id: "rec_1" },
        signer: { acting_for: "user://acme/alice" },
      },
    ],
  ])("signs a call with %s", async (_, options, members) => {
    const agent = await create();
    const receipt = await agent.sign("echo", { secret: "s3cret" }, options);
    expect(receipt).toMatchObject(members);
    expect(receipt.action.params_hash).toBe(canonicalHash({ secret: "s3cret" }));
    expect(agent.verify(receipt)).toBe(true);
  });

  it("encrypts params in the log alone", async () => {
    const agent = await create();
    const receipt = await agent.sign("echo", { secret: "s3cret" }, { target: TARGET, encryptParams: true });
    expect(receipt.action.params).toEqual({ secret: "s3cret" });
    const [entry] = await all(agent.audit());
    expect(JSON.stringify(entry)).not.toContain("s3cret");
    const file = JSON.parse(readFileSync(join(home, "keys", "my-agent.key"), "utf8")) as { seed: string };
    const key = paramsKey(Buffer.from(file.seed, "base64"));
    expect(decryptParams(entry?.record.receipt as never, key)).toEqual(receipt);
  });

  it("keeps no record where that is said", async () => {
    const agent = await create({ ...PLAIN, audit: false });
    await agent.sign("echo", {}, { target: TARGET });
    const other = await SigningAgent.create("other", PLAIN);
    agents.push(other);
    await other.sign("echo", {}, { target: TARGET, audit: false });
    expect(existsSync(join(home, "audit"))).toBe(false);
  });

  it("writes into a log that it is given, and leaves it open", async () => {
    const log = await AuditLog.open(temporaryPath("elsewhere"));
    const agent = await create({ ...PLAIN, audit: log });
    await agent.sign("echo", {}, { target: TARGET });
    await agent.close();
    expect(log.health()).toMatchObject({ state: "open", appended: 1 });
    await log.close();
  });

  it("keeps keys and log in the home that it is given", async () => {
    const elsewhere = temporaryPath("elsewhere");
    const agent = await create({ ...PLAIN, home: elsewhere });
    await agent.sign("echo", {}, { target: TARGET });
    expect(readdirSync(elsewhere).sort()).toEqual(["audit", "keys"]);
    expect(existsSync(home)).toBe(false);
  });

  it("hands out no receipt that it could not put on record", async () => {
    const agent = await create({ ...PLAIN, audit: "/dev/null/audit" });
    await expect(agent.sign("echo", {}, { target: TARGET })).rejects.toMatchObject({ name: "AuditLogError" });
  });

  it("signs a copy of the params: what is changed meanwhile is in neither receipt nor log", async () => {
    const agent = await create();
    const params = {
      to: "alice",
      get amount() {
        return Math.random();
      },
    };
    const signing = agent.sign("pay", params, { target: TARGET });
    params.to = "mallory";
    const receipt = await signing;
    expect(receipt.action.params).toMatchObject({ to: "alice" });
    expect(agent.verify(receipt)).toBe(true);
    (receipt.action.params as { to: string }).to = "mallory";
    await agent.close();
    const log = await AuditLog.open(join(home, "audit"), { readOnly: true });
    expect(await log.verify()).toMatchObject({ ok: true, records: 1 });
  });

  it("waits for what is being signed before it is closed, the first call included", async () => {
    const agent = await create();
    const signing = agent.sign("t", {}, { target: TARGET });
    await agent.close();
    expect(await all(agent.audit())).toHaveLength(1);
    expect(agent.verify(await signing)).toBe(true);
  });

  it("cannot be given another name", async () => {
    const agent = await create();
    expect(() => {
      (agent.identity as { name: string }).name = "root";
    }).toThrow(TypeError);
  });

  it("signs nothing once it is closed", async () => {
    const agent = await create();
    await agent.sign("echo", {}, { target: TARGET });
    await agent.close();
    await expect(agent.sign("echo", {}, { target: TARGET })).rejects.toMatchObject({ code: "agent_closed" });
  });

  it("shows nothing of its key", async () => {
    const agent = await create();
    const file = JSON.parse(readFileSync(join(home, "keys", "my-agent.key"), "utf8")) as { seed: string };
    const shown = shownText(agent);
    for (const form of formsOf(Buffer.from(file.seed, "base64"))) expect(shown).not.toContain(form);
  });
});

describe("an agent's verdict on a receipt", () => {
  it("is true for its own alone, whole and not expired", async () => {
    let now = Date.now();
    const agent = await create({ ...PLAIN, clock: () => now });
    const other = await SigningAgent.create("other", { ...PLAIN, audit: false });
    const receipt = await agent.sign("echo", { n: 1 }, { target: TARGET, exp: 1000 });
    expect(agent.verify(receipt)).toBe(true);
    expect(agent.verify(JSON.stringify(receipt))).toBe(true);
    expect(other.verify(receipt)).toBe(false);
    expect(agent.verify({ ...receipt, action: { ...receipt.action, params: { n: 2 } } })).toBe(false);
    expect(agent.verify({ ...receipt, action: { ...receipt.action, tool: "read" } })).toBe(false);
    now += 1000;
    expect(agent.verify(receipt)).toBe(false);
  });

  it("is about the countersignature of a countersigned one", async () => {
    const agent = await create({ ...PLAIN, audit: false });
    const server = await SigningAgent.create("server", { ...PLAIN, audit: false });
    const receipt = await agent.sign("echo", {}, { target: TARGET });
    const countersigned = await countersignReceipt({
      agentReceipt: receipt,
      agentReceiptText: agentReceiptText(receipt, paramsText(receipt)).whole,
      contentHash: canonicalHash({}),
      outcome: { status: "executed" },
      signer: server.identity.signer,
      name: "server",
      respondedAtMs: Date.now(),
    });
    expect([server.verify(countersigned), agent.verify(countersigned)]).toEqual([true, false]);
  });

  it.each([undefined, null, 7, "", "{", "null", [], {}, { v: 1 }])("is false for %j", async (value) => {
    expect((await create()).verify(value)).toBe(false);
  });
});

describe("what an agent is asked for", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["options.homes", () => SigningAgent.create("a", { homes: "x" } as never)],
    ["options.home", () => SigningAgent.create("a", { home: 7 } as never)],
    ["options.audit", () => SigningAgent.create("a", { audit: 7 } as never)],
    ["options.owner", () => SigningAgent.create("a", { owner: 7, unencrypted: true } as never)],
    ["options.unencrypted", () => SigningAgent.open("a", { unencrypted: true } as never)],
    ["name", () => SigningAgent.create("a/b", PLAIN)],
  ])("names what is wrong (%s)", async (option, ask) => {
    const error: unknown = await ask().catch((error: unknown) => error);
    expect(error).toMatchObject({ name: "OptionError" });
    expect((error as { option: string }).option).toContain(option.split(".").at(-1));
  });

  it.each<[string, unknown, unknown, object]>([
    ["tool", 7, {}, {}],
    ["target", "echo", {}, { target: undefined }],
    ["exp", "echo", {}, { exp: 0 }],
    ["hashOnly", "echo", {}, { hashOnly: 1 }],
    ["actingFor", "echo", {}, { actingFor: "alice" }],
    ["targets", "echo", {}, { targets: "x" }],
  ])("is refused with a name, where the %s is wrong", async (option, tool, params, options) => {
    const agent = await create();
    const signing = agent.sign(tool as string, params, { target: TARGET, ...options });
    const error: unknown = await signing.catch((error: unknown) => error);
    expect((error as { option: string }).option).toContain(option);
    expect(existsSync(join(home, "audit"))).toBe(false);
  });

  it("is refused where the params are no JSON", async () => {
    const agent = await create();
    await expect(agent.sign("echo", { n: 1n }, { target: TARGET })).rejects.toMatchObject({
      code: "not_json",
    });
    await expect(agent.sign("echo", { f: () => 1 }, { target: TARGET })).rejects.toMatchObject({
      code: "not_json",
    });
  });
});
