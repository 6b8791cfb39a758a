import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { createSigner } from "../../src/crypto/signer.js";
import { verifySignature } from "../../src/crypto/ed25519.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";
import type { TrustSection } from "../../src/trust/types.js";
import { faultOf } from "./support/fault.js";
import { CREATED_AT_MS, NOW_MS, entryOf, fakeKey, keyOf, registryJson } from "./support/registry-text.js";
import type { EntryFields } from "./support/registry-text.js";

const DISABLED = { status: "disabled", disabled_at: "2026-11-02T00:00:00Z" };
const REVOKED = { status: "revoked", revoked_at: "2026-11-02T00:00:00Z" };

/** What looking the key of entry `bot` up ends in. */
function codeAt(fields: EntryFields, nowMs = NOW_MS): string {
  const found = parseTrustRegistry(registryJson({ agents: [entryOf("bot", fields)] })).lookUp(
    "agents",
    keyOf("bot"),
    nowMs,
  );
  return found.ok ? "ok" : found.code;
}

describe("a look-up", () => {
  it("gives the entry and a key that verifies", () => {
    const signer = createSigner(new Uint8Array(32).fill(7));
    const pubkey = `ed25519:${Buffer.from(signer.publicKey).toString("base64")}`;
    const registry = parseTrustRegistry(registryJson({ agents: [entryOf("bot", { pubkey })] }));
    const found = registry.lookUp("agents", pubkey, NOW_MS);
    if (!found.ok) throw new Error(found.code);
    const message = new TextEncoder().encode("hello");
    const signature = signer.sign(message);
    if (signature instanceof Promise) throw new Error("a local signer is synchronous");
    expect(found.entry.id).toBe("bot");
    expect(verifySignature(found.key, message, signature)).toBe(true);
    expect(verifySignature(found.key, new TextEncoder().encode("hullo"), signature)).toBe(false);
  });

  it.each([
    ["in the section", "agents", "bot", "ok"],
    ["in another section", "servers", "bot", "untrusted_signer"],
    ["in no section", "agents", "stranger", "untrusted_signer"],
  ] as const)("of a key that is %s", (_, section, id, expected) => {
    const found = parseTrustRegistry(registryJson()).lookUp(section, keyOf(id), NOW_MS);
    expect(found.ok ? "ok" : found.code).toBe(expected);
  });

  it.each([
    "",
    "__proto__",
    "constructor",
    "ed25519:",
    "ed25519:AAAA",
    keyOf("bot").replace("=", ""),
    `${keyOf("bot")}\n`,
    "x".repeat(1_000_000),
  ])("of a text that is no listed key is refused", (text) => {
    expect(parseTrustRegistry(registryJson()).lookUp("agents", text, NOW_MS)).toMatchObject({
      code: "untrusted_signer",
    });
  });

  it("begins at created_at", () => {
    expect(codeAt({}, CREATED_AT_MS - 1)).toBe("key_not_yet_valid");
    expect(codeAt({}, CREATED_AT_MS)).toBe("ok");
  });

  it("ends at expires_at", () => {
    const fields = { expires_at: "2026-12-01T00:00:00Z" };
    expect(codeAt(fields, Date.UTC(2026, 11, 1) - 1)).toBe("ok");
    expect(codeAt(fields, Date.UTC(2026, 11, 1))).toBe("key_expired");
  });

  it("is refused when the clock gives no time", () => {
    expect(codeAt({}, Number.NaN)).toBe("key_not_yet_valid");
  });

  it.each([
    ["disabled", DISABLED, "key_disabled"],
    ["revoked", REVOKED, "key_revoked"],
    ["revoked after it was disabled", { ...REVOKED, disabled_at: "2026-11-02T00:00:00Z" }, "key_revoked"],
    [
      "revoked from some time in the future on",
      { ...REVOKED, revoked_at: "2099-01-01T00:00:00Z" },
      "key_revoked",
    ],
    [
      "disabled from some time in the future on",
      { ...DISABLED, disabled_at: "2099-01-01T00:00:00Z" },
      "key_disabled",
    ],
    ["revoked and expired", { ...REVOKED, expires_at: "2026-11-03T00:00:00Z" }, "key_revoked"],
  ])("of a key that is %s", (_, fields, expected) => {
    expect(codeAt(fields)).toBe(expected);
    expect(codeAt(fields, CREATED_AT_MS - 1)).toBe(expected);
  });

  it.each([
    ["revoked as an agent and active as a server", REVOKED, {}, "key_revoked"],
    ["active as an agent and revoked as a server", {}, REVOKED, "key_revoked"],
    ["disabled as an agent and revoked as a server", DISABLED, REVOKED, "key_revoked"],
    ["revoked as an agent and disabled as a server", REVOKED, DISABLED, "key_revoked"],
    ["disabled as an agent and active as a server", DISABLED, {}, "key_disabled"],
  ])("of a key that is %s is refused in every section", (_, agent, server, expected) => {
    const pubkey = keyOf("both");
    const registry = parseTrustRegistry(
      registryJson({
        agents: [entryOf("a", { pubkey, ...agent })],
        servers: [entryOf("s", { pubkey, ...server })],
      }),
    );
    for (const section of ["roots", "agents", "servers"] satisfies TrustSection[]) {
      expect(registry.lookUp(section, pubkey, NOW_MS)).toMatchObject({ ok: false, code: expected });
    }
  });

  it("does not say a key in its detail, nor more than a piece of an id", () => {
    const long = "i".repeat(1000);
    for (const fields of [REVOKED, DISABLED, { expires_at: "2026-11-03T00:00:00Z" }]) {
      const registry = parseTrustRegistry(
        registryJson({ agents: [entryOf("bot", { ...fields, id: long })] }),
      );
      const found = registry.lookUp("agents", keyOf("bot"), NOW_MS);
      expect(found.ok ? "" : found.detail).not.toMatch(/ed25519:|i{100}/);
    }
  });

  it("hands out entries that cannot be changed", () => {
    const [entry] = parseTrustRegistry(registryJson()).entries("agents");
    expect(Object.isFrozen(entry)).toBe(true);
  });
});

