import { describe, expect, it } from "vitest";

import { ReplayStoreError } from "../../src/errors.js";
import type { JsonRecord } from "../../src/lib/json.js";
import { createGuard, isRefusalCode, REFUSALS } from "../../src/server.js";
import type { RefusalCode } from "../../src/server.js";
import type { TestEntry } from "../../src/testing.js";
import { resigned, tampered } from "../attack/support/forge.js";
import { openStand, TARGET } from "../attack/support/stand.js";
import type { StandOptions } from "../attack/support/stand.js";

/** Provokes a refusal; gives the code that came. */
type Provocation = () => Promise<unknown>;

/** A call that `alice` signs, at a stand, with something done to it. */
function refusal(
  options: StandOptions,
  prepare: (stand: Awaited<ReturnType<typeof openStand>>) => Promise<unknown> = (stand) => stand.sign(),
  method = "tools/call",
): Provocation {
  return async () => {
    const stand = await openStand(options);
    const params = await prepare(stand);
    const verdict = await stand.guard.verify(params, { method });
    return verdict.ok ? "accepted" : verdict.code;
  };
}

const aliceIs = (change: Partial<TestEntry>): StandOptions => ({
  agents: ({ alice }) => [{ ...alice, ...change }],
});

const failing = (code: "replay_full" | "issued_before_start"): StandOptions => ({
  replay: () => ({
    claim: () => {
      throw new ReplayStoreError(code, "as the test says");
    },
  }),
});

/** Two requests at once on one wire, of which the second is refused. */
async function onOneWire(options: StandOptions, second: "same id" | "another id"): Promise<unknown> {
  const stand = await openStand(options);
  const wire = await stand.connect();
  stand.store.hold();
  wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: await stand.sign() });
  await wire.quiet();
  const answer = await wire.call(await stand.sign(), second === "same id" ? 1 : 2);
  stand.store.release();
  return (answer["error"] as { data: JsonRecord }).data["reason"];
}

