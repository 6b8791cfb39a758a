import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AuditLog as BuiltLog } from "signet-mcp/audit";
import { describe, expect, it } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import { signReceipt } from "../../src/receipt/index.js";
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
