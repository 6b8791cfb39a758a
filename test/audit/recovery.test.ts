import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { AuditLog as BuiltLog } from "signet-mcp/audit";
import { describe, expect, it } from "vitest";

import { findAbandoned } from "../../src/audit/intents/abandoned.js";
import { nodeFileSystem } from "../../src/audit/file-system.js";
import { takeGoneWriters } from "../../src/audit/intents/gone-writers.js";
import { loadKernelLocks } from "../../src/lib/kernel-locks.js";
import { AuditLog } from "../../src/audit/log.js";
import type { JsonRecord } from "../../src/lib/json.js";
import { signReceipt } from "../../src/receipt/index.js";
import { testIdentity } from "../../src/testing.js";
import { at } from "../attack/support/wire.js";
import { readChain } from "./support/chain.js";
import { GuardedProcess, makeHome } from "./support/guarded.js";
import { newLogDir } from "./support/log-dir.js";

const TARGET = "mcp://guarded";

const endsIn = (dir: string): unknown[] =>
  readChain(dir)
    .filter(({ receipt }) => receipt["v"] === 3)
    .map(({ receipt }) => [
      at(receipt, "agent_receipt", "action", "params", "n"),
      at(receipt, "response", "outcome", "error"),
    ]);

const unfinishedIn = async (dir: string): Promise<unknown[]> => {
  const log = await AuditLog.open(dir);
  const unfinished = await log.unfinished();
  await log.close();
  return unfinished.map(({ state, tool }) => [tool, state]);
};

describe("a guarded server that is killed", () => {
  it("has in its log every call of which a client holds the answer, and the next one ends the others", async () => {
    const dir = newLogDir();
    const home = makeHome(join(dir, "..", "home"));
    const held = new Set<string>();
    let sent = 0;
    for (let round = 0; round < 12; round++) {
      const server = await GuardedProcess.start(home, dir, TARGET);
      const work = async (): Promise<void> => {
        while (await server.call("echo", sent++)) continue;
      };
      const load = Array.from({ length: 16 }, work);
      await pause(100 + Math.random() * 200);
      await server.kill();
      await Promise.all(load);
      for (const { countersignature, verified } of server.answered) {
        if (verified && countersignature !== undefined) held.add(countersignature.id);
      }
    }
    const last = await GuardedProcess.start(home, dir, TARGET);
    await last.call("echo", -1);
    await last.kill();
    const logged = new Set(readChain(dir).map(({ receipt }) => receipt["id"]));
    expect([...held].filter((id) => !logged.has(id))).toEqual([]);
    expect(held.size).toBeGreaterThan(100);
    expect(await unfinishedIn(dir)).toEqual([]);
    // As it is built: a log of this size is verified by threads, whose file is not in the sources.
    const log = await BuiltLog.open(dir, { readOnly: true });
    expect(await log.verify({ registry: home.registry })).toMatchObject({ ok: true });
  }, 120_000);

  it("has its calls ended by the next one, and those of a server that lives left alone", async () => {
    const dir = newLogDir();
    const home = makeHome(join(dir, "..", "home"));
    const [gone, lives] = [
      await GuardedProcess.start(home, dir, TARGET),
      await GuardedProcess.start(home, dir, TARGET),
    ];
    void gone.call("hang", 1);
    void lives.call("hang", 2);
    while (readChain(dir).length < 2) await pause(10);
    await gone.kill();
    expect(await unfinishedIn(dir)).toEqual(
      expect.arrayContaining([
        ["hang", "gone"],
        ["hang", "live"],
      ]),
    );
    const other = await GuardedProcess.start(home, dir, "mcp://another");
    expect(endsIn(dir)).toEqual([]);
    const next = await GuardedProcess.start(home, dir, TARGET);
    expect(endsIn(dir)).toEqual([[1, "outcome_unknown"]]);
    expect(await unfinishedIn(dir)).toEqual([["hang", "live"]]);
    const again = await GuardedProcess.start(home, dir, TARGET);
    expect(endsIn(dir)).toHaveLength(1);
    await Promise.all([lives, other, next, again].map((process) => process.kill()));
    const after = await GuardedProcess.start(home, dir, TARGET);
    expect(endsIn(dir)).toEqual([
      [1, "outcome_unknown"],
      [2, "outcome_unknown"],
    ]);
    await after.kill();
    expect(await unfinishedIn(dir)).toEqual([]);
  }, 60_000);

  it("leaves calls alone that no server let through", async () => {
    const dir = newLogDir();
    const home = makeHome(join(dir, "..", "home"));
    const log = await AuditLog.open(dir);
    const { signer, name } = home.agent;
    const call = {
      tool: "echo",
      params: { n: 1 },
      target: TARGET,
      transport: "stdio",
      issuedAtMs: Date.now(),
    };
    await log.append(await signReceipt({ signer, name, ...call }));
    await log.close();
    const server = await GuardedProcess.start(home, dir, TARGET);
    await server.kill();
    expect(await unfinishedIn(dir)).toEqual([["echo", "unknown"]]);
  });
});