describe("a look-up as of another time", () => {
  const AT = Date.UTC(2026, 10, 2);

  it.each([
    ["disabled", DISABLED, AT - 1, "ok"],
    ["disabled", DISABLED, AT, "key_disabled"],
    ["revoked", REVOKED, AT - 1, "ok"],
    ["revoked", REVOKED, AT, "key_revoked"],
    [
      "revoked after it was disabled",
      { ...REVOKED, disabled_at: "2026-11-01T12:00:00Z" },
      AT - 1,
      "key_disabled",
    ],
    ["revoked after it was disabled", { ...REVOKED, disabled_at: "2026-11-01T12:00:00Z" }, AT, "key_revoked"],
    ["revoked", REVOKED, CREATED_AT_MS - 1, "key_not_yet_valid"],
    ["revoked", REVOKED, Number.NaN, "key_revoked"],
    ["expired", { expires_at: "2026-11-02T00:00:00Z" }, AT - 1, "ok"],
    ["expired", { expires_at: "2026-11-02T00:00:00Z" }, AT, "key_expired"],
  ])("of a key that is %s: %o at %d", (_, fields, atMs, expected) => {
    const registry = parseTrustRegistry(registryJson({ agents: [entryOf("bot", fields)] }));
    const found = registry.lookUpAsOf("agents", keyOf("bot"), atMs);
    expect(found.ok ? "ok" : found.code).toBe(expected);
  });

  it("counts what is written in any section, from its own time on", () => {
    const pubkey = keyOf("both");
    const later = { status: "revoked", revoked_at: "2026-11-03T00:00:00Z" };
    const registry = parseTrustRegistry(
      registryJson({
        agents: [entryOf("a", { pubkey, ...DISABLED })],
        servers: [entryOf("s", { pubkey, ...later })],
        roots: [entryOf("r", { pubkey })],
      }),
    );
    const codes = [AT - 1, AT, AT + 86_400_000].map((atMs) => {
      const found = registry.lookUpAsOf("roots", pubkey, atMs);
      return found.ok ? "ok" : found.code;
    });
    expect(codes).toEqual(["ok", "key_disabled", "key_revoked"]);
  });

  it("of a text that is no listed key is refused", () => {
    for (const text of ["", "__proto__", "ed25519:AAAA", "x".repeat(100_000)]) {
      expect(parseTrustRegistry(registryJson()).lookUpAsOf("agents", text, AT)).toMatchObject({
        code: "untrusted_signer",
      });
    }
  });
});