const PROVOCATIONS: Readonly<Record<RefusalCode, Provocation>> = {
  unsigned: refusal({}, async () => ({ name: "echo", arguments: {} })),
  malformed: refusal({}, async () => ({ name: "echo", _meta: { _signet: null } })),
  too_large: refusal({ guard: { limits: { argumentBytes: 10 } } }),
  unsupported_version: refusal({}, async (stand) =>
    tampered(await stand.sign(), (receipt) => void (receipt["v"] = 3)),
  ),
  unsupported_authority: refusal({}, async (stand) =>
    tampered(await stand.sign(), (receipt) => void (receipt["v"] = 4)),
  ),
  untrusted_signer: refusal({}, (stand) => stand.sign({ identity: stand.mallory })),
  key_not_yet_valid: refusal(aliceIs({ createdAt: "2030-01-01T00:00:00Z" })),
  key_expired: refusal(aliceIs({ expiresAt: "2026-01-01T00:00:00Z" })),
  key_disabled: refusal(aliceIs({ status: "disabled" })),
  key_revoked: refusal(aliceIs({ status: "revoked" })),
  signer_mismatch: refusal({}, (stand) => stand.sign({ identity: { ...stand.alice, name: "bob" } })),
  expired: refusal({}, async (stand) => {
    const params = await stand.sign({ expMs: stand.clock() + 1000 });
    stand.clock.advance(1000);
    return params;
  }),
  too_old: refusal({}, (stand) => stand.sign({ issuedAtMs: stand.clock() - 300_001 })),
  from_future: refusal({}, (stand) => stand.sign({ issuedAtMs: stand.clock() + 30_001 })),
  wrong_target: refusal({}, (stand) => stand.sign({ target: `${TARGET}/other` })),
  wrong_tool: refusal({}, async (stand) => ({ ...(await stand.sign()), name: "other" })),
  out_of_scope: refusal(aliceIs({ tools: ["read_*"] })),
  bad_signature: refusal({}, async (stand) =>
    tampered(await stand.sign(), (receipt) => void (receipt["nonce"] = "rnd_another")),
  ),
  params_mismatch: refusal({}, async (stand) => ({
    ...(await stand.sign()),
    arguments: { text: "changed" },
  })),
  replayed: refusal({}, async (stand) => {
    const params = await stand.sign();
    await stand.guard.verify(params);
    return params;
  }),
  replay_full: refusal(failing("replay_full")),
  replay_unavailable: refusal({ replay: () => ({ claim: () => Promise.reject(new Error("down")) }) }),
  issued_before_start: refusal(failing("issued_before_start")),
  rate_limited: refusal(
    { ...aliceIs({ limits: { maxCalls: 1, windowSeconds: 60 } }), guard: { replay: "memory" } },
    async (stand) => {
      await stand.guard.verify(await stand.sign());
      return stand.sign();
    },
  ),
  duplicate_request: () => onOneWire({}, "same id"),
  busy: () => onOneWire({ guard: { limits: { callsInFlight: 1 } } }, "another id"),
  wrong_task_owner: refusal(
    {},
    async (stand) => {
      const { _meta } = await stand.sign({ tool: "tasks/result", arguments: { taskId: "t1" } });
      return { taskId: "t1", _meta };
    },
    "tasks/result",
  ),
  audit_unavailable: async () => {
    const { mkdtemp, rm } = await import("node:fs/promises");
    const { join } = await import("node:path");
    const { tmpdir } = await import("node:os");
    const { AuditLog } = await import("../../src/audit/log.js");
    const folder = await mkdtemp(join(tmpdir(), "signet-refusal-"));
    try {
      const audit = await AuditLog.open(folder);
      return await refusal({ guard: { audit } }, async (stand) => {
        await audit.close();
        return stand.sign();
      })();
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  registry_stale: async () => {
    const { mkdtemp, rename, rm, writeFile } = await import("node:fs/promises");
    const { join } = await import("node:path");
    const { tmpdir } = await import("node:os");
    const { pinnedClock, signedCall, testIdentity, testRegistryText } = await import("../../src/testing.js");
    const folder = await mkdtemp(join(tmpdir(), "signet-stale-"));
    const registry = join(folder, "registry.json");
    const [agent, server, clock] = [testIdentity("agent"), testIdentity("server"), pinnedClock()];
    await writeFile(registry, testRegistryText({ agents: [agent] }));
    const options = { identity: server, target: TARGET, clock, maxStaleMs: 1000 };
    const guard = await createGuard({
      ...options,
      registry,
      identity: { signer: server.signer, name: server.name },
    });
    try {
      await rename(registry, `${registry}.away`);
      await expect(guard.reload()).rejects.toMatchObject({ code: "registry_not_found" });
      const call = { identity: agent, target: TARGET, tool: "echo" };
      const bridged = await guard.verify(await signedCall({ ...call, issuedAtMs: clock() }));
      expect(bridged.ok).toBe(true);
      expect(guard.health()).toMatchObject({ ok: false, registry: { staleSinceMs: clock() } });
      clock.advance(1001);
      const verdict = await guard.verify(await signedCall({ ...call, issuedAtMs: clock() }));
      return verdict.ok ? "accepted" : verdict.code;
    } finally {
      await guard.close();
      await rm(folder, { recursive: true });
    }
  },
  countersign_unavailable: async () => {
    const stand = await openStand();
    const sign = (): Promise<Uint8Array> => Promise.reject(new Error("down"));
    const signer = { publicKey: stand.mallory.signer.publicKey, sign };
    const broken = await openStand({ guard: { identity: { signer, name: "kms" } } });
    const wire = await broken.connect();
    const answer = await wire.call(await broken.sign());
    return (answer["error"] as { data: JsonRecord }).data["reason"];
  },
  closed: refusal({}, async (stand) => {
    const params = await stand.sign();
    await stand.guard.close();
    return params;
  }),
};

describe("the table of refusals", () => {
  it.each(["argumentBytes", "receiptBytes", "depth"])(
    "names the limit %s that a call is over",
    async (limit) => {
      const stand = await openStand({
        guard: { limits: { argumentBytes: 2000, receiptBytes: 1024, depth: 3 } },
      });
      const long = { text: "x".repeat(limit === "argumentBytes" ? 3000 : 1500) };
      const params = await stand.sign({
        arguments: limit === "depth" ? { a: { b: { c: {} } } } : long,
        hashOnly: limit === "argumentBytes",
      });
      const verdict = await stand.guard.verify(params);
      expect(verdict).toMatchObject({
        code: "too_large",
        detail: expect.stringContaining(`limits.${limit} (`),
      });
    },
  );

  it.each(Object.keys(REFUSALS))("has a call that is refused with %s", async (code) => {
    if (!isRefusalCode(code)) throw new Error(`${code} is not in the table`);
    expect(await PROVOCATIONS[code]()).toBe(code);
  });

  it("says each thing in a sentence of its own", () => {
    const messages = Object.values(REFUSALS).map(({ message }) => message);
    expect(new Set(messages).size).toBe(messages.length);
    for (const { meaning, remedy } of Object.values(REFUSALS)) {
      expect(meaning).toMatch(/\.$/);
      expect(remedy).toMatch(/\.$/);
    }
  });

  it("knows its codes from other words", () => {
    expect(isRefusalCode("replayed")).toBe(true);
    for (const other of ["toString", "__proto__", "", 1, undefined]) expect(isRefusalCode(other)).toBe(false);
  });
});

describe("the order of the checks", () => {
  // Each call has the fault of its own line and of every line below it: the first one is told.
  const faults: readonly [RefusalCode, (receipt: { [name: string]: unknown }) => void][] = [
    ["unsupported_version", (receipt) => void (receipt["v"] = 9)],
    ["malformed", (receipt) => void (receipt["extra"] = 1)],
  ];

  it.each(faults)("tells %s before who signed", async (code, change) => {
    const stand = await openStand();
    const params = await resigned(await stand.sign({ identity: stand.mallory }), stand.mallory, change);
    expect(await stand.guard.verify(params)).toMatchObject({ code });
  });

  it("tells the signer before the time, the time before the target, the target before the tool, the tool before the scope", async () => {
    const stand = await openStand(aliceIs({ tools: [] }));
    const old = stand.clock() - 400_000;
    const all = { issuedAtMs: old, target: "mcp://other", tool: "other" };
    const rename = (params: object): object => ({ ...params, name: "echo" });
    const codes = [];
    for (const input of [
      { ...all, identity: stand.mallory },
      { ...all, identity: { ...stand.alice, name: "bob" } },
      all,
      { target: "mcp://other", tool: "other" },
      { tool: "other" },
      {},
    ]) {
      const verdict = await stand.guard.verify(rename(await stand.sign(input)));
      codes.push(verdict.ok ? "accepted" : verdict.code);
    }
    expect(codes).toEqual([
      "untrusted_signer",
      "signer_mismatch",
      "too_old",
      "wrong_target",
      "wrong_tool",
      "out_of_scope",
    ]);
  });

  it("tells the signature before the arguments, and the arguments before the nonce", async () => {
    const stand = await openStand();
    const used = await stand.sign();
    await stand.guard.verify(used);
    const other = { ...used, arguments: { text: "other" } };
    expect(
      await stand.guard.verify(
        tampered({ ...used, arguments: {} }, (receipt) => void (receipt["nonce"] = "x")),
      ),
    ).toMatchObject({
      code: "bad_signature",
    });
    expect(await stand.guard.verify(other)).toMatchObject({ code: "params_mismatch" });
    expect(await stand.guard.verify(used)).toMatchObject({ code: "replayed" });
  });
});
