import { appendFileSync, cpSync, readFileSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import { decryptParams, encryptParams, paramsKey } from "../../src/audit/record/params-cipher.js";
import type { QueryOptions } from "../../src/audit/read/query.js";
import type { LogRepair } from "../../src/audit/write/repair.js";
import { createGuard, SigningTransport } from "../../src/index.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";
import { testIdentity, testRegistry } from "../../src/testing.js";
import { readChain } from "../audit/support/chain.js";
import {
  AGENT_SEED,
  CLI,
  GOLDEN_PARAMS_KEYS,
  SERVER_KEY,
  WITH_CLI,
  call,
  ended,
  goldenRegistryText,
  runCli,
  writeCalls,
} from "../audit/support/evidence.js";
import { newLogDir, note } from "../audit/support/log-dir.js";
import { startPeer } from "./peer.js";
import type { Peer } from "./peer.js";

const PYTHON = env["SIGNET_PYTHON"];
const GOLDEN = fileURLToPath(new URL("../vectors/home", import.meta.url));
const SEED = Buffer.from(AGENT_SEED).toString("base64");

/** A `SIGNET_HOME`, and the log in it. */
let home: string;
let dir: string;
beforeEach(() => {
  home = newLogDir();
  dir = join(home, "audit");
});

function copyGolden(): void {
  cpSync(GOLDEN, home, { recursive: true });
}

function dayFiles(): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(".jsonl"))
    .sort();
}

/** A call of today: the released implementations file a record by its receipt's date. */
function today(n: number): ReturnType<typeof call> {
  return call(n, { n }, Date.now());
}

describe("a directory that the released CLI wrote", () => {
  beforeEach(copyGolden);

  it("is continued: the chain goes on, and all of it verifies", async () => {
    const before = readChain(dir);
    const log = await AuditLog.open(dir);
    expect(log.health().tip).toBe(before.at(-1)?.record_hash);
    const { prevHash } = await log.append(today(1));
    await log.append(ended(today(2)));
    expect(prevHash).toBe(before.at(-1)?.record_hash);
    const report = await log.verify({
      registry: parseTrustRegistry(goldenRegistryText()),
      paramsKeys: GOLDEN_PARAMS_KEYS,
    });
    expect(report).toMatchObject({
      ok: true,
      records: 9,
      verified: 8,
      counts: { intent: 7, policy_violation: 1, countersigned: 1 },
    });
    await log.close();
    expect(readChain(dir).slice(0, before.length)).toEqual(before);
  });

  it("has its files left as they are, byte for byte", async () => {
    const before = dayFiles().map((name) => readFileSync(join(dir, name), "utf8"));
    const log = await AuditLog.open(dir);
    await log.append(today(1));
    await log.close();
    for (const [at, name] of dayFiles().slice(0, 3).entries()) {
      expect(readFileSync(join(dir, name), "utf8")).toBe(before[at]);
    }
  });

  it("may hold the locks that it was written under", async () => {
    for (const name of dayFiles()) writeFileSync(join(dir, `${name}.lock`), "");
    const log = await AuditLog.open(dir);
    await log.append(today(1));
    expect(await log.verify()).toMatchObject({ ok: true, records: 8 });
    await log.close();
    expect(readdirSync(dir).filter((name) => name.endsWith(".jsonl.lock"))).toHaveLength(3);
  });

  it("may hold blank lines, between records and at the end", async () => {
    const newest = join(dir, dayFiles().at(-1) ?? "");
    writeFileSync(newest, readFileSync(newest, "utf8").replaceAll("\n", "\n\n  \r\n\n"));
    const before = readFileSync(newest, "utf8");
    const log = await AuditLog.open(dir);
    await log.append(today(1));
    expect(await log.verify()).toMatchObject({ ok: true, records: 8 });
    const found = [];
    for await (const { summary } of log.query()) found.push(summary.kind);
    expect(found).toHaveLength(8);
    await log.close();
    expect(readFileSync(newest, "utf8").startsWith(before)).toBe(true);
  });

  it("may be empty, or hold an empty day", async () => {
    writeFileSync(join(dir, "2026-03-05.jsonl"), "");
    const log = await AuditLog.open(dir);
    await log.append(today(1));
    expect(await log.verify()).toMatchObject({ ok: true, records: 8 });
    await log.close();
  });

  it("may lack its last end of line: nothing of the record before it is lost", async () => {
    const newest = join(dir, dayFiles().at(-1) ?? "");
    const { record_hash: last } = readChain(dir).at(-1) ?? {};
    truncateSync(newest, readFileSync(newest).length - 1);
    const repairs: LogRepair[] = [];
    const log = await AuditLog.open(dir, {
      onEvent: (event) => {
        if (event.type === "repaired") repairs.push(event.repair);
      },
    });
    await log.append(today(1));
    expect(await log.verify()).toMatchObject({ ok: true });
    await log.close();
    // Written without its end, it may never have been acknowledged: it is kept beside the log, and the log says so.
    const kept = repairs.map(({ keptAs }) => readFileSync(join(dir, keptAs), "utf8"));
    const inLog = readChain(dir).some(({ record_hash }) => record_hash === last);
    expect(inLog || kept.some((text) => text.includes(last ?? "no record"))).toBe(true);
  });

  it("tells its encrypted params to their signer's key", async () => {
    const log = await AuditLog.open(dir, { readOnly: true });
    const shown = [];
    for await (const { record } of log.query()) {
      for (const key of GOLDEN_PARAMS_KEYS.values()) {
        if (JSON.stringify(record).includes("params_encrypted"))
          shown.push(decryptParams(record.receipt, key));
      }
    }
    expect(shown).toMatchObject([
      { action: { tool: "Bash", params: { command: expect.any(String) as string } } },
    ]);
  });

  it("finds no record that is chained to one of another log", async () => {
    appendFileSync(join(dir, "2026-03-04.jsonl"), readFileSync(join(dir, "2026-03-01.jsonl")));
    const log = await AuditLog.open(dir, { readOnly: true });
    expect((await log.verify()).findingCounts).toEqual({ other_chain: 1 });
  });
});