describe("what is made up in the files of a log", () => {
  it("is not countersigned by a server that starts on it", async () => {
    const dir = newLogDir();
    const home = makeHome(join(dir, "..", "home"));
    const first = await GuardedProcess.start(home, dir, TARGET);
    void first.call("hang", 1);
    while (readChain(dir).length < 1) await pause(10);
    await first.kill();
    const [genuine] = readChain(dir);
    const log = await AuditLog.open(dir);
    const stranger = testIdentity("stranger");
    const call = {
      tool: "echo",
      params: { n: 2 },
      target: TARGET,
      transport: "stdio",
      issuedAtMs: Date.now(),
    };
    const made = [
      await signReceipt({ signer: stranger.signer, name: "agent", ...call }),
      // A trusted agent's own receipt, which it never sent.
      await signReceipt({ signer: home.agent.signer, name: "agent", ...call }),
      // The genuine one, of which the params are said to be redacted.
      redacted(genuine?.receipt ?? {}),
    ];
    for (const receipt of made) await log.append(receipt);
    await log.close();
    const lines = made.map(
      (receipt) => `+${String(at(receipt, "id"))} 2026-01-01.jsonl 0 ${"ab".repeat(32)}\n`,
    );
    const noTag = made.map((receipt) => `+${String(at(receipt, "id"))} 2026-01-01.jsonl 0\n`);
    writeFileSync(join(dir, "writers", "forged.open"), lines.join(""));
    writeFileSync(join(dir, "writers", "forged2.open"), noTag.slice(0, 2).join(""));
    const next = await GuardedProcess.start(home, dir, TARGET);
    await next.kill();
    const ends = readChain(dir).filter(({ receipt }) => receipt["v"] === 3);
    expect(ends.map(({ receipt }) => at(receipt, "agent_receipt"))).toEqual([genuine?.receipt]);
  }, 30_000);
});

/** A receipt as a guard would store it that redacts. */
function redacted(receipt: JsonRecord): JsonRecord {
  const mark = { v: 1, receipt_sha256: `sha256:${"0".repeat(64)}` };
  return { ...receipt, action: { ...(receipt["action"] as object), params: { _signet_redacted: mark } } };
}

describe("servers that start again at the same time", () => {
  it("end each its own calls, whoever was first", async () => {
    const dir = newLogDir();
    const homes = [makeHome(join(dir, "..", "a")), makeHome(join(dir, "..", "b"))] as const;
    const targets = ["mcp://a", "mcp://b"] as const;
    const start = (): Promise<readonly [GuardedProcess, GuardedProcess]> =>
      Promise.all([
        GuardedProcess.start(homes[0], dir, targets[0]),
        GuardedProcess.start(homes[1], dir, targets[1]),
      ]);
    const before = await start();
    for (let n = 0; n < 20; n++) before.forEach((server) => void server.call("hang", n));
    while (readChain(dir).length < 40) await pause(10);
    await Promise.all(before.map((server) => server.kill()));
    const after = await start();
    expect(endsIn(dir)).toHaveLength(40);
    await Promise.all(after.map((server) => server.kill()));
    expect(await unfinishedIn(dir)).toEqual([]);
  }, 60_000);
});

describe("a log of which a part cannot be read", () => {
  it("keeps its notes of calls that may be there", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    const id = `rec_${"0".repeat(32)}`;
    await log.appendText(Buffer.from(`{"n":1,"type":"note"}`), { id, event: "let_through" });
    await log.close();
    const [day = ""] = readdirSync(dir).filter((name) => name.endsWith(".jsonl"));
    renameSync(join(dir, day), join(dir, `${day}.away`));
    mkdirSync(join(dir, day));
    const again = await AuditLog.open(dir, { readOnly: true });
    expect(again.health().ok).toBe(true);
    const files = [{ path: join(dir, day), name: day, compressed: false }];
    const locks = await loadKernelLocks("a test");
    const gone = await takeGoneWriters(dir, nodeFileSystem, locks, (work) => work());
    const abandoned = await findAbandoned(gone, files);
    expect(abandoned).toMatchObject({ intents: [], unread: `${day}:1` });
    await abandoned.release(new Set());
    expect(readdirSync(join(dir, "writers")).filter((name) => name.endsWith(".open"))).toHaveLength(1);
  });
});

describe("a server that ends because its client is gone", () => {
  it("has put on record what it had refused", async () => {
    const dir = newLogDir();
    const home = makeHome(join(dir, "..", "home"));
    const script = fileURLToPath(new URL("children/guarded-server.mjs", import.meta.url));
    const args = [script, dir, home.registry, home.key, TARGET];
    const client = new Client({ name: "unsigned", version: "1.0.0" });
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" }));
    await client.callTool({ name: "echo" }).catch(() => undefined);
    await client.close();
    while (readChain(dir).length === 0) await pause(20);
    expect(readChain(dir)[0]?.receipt).toMatchObject({
      type: "refusals",
      counts: [{ code: "unsigned", count: 1 }],
    });
  });
});