describe("a key that nobody should trust", () => {
  const bytesOf = (hex: string): string => `ed25519:${Buffer.from(hex, "hex").toString("base64")}`;

  it.each([
    ["all zero (order 4)", "00".repeat(32)],
    ["the neutral element", `01${"00".repeat(31)}`],
    ["of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
    ["y = p, not canonical", `ed${"ff".repeat(30)}7f`],
    ["y = p + 1 with sign, not canonical", `ee${"ff".repeat(31)}`],
    ["x = 0 with the sign bit, not canonical", `01${"00".repeat(30)}80`],
  ])("is refused when the file is read: %s", (_, hex) => {
    for (const section of ["roots", "agents", "servers"]) {
      const fields = { agents: [entryOf("bot")], [section]: [entryOf("bad", { pubkey: bytesOf(hex) })] };
      expect(faultOf(registryJson(fields))).toMatchObject({ code: "registry_invalid" });
    }
  });

  it.each([
    ["31 bytes", `ed25519:${Buffer.alloc(31, 1).toString("base64")}`],
    ["33 bytes", `ed25519:${Buffer.alloc(33, 1).toString("base64")}`],
    ["no prefix", keyOf("bot").slice(8)],
    ["another prefix", keyOf("bot").replace("ed25519", "ED25519")],
    ["no padding", keyOf("bot").slice(0, -1)],
    ["the url-safe alphabet", `ed25519:${"_".repeat(42)}8=`],
    ["stray bits at the end", `ed25519:${"A".repeat(42)}B=`],
    ["a space", `${keyOf("bot")} `],
  ])("is refused when it is written with %s", (_, pubkey) => {
    expect(faultOf(registryJson({ agents: [entryOf("bot", { pubkey })] }))).toMatchObject({
      code: "registry_invalid",
    });
  });

  it("is refused at its first use when it is not on the curve, every time", () => {
    const off = bytesOf(`02${"00".repeat(31)}`);
    const registry = parseTrustRegistry(registryJson({ agents: [entryOf("bot", { pubkey: off })] }));
    for (let i = 0; i < 2; i++) {
      expect(registry.lookUp("agents", off, NOW_MS)).toMatchObject({ ok: false, code: "untrusted_signer" });
    }
  });

  it("is refused at its first use when it has a part of small order (case 3 of the twelve)", () => {
    const url = new URL("../vectors/ed25519/speccheck.json", import.meta.url);
    const cases: readonly { readonly pub_key: string }[] = JSON.parse(readFileSync(url, "utf8"));
    const pubkey = bytesOf(cases[3]?.pub_key ?? "");
    const registry = parseTrustRegistry(registryJson({ agents: [entryOf("bot", { pubkey })] }));
    expect(registry.lookUp("agents", pubkey, NOW_MS)).toMatchObject({ ok: false, code: "untrusted_signer" });
  });
});

describe("a scope", () => {
  const registryOfBot = (fields: EntryFields, requireTools?: boolean) => {
    const options = requireTools === undefined ? {} : { requireTools };
    const registry = parseTrustRegistry(registryJson({ agents: [entryOf("bot", fields)] }), options);
    const entry = registry.find("agents", keyOf("bot"));
    if (entry === undefined) throw new Error("not listed");
    return (tool: string, target: string): boolean => registry.allows(entry, tool, target);
  };

  it("allows everything where it lists nothing", () => {
    expect(registryOfBot({})("any", "mcp://any")).toBe(true);
  });

  it("allows nothing under requireTools where it lists no tools", () => {
    expect(registryOfBot({}, true)("any", "mcp://any")).toBe(false);
    expect(registryOfBot({ targets: ["*"] }, true)("any", "mcp://any")).toBe(false);
    expect(registryOfBot({ tools: ["*"] }, true)("any", "mcp://any")).toBe(true);
  });

  it("allows nothing where a list is empty", () => {
    expect(registryOfBot({ tools: [] })("any", "mcp://any")).toBe(false);
    expect(registryOfBot({ targets: [] })("any", "mcp://any")).toBe(false);
  });

  it("wants tool and target both to be covered", () => {
    const allows = registryOfBot({ tools: ["read_*"], targets: ["mcp://a"] });
    expect(allows("read_file", "mcp://a")).toBe(true);
    expect(allows("read_file", "mcp://b")).toBe(false);
    expect(allows("write_file", "mcp://a")).toBe(false);
  });

  it("says which targets a server may answer for", () => {
    const servers = [entryOf("one", { targets: ["mcp://a"] }), entryOf("all")];
    const registry = parseTrustRegistry(registryJson({ servers }), { requireTools: true });
    const [one, all] = [...registry.entries("servers")];
    if (one === undefined || all === undefined) throw new Error("not listed");
    expect([registry.answersFor(one, "mcp://a"), registry.answersFor(one, "mcp://b")]).toEqual([true, false]);
    expect(registry.answersFor(all, "mcp://b")).toBe(true);
  });
});

describe("a registry of 100,000 keys", () => {
  it("finds a key as fast as one of ten does", () => {
    const timeOf = (count: number): number => {
      const agents = Array.from({ length: count }, (_, i) =>
        entryOf("bot", { id: `bot-${i}`, pubkey: fakeKey(i) }),
      );
      const registry = parseTrustRegistry(JSON.stringify({ ...JSON.parse(registryJson()), agents }));
      const keys = Array.from({ length: 1000 }, (_, i) => fakeKey(-1 - i));
      let best = Infinity;
      for (let round = 0; round < 20; round++) {
        const started = performance.now();
        for (const key of keys) registry.lookUp("agents", key, NOW_MS);
        best = Math.min(best, performance.now() - started);
      }
      return best;
    };
    // Some tens of nanoseconds either way; a search would take a thousand times as long.
    expect(timeOf(100_000)).toBeLessThan(timeOf(10) * 20 + 1);
  });
});