describe.skipIf(PYTHON === undefined)("with signet-auth 0.11.0 (skipped unless SIGNET_PYTHON is set)", () => {
  let peer: Peer;
  beforeAll(() => {
    peer = startPeer(PYTHON ?? "");
  });
  afterAll(() => peer.close());

  /** Signs and appends there. */
  const appendThere = (n: number): Promise<string> =>
    peer.text("audit_append", { home, receipt: JSON.stringify(today(n)) });

  it("its log, continued here, is intact there, and ours that it continues is here", async () => {
    copyGolden();
    const log = await AuditLog.open(dir);
    await log.append(today(1));
    await log.append(ended(today(2)));
    expect(await peer.ask("audit_chain", { home })).toEqual({ records: 9, intact: true });
    const hash = await appendThere(3);
    expect(await log.append(today(4))).toMatchObject({ prevHash: hash });
    await log.append({ ...note(5), ts: new Date().toISOString() });
    expect(await peer.ask("audit_chain", { home })).toEqual({ records: 12, intact: true });
    await log.close();
    expect(readChain(dir)).toHaveLength(12);
  });

  it("takes turns with ours 200 times, on a log that stays open here", async () => {
    copyGolden();
    const log = await AuditLog.open(dir);
    for (let n = 0; n < 200; n++) {
      if (n % 2 === 0) await log.append(n % 4 === 0 ? today(n) : ended(today(n)));
      else await appendThere(n);
    }
    expect(await peer.ask("audit_chain", { home })).toEqual({ records: 207, intact: true });
    expect(
      await log.verify({
        registry: parseTrustRegistry(goldenRegistryText()),
        paramsKeys: GOLDEN_PARAMS_KEYS,
      }),
    ).toMatchObject({ ok: true, records: 207, verified: 206 });
    expect(await peer.ask("audit_signatures", { home })).toMatchObject({
      total: 207,
      // The policy_violation has no signature, which there is a failure.
      failures: ["invalid pubkey: missing signer.pubkey"],
    });
    await log.close();
    expect(readChain(dir)).toHaveLength(207);
  }, 60_000);

  it("decrypts our params, and ours its", async () => {
    const key = paramsKey(AGENT_SEED);
    const log = await AuditLog.open(dir);
    await log.append(encryptParams(today(1), key));
    await peer.text("audit_encrypted", { home, receipt: JSON.stringify(today(2)), seed: SEED });
    const shown = [];
    for await (const { record } of log.query()) shown.push(decryptParams(record.receipt, key));
    expect(shown).toMatchObject([{ action: { params: { n: 1 } } }, { action: { params: { n: 2 } } }]);
    expect(await peer.ask("audit_chain", { home })).toEqual({ records: 2, intact: true });
    await log.close();
  });

  it.each<[QueryOptions, Readonly<Record<string, unknown>>]>([
    [{}, {}],
    [{ tool: "read" }, { tool: "read" }],
    [{ tool: "*ea*" }, { tool: "ea" }],
    [{ signer: "bot" }, { signer: "bot" }],
    [{ signer: "plain-bot" }, { signer: "plain-bot" }],
    [{ since: "2h" }, { since: "2h" }],
    [
      { since: "1d", tool: "write" },
      { since: "1d", tool: "write" },
    ],
  ])("finds by %j what it finds there by %j", async (here, there) => {
    copyGolden();
    const log = await AuditLog.open(dir);
    for (let n = 0; n < 6; n++) {
      const receipt = call(n, { n }, Date.now() - (5.5 - n) * 3_600_000);
      await log.append(receipt);
      await log.append(ended(receipt));
    }
    const found = [];
    for await (const { record } of log.query(here)) found.push(record.record_hash);
    await log.close();
    const texts = (await peer.ask("audit_query", { home, ...there })) as string[];
    expect(found).toEqual(texts.map((text) => (JSON.parse(text) as { record_hash: string }).record_hash));
    expect(found.length).toBeGreaterThan(0);
  });

  it("a long time between call and answer is no fault in a log, there or here", async () => {
    const log = await AuditLog.open(dir);
    const receipt = call(1, {}, Date.now() - 3_600_000);
    await log.append(receipt);
    await log.append(ended(receipt, 3_600_000, { status: "failed", error: "outcome_unknown" }));
    expect(await log.verify()).toMatchObject({ ok: true, verified: 2 });
    expect(await peer.ask("audit_signatures", { home })).toMatchObject({ total: 2, valid: 2, failures: [] });
    await log.close();
    // By itself it is refused there, unless more time is allowed.
    const [, countersigned] = readChain(dir);
    const alone = {
      receipt: JSON.stringify(countersigned?.receipt),
      key: Buffer.from(SERVER_KEY.slice("ed25519:".length), "base64").toString("base64"),
    };
    await expect(peer.ask("verify_bilateral", alone)).rejects.toThrow("300s");
    expect(await peer.ask("verify_bilateral_within", { ...alone, max_time_window_secs: 3600 })).toBe(true);
    await expect(
      peer.ask("verify_bilateral_within", { ...alone, max_time_window_secs: 3599 }),
    ).rejects.toThrow("3599s");
  });

  it("all signatures hold in a log that a guard wrote without records that have a type", async () => {
    const keys = await guardCalls();
    expect(await peer.ask("audit_signatures", { home, ...keys })).toEqual({
      total: 5,
      valid: 5,
      warnings: [],
      failures: [],
    });
  });

  it("of encrypted params only those of a call are decrypted there: countersigned ones count as failed", async () => {
    const key = paramsKey(AGENT_SEED);
    const log = await AuditLog.open(dir);
    await log.append(encryptParams(today(1), key));
    await log.append(encryptParams(ended(today(1)), key));
    expect(await log.verify({ paramsKeys: new Map([[today(1).signer.pubkey, key]]) })).toMatchObject({
      ok: true,
      verified: 2,
    });
    const result = (await peer.ask("audit_signatures", { home })) as {
      warnings: string[];
      failures: string[];
    };
    expect(result).toMatchObject({ total: 2, valid: 0 });
    expect([result.warnings.length, result.failures.length]).toEqual([1, 1]);
    await log.close();
  });
});

describe.skipIf(CLI === undefined)(`with ${WITH_CLI}`, () => {
  const intact = async (): Promise<string> => {
    const { code, out, err } = await runCli(home, "verify", "--chain");
    return code === 0 ? out.trim() : err;
  };
  const sign = (n: number): ReturnType<typeof runCli> =>
    runCli(
      home,
      "sign",
      "--key",
      "plain-bot",
      "--tool",
      "Bash",
      "--params",
      `{"n":${n}}`,
      "--target",
      "mcp://t",
    );

  it("its log, continued here, is intact there, and again when it has continued it", async () => {
    copyGolden();
    const log = await AuditLog.open(dir);
    for (let n = 0; n < 10; n++) {
      await log.append(today(n));
      expect(await sign(n)).toMatchObject({ code: 0 });
    }
    expect(await intact()).toBe("Chain intact: 27 records verified");
    expect(await log.verify({ registry: parseTrustRegistry(goldenRegistryText()) })).toMatchObject({
      ok: true,
      records: 27,
      unverifiable: { encrypted: 1 },
    });
    await log.close();
  });

  it("a log that begins here is intact there", async () => {
    await writeCalls(dir, 10);
    expect(await intact()).toBe("Chain intact: 20 records verified");
    writeFileSync(
      join(dir, dayFiles()[0] ?? ""),
      readFileSync(join(dir, dayFiles()[0] ?? ""), "utf8").replace('"n":3', '"n":4'),
    );
    expect(await intact()).toContain("Chain broken");
  });

  it("audit --verify holds for a log that a guard wrote without records that have a type", async () => {
    const { agents, servers } = await guardCalls();
    const trusted = ["--trusted-agent-key", agents.join(","), "--trusted-server-key", servers.join(",")];
    expect(await runCli(home, "audit", "--verify", ...trusted)).toMatchObject({
      code: 0,
      out: "5/5 signatures valid\n",
    });
    expect(await runCli(home, "audit", "--verify")).toMatchObject({ code: 0 });
  });

  it("audit --verify does not hold where a record has a type", async () => {
    const log = await AuditLog.open(dir);
    await log.append(today(1));
    await log.append({ ...note(2), ts: new Date().toISOString() });
    await log.close();
    const { code, out } = await runCli(home, "audit", "--verify");
    expect(code).not.toBe(0);
    expect(out).toContain("1/2 signatures valid, 1 FAILED");
    expect(await intact()).toBe("Chain intact: 2 records verified");
  });
});

/** Guards a server, and has it called: two calls that run, one of them sent again, one out of scope and one of a stranger. */
async function guardCalls(): Promise<{ readonly agents: string[]; readonly servers: string[] }> {
  const [agent, server] = [testIdentity("bot"), testIdentity("github-mcp")];
  const audit = await AuditLog.open(dir, { typedRecords: false });
  const guard = await createGuard({
    registry: testRegistry({ agents: [{ ...agent, tools: ["echo"] }], servers: [server] }),
    identity: server,
    target: "mcp://github",
    audit,
  });
  const callOne = async (identity: typeof agent, ...tools: readonly string[]): Promise<void> => {
    const mcp = new McpServer({ name: "github-mcp", version: "1.0.0" });
    for (const tool of ["echo", "rm"]) mcp.registerTool(tool, {}, () => ({ content: [] }));
    guard.protect(mcp);
    const [near, far] = InMemoryTransport.createLinkedPair();
    await mcp.connect(far);
    const client = new Client({ name: "bot", version: "1.0.0" });
    await client.connect(new SigningTransport(near, { identity, target: "mcp://github" }));
    const sent = vi.spyOn(near, "send");
    for (const name of tools) await client.callTool({ name }).catch(() => undefined);
    const [first] = sent.mock.calls;
    if (first !== undefined) await near.send({ ...first[0], id: 99 });
    await client.close();
  };
  await callOne(agent, "echo", "echo", "rm");
  await callOne(testIdentity("stranger"), "echo");
  await guard.close();
  await audit.close();
  return { agents: [agent.publicKey], servers: [server.publicKey] };
}
