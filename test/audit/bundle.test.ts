import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { restoreBundle } from "../../src/audit/bundle/restore-bundle.js";
import type { BundleReport, RestoreBundleOptions } from "../../src/audit/bundle/restore-bundle.js";
import type { BundleOptions } from "../../src/audit/bundle/write-bundle.js";
import { AuditLog } from "../../src/audit/log.js";
import { encryptParams, paramsKey } from "../../src/audit/record/params-cipher.js";
import { GENESIS_HASH } from "../../src/audit/record/types.js";
import { AuditLogError, OptionError, TrustRegistryError } from "../../src/errors.js";
import { PRODUCER } from "../../src/lib/version.js";
import { formatTrustRegistry } from "../../src/trust/format.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";
import {
  AGENT_KEY,
  AGENT_SEED,
  CLI,
  GOLDEN_PARAMS_KEYS,
  START_MS,
  WITH_CLI,
  call,
  ended,
  goldenRegistryText,
  registryText,
  runCli,
  writeCalls,
} from "./support/evidence.js";
import { newLogDir, note } from "./support/log-dir.js";

const VECTORS = fileURLToPath(new URL("../vectors/", import.meta.url));
const FILES = ["hash-summary.txt", "manifest.json", "records.jsonl"];
/** A script that writes a bundle and restores it, with what was built. */
const CHILD = fileURLToPath(new URL("children/bundler.mjs", import.meta.url));
const REGISTRY = parseTrustRegistry(registryText());

/** A log of calls, by default over two days, each with its end. */
async function newLog(calls = 20): Promise<string> {
  const dir = newLogDir();
  await writeCalls(dir, calls);
  return dir;
}

/** A place for a bundle, beside the log. */
function targetFor(dir: string, name = "bundle"): string {
  return join(dirname(dir), name);
}

async function bundled(dir: string, options: BundleOptions = {}, name?: string): Promise<string> {
  const target = targetFor(dir, name);
  const log = await AuditLog.open(dir, { readOnly: true });
  await log.bundle(target, options);
  return target;
}

/** The code of what is thrown. */
async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "nothing was thrown",
    (error: unknown) =>
      error instanceof AuditLogError || error instanceof OptionError || error instanceof TrustRegistryError
        ? error.code
        : error,
  );
}

function faultsOf({ faults }: BundleReport): string[] {
  return faults.map(({ what }) => what);
}

function lines(dir: string): string[] {
  return readFileSync(join(dir, "records.jsonl"), "utf8").split("\n").slice(0, -1);
}

/** Rewrites the records, and what the manifest and the summary say of their bytes: what a careful forger does. */
function rewrite(dir: string, records: readonly string[]): void {
  const from = readFileSync(join(dir, "records.jsonl"));
  const to = `${records.join("\n")}\n`;
  writeFileSync(join(dir, "records.jsonl"), to);
  const [before, after] = [from, to].map((bytes) => createHash("sha256").update(bytes).digest("hex"));
  for (const name of ["manifest.json", "hash-summary.txt"]) {
    const text = readFileSync(join(dir, name), "utf8");
    writeFileSync(join(dir, name), text.replace(before ?? "", after ?? ""));
  }
}

describe("a bundle", () => {
  it("is the log, byte for byte, with a manifest, a summary and the registry", async () => {
    const dir = await newLog();
    const target = await bundled(dir, { registry: REGISTRY, host: "server-1" });
    expect(readdirSync(target).sort()).toEqual([...FILES, "trust-bundle.json"]);
    const days = readdirSync(dir).filter((name) => name.endsWith(".jsonl"));
    expect(days.length).toBeGreaterThan(1);
    expect(readFileSync(join(target, "records.jsonl"), "utf8")).toBe(
      days.map((name) => readFileSync(join(dir, name), "utf8")).join(""),
    );
    expect(readFileSync(join(target, "trust-bundle.json"), "utf8")).toBe(formatTrustRegistry(REGISTRY));
    const manifest: unknown = JSON.parse(readFileSync(join(target, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({
      format_version: 1,
      producer: PRODUCER,
      host: "server-1",
      record_count: 40,
      chain_start_prev_hash: GENESIS_HASH,
      earliest_ts: "2026-11-24T10:00:00.000Z",
      latest_ts: "2026-11-25T05:00:00.005Z",
      has_trust_bundle: true,
    });
  });

  it("can be read by its owner alone", async () => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    expect(statSync(target).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(target)) expect(statSync(join(target, name)).mode & 0o777).toBe(0o600);
  });

  it("verifies where nothing else is", async () => {
    const dir = await newLog();
    const target = await bundled(dir, { registry: REGISTRY });
    rmSync(dir, { recursive: true });
    const report = await restoreBundle(target);
    expect(report).toMatchObject({
      ok: true,
      faults: [],
      registry: "bundle",
      records: { ok: true, records: 40, verified: 40, trust: { bundleId: "tb_evidence" } },
    });
    expect(report.records.tip).toBe(report.manifest.chain_tip_record_hash);
  });

  it("says that nobody vouches for the keys when it has no registry and none is given", async () => {
    const target = await bundled(await newLog());
    expect(await restoreBundle(target)).toMatchObject({
      ok: true,
      registry: "none",
      records: { trust: "none", verified: 40 },
    });
  });

  it("is verified against a registry that is given, not its own", async () => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    const file = join(dirname(target), "mine.json");
    writeFileSync(file, registryText({ status: "revoked", revoked_at: "2026-11-24T12:00:00Z" }));
    for (const registry of [file, parseTrustRegistry(readFileSync(file, "utf8"))]) {
      const report = await restoreBundle(target, { registry });
      expect(report).toMatchObject({ ok: false, faults: [], registry: "given" });
      // 18 of the 20 calls were signed after that, and each is there twice.
      expect(report.records.findingCounts).toEqual({ key_revoked: 36 });
    }
  });

  it("keeps what the registry says of tools, targets, principals and times", () => {
    const text = registryText({
      tools: ["read", "wr*"],
      targets: ["mcp://github"],
      principal: "agent://acme/bot",
      comment: "of the first rack",
      expires_at: "2027-01-01T00:00:00Z",
    });
    const registry = parseTrustRegistry(text);
    const again = parseTrustRegistry(formatTrustRegistry(registry));
    expect([...again.entries("agents")]).toEqual([...registry.entries("agents")]);
    expect([...again.entries("servers")]).toEqual([...registry.entries("servers")]);
    expect(again.header).toEqual(registry.header);
  });

  it("tells the params of encrypted records to whoever has the key", async () => {
    const dir = newLogDir();
    const key = paramsKey(AGENT_SEED);
    const log = await AuditLog.open(dir, { clock: () => START_MS });
    const receipt = call(0, { secret: "of the agent" });
    await log.append(encryptParams(receipt, key));
    await log.append(encryptParams(ended(receipt), key));
    await log.close();
    const target = await bundled(dir, { registry: REGISTRY });
    expect(readFileSync(join(target, "records.jsonl"), "utf8")).not.toContain("of the agent");
    expect((await restoreBundle(target)).records).toMatchObject({
      ok: true,
      verified: 0,
      unverifiable: { encrypted: 2, total: 2 },
    });
    const open = await restoreBundle(target, { paramsKeys: new Map([[AGENT_KEY, key]]) });
    expect(open.records).toMatchObject({ ok: true, verified: 2, unverifiable: { total: 0 } });
  });

  it("is of compressed days as of plain ones", async () => {
    const dir = await newLog();
    const plain = await bundled(dir, {}, "plain");
    const log = await AuditLog.open(dir);
    expect(await log.compress()).not.toEqual([]);
    await log.bundle(targetFor(dir, "packed"));
    await log.close();
    expect(lines(targetFor(dir, "packed"))).toEqual(lines(plain));
  });
});

describe("a stretch of a log", () => {
  it.each<[string, BundleOptions, number, number]>([
    ["from a time on", { since: "2026-11-24T20:00:00Z" }, 20, 40],
    ["up to a time", { until: "2026-11-24T20:00:00Z" }, 0, 20],
    ["between two", { since: new Date("2026-11-24T11:00:00.002Z"), until: START_MS + 3_600_000 * 3 }, 3, 6],
  ])("goes %s, and verifies by itself", async (_, options, from, to) => {
    const dir = await newLog();
    const all = lines(await bundled(dir, {}, "all"));
    const target = await bundled(dir, { ...options, registry: REGISTRY });
    expect(lines(target)).toEqual(all.slice(from, to));
    const report = await restoreBundle(target);
    expect(report).toMatchObject({ ok: true, manifest: { record_count: to - from } });
    expect(report.manifest.chain_start_prev_hash === GENESIS_HASH).toBe(from === 0);
  });

  it("is whole: what is dated otherwise between its ends is in it", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir, { clock: () => START_MS });
    for (const hour of [0, 5, 1, 6]) await log.append(call(hour));
    await log.close();
    const target = await bundled(dir, { since: START_MS + 5 * 3_600_000, until: START_MS + 6 * 3_600_000 });
    expect(lines(target)).toHaveLength(2);
    expect(await restoreBundle(target)).toMatchObject({ ok: true });
  });

  it("in which there is no record makes no bundle, nor anything else", async () => {
    const dir = await newLog();
    const target = targetFor(dir);
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await codeOf(log.bundle(target, { since: "2027-01-01T00:00:00Z" }))).toBe("bundle_empty");
    expect(readdirSync(dirname(dir))).toEqual(["audit"]);
  });
});

describe("a bundle is written where nothing is:", () => {
  it("a directory that holds something is refused, and left as it is", async () => {
    const dir = await newLog();
    const target = targetFor(dir);
    mkdirSync(target);
    writeFileSync(join(target, "mine.txt"), "mine");
    const log = await AuditLog.open(dir, { readOnly: true });
    for (const place of [target, join(target, "mine.txt"), dir]) {
      const before = readdirSync(dir);
      expect(await codeOf(log.bundle(place))).toBe("bundle_exists");
      expect(readdirSync(dir)).toEqual(before);
    }
    expect(readdirSync(target)).toEqual(["mine.txt"]);
    expect(readFileSync(join(target, "mine.txt"), "utf8")).toBe("mine");
    expect(readdirSync(dirname(dir)).sort()).toEqual(["audit", "bundle"]);
  });

  it("an empty directory is used", async () => {
    const dir = await newLog();
    mkdirSync(targetFor(dir));
    expect(await restoreBundle(await bundled(dir))).toMatchObject({ ok: true });
  });

  it("a link is not followed", async () => {
    const dir = await newLog();
    mkdirSync(targetFor(dir, "elsewhere"));
    symlinkSync(targetFor(dir, "elsewhere"), targetFor(dir));
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await codeOf(log.bundle(targetFor(dir)))).toBe("bundle_exists");
    expect(readdirSync(targetFor(dir, "elsewhere"))).toEqual([]);
    expect(readdirSync(dirname(dir)).sort()).toEqual(["audit", "bundle", "elsewhere"]);
  });

  it("of two that are written at once to one place, one is there whole and the other is refused", async () => {
    const dir = await newLog();
    const log = await AuditLog.open(dir, { readOnly: true });
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(log.bundle(targetFor(dir)))));
    expect(codes.filter((code) => code === "bundle_exists")).toHaveLength(2);
    expect(await restoreBundle(targetFor(dir))).toMatchObject({ ok: true });
    expect(readdirSync(dirname(dir)).sort()).toEqual(["audit", "bundle"]);
  });

  it("the directory above has to be there", async () => {
    const dir = await newLog();
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await codeOf(log.bundle(targetFor(dir, "not/there")))).toBe("audit_not_writable");
  });

  it.each<[unknown, unknown]>([
    ["", {}],
    [7, {}],
    ["bundle", { since: "yesterday" }],
    ["bundle", { until: Number.NaN }],
    ["bundle", { host: "" }],
    ["bundle", { registry: 7 }],
    ["bundle", null],
  ])("%j with %j is the caller's mistake", async (target, options) => {
    const log = await AuditLog.open(await newLog(), { readOnly: true });
    expect(await codeOf(log.bundle(target as string, options as BundleOptions))).toBe("invalid_option");
  });
});

describe("when writing fails, nothing is left behind:", () => {
  it("a registry that does not hold", async () => {
    const dir = await newLog();
    const log = await AuditLog.open(dir, { readOnly: true });
    writeFileSync(targetFor(dir, "registry.json"), "{}");
    await expect(log.bundle(targetFor(dir), { registry: targetFor(dir, "registry.json") })).rejects.toThrow(
      TrustRegistryError,
    );
    expect(readdirSync(dirname(dir)).sort()).toEqual(["audit", "registry.json"]);
  });

  it("a compressed day that cannot be unpacked to its end", async () => {
    const dir = await newLog();
    const log = await AuditLog.open(dir);
    const [packed = ""] = await log.compress();
    const path = join(dir, packed.endsWith(".gz") ? packed : `${packed}.gz`);
    writeFileSync(path, readFileSync(path).subarray(0, -9));
    await expect(log.bundle(targetFor(dir))).rejects.toMatchObject({
      code: "audit_unreadable",
      place: { file: "2026-11-24.jsonl.gz" },
    });
    await log.close();
    expect(readdirSync(dirname(dir))).toEqual(["audit"]);
  });

  it("a line that is longer than a record can be", async () => {
    const dir = await newLog();
    appendFileSync(join(dir, "2026-11-24.jsonl"), `${"x".repeat(9_000_000)}\n`);
    const log = await AuditLog.open(dir, { readOnly: true });
    await expect(log.bundle(targetFor(dir))).rejects.toMatchObject({
      code: "audit_unreadable",
      place: { file: "2026-11-24.jsonl", line: 29 },
    });
    expect(readdirSync(dirname(dir))).toEqual(["audit"]);
  });

  it("files that may not grow as large as the records are", async () => {
    const dir = await newLog();
    const limited = ["-c", 'ulimit -f 32 && exec "$@"', "sh", process.execPath, CHILD, dir, targetFor(dir)];
    const { stdout } = spawnSync("sh", limited, { encoding: "utf8" });
    expect(JSON.parse(stdout)).toMatchObject({ code: "audit_io" });
    expect(readdirSync(dirname(dir))).toEqual(["audit"]);
  });
});

describe("a log that is written to meanwhile", () => {
  it("is bundled up to some record, and each bundle verifies", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir, { clock: () => START_MS, durability: "os" });
    await log.append(call(0));
    const done = new AbortController();
    const writing = (async () => {
      while (!done.signal.aborted)
        await Promise.all([1, 2, 3].map((n) => log.append(call(n, "x".repeat(5000 * n)))));
    })();
    const counts: number[] = [];
    for (let n = 0; n < 5; n++) {
      const report = await restoreBundle(await bundled(dir, { registry: REGISTRY }, `bundle-${n}`));
      expect(report).toMatchObject({ ok: true });
      counts.push(report.records.records);
    }
    done.abort();
    await writing;
    await log.close();
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBeGreaterThan(1);
  });
});

describe("a large log", () => {
  it("is bundled and restored in the memory that a small one takes", async () => {
    const peakOf = async (records: number): Promise<number> => {
      const dir = newLogDir();
      const log = await AuditLog.open(dir, { clock: () => START_MS, durability: "os" });
      const reason = "x".repeat(100_000);
      for (let n = 0; n < records; n++) {
        await log.append({ type: "policy_violation", ts: "2026-11-24T10:00:00.000Z", n, reason });
      }
      await log.close();
      const { stdout } = spawnSync(process.execPath, [CHILD, dir, targetFor(dir)], { encoding: "utf8" });
      const outcome = JSON.parse(stdout) as { readonly peakBytes: number };
      expect(outcome).toMatchObject({ ok: true, records });
      return outcome.peakBytes;
    };
    const [small, large] = [await peakOf(10), await peakOf(3000)];
    expect(large - small).toBeLessThan(100_000_000);
  }, 60_000);
});

describe("a log that is damaged", () => {
  it("is bundled as it is, and the bundle's report tells the damage", async () => {
    const dir = await newLog();
    const path = join(dir, "2026-11-24.jsonl");
    const records = readFileSync(path, "latin1").split("\n");
    records[3] = records[3]?.replace("{", "[") ?? "";
    records[5] = `\xff${records[5] ?? ""}`;
    records[7] = records[7]?.replace('"tool":"write"', '"tool":"wrote"') ?? "";
    // The file lost its last end of line, with some bytes.
    writeFileSync(path, records.join("\n").slice(0, -20), "latin1");
    const target = await bundled(dir, { registry: REGISTRY });
    const report = await restoreBundle(target);
    expect(report).toMatchObject({ ok: false, faults: [], manifest: { record_count: 40 } });
    expect(report.records.findings.map(({ code, place }) => `${place.line} ${code}`)).toEqual([
      "4 not_json",
      "6 not_utf8",
      "8 hash_mismatch",
      "8 bad_signature",
      "8 bad_countersignature",
      "28 not_json",
    ]);
  });

  it("is bundled without the line that is being written, and without blank lines", async () => {
    const dir = await newLog();
    const newest = join(dir, "2026-11-25.jsonl");
    const whole = lines(await bundled(dir, {}, "whole"));
    writeFileSync(newest, `\n \t\r\n${readFileSync(newest, "utf8")}\n{"receipt":{"v":1`);
    const target = await bundled(dir);
    expect(lines(target)).toEqual(whole);
    expect(await restoreBundle(target)).toMatchObject({ ok: true });
  });

  it("of which no line is a record makes no bundle", async () => {
    const dir = newLogDir();
    mkdirSync(dir);
    writeFileSync(join(dir, "2026-11-24.jsonl"), "no record\n");
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await codeOf(log.bundle(targetFor(dir)))).toBe("bundle_empty");
  });
});

describe("a bundle that was changed", () => {
  const HEX_DIGIT: Readonly<Record<string, string>> = { "0": "1" };

  it("in any digit, letter or word of its manifest that the records back is found out", async () => {
    const target = await bundled(await newLog(2), { registry: REGISTRY });
    const path = join(target, "manifest.json");
    const text = readFileSync(path, "utf8");
    const manifest = JSON.parse(text) as Record<string, string | number | boolean>;
    for (const [name, value] of Object.entries(manifest)) {
      if (["producer", "generated_at", "host"].includes(name)) continue;
      const shown = String(value);
      for (let at = 0; at < shown.length; at++) {
        const digit = shown[at] ?? "";
        const other = shown.slice(0, at) + (HEX_DIGIT[digit] ?? "0") + shown.slice(at + 1);
        const changed =
          typeof value === "number" ? Number(other) : typeof value === "boolean" ? !value : other;
        writeFileSync(path, JSON.stringify({ ...manifest, [name]: changed }));
        const found = await restoreBundle(target).then(faultsOf, (error: unknown) => error);
        if (Array.isArray(found)) expect([name, found]).toEqual([name, expect.arrayContaining([name])]);
        else expect(found).toMatchObject({ code: "bundle_invalid" });
      }
    }
    writeFileSync(path, text);
    expect(await restoreBundle(target)).toMatchObject({ ok: true });
  });

  it.each<[string, (text: string) => string]>([
    ["is not there", () => ""],
    ["is no JSON", (text) => text.slice(1)],
    ["is a list", (text) => `[${text}]`],
    ["is of format 2", (text) => text.replace('"format_version": 1', '"format_version": 2')],
    ["is of no format", (text) => text.replace('"format_version": 1,', "")],
    ["has a count that is none", (text) => text.replace('"record_count": 40', '"record_count": -1')],
    ["has a hash that is none", (text) => text.replace('"sha256:', '"sha512:')],
    ["has a digest that is none", (text) => text.replace(/"records_sha256": "./, '"records_sha256": "')],
    ["has a time that is none", (text) => text.replace(/"latest_ts": "[^"]*"/, '"latest_ts": 7')],
    ["has a flag that is none", (text) => text.replace('"has_trust_bundle": true', '"has_trust_bundle": 1')],
    ["lacks its producer", (text) => text.replace(/"producer": "[^"]*",/, "")],
    ["is larger than a manifest is", (text) => text + " ".repeat(2_000_000)],
  ])("so that its manifest %s is no bundle", async (_, change) => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    const path = join(target, "manifest.json");
    const text = change(readFileSync(path, "utf8"));
    rmSync(path);
    if (text !== "") writeFileSync(path, text);
    expect(await codeOf(restoreBundle(target))).toBe("bundle_invalid");
  });

  it.each(["records.jsonl", "hash-summary.txt"])("so that %s is missing is no bundle", async (name) => {
    const target = await bundled(await newLog());
    rmSync(join(target, name));
    expect(await codeOf(restoreBundle(target))).toBe("bundle_invalid");
    mkdirSync(join(target, name));
    expect(await codeOf(restoreBundle(target))).toBe("bundle_invalid");
  });

  it("in its summary is found out", async () => {
    const target = await bundled(await newLog(2));
    const path = join(target, "hash-summary.txt");
    const text = readFileSync(path, "utf8");
    for (let at = 0; at < text.length; at++) {
      writeFileSync(path, `${text.slice(0, at)}~${text.slice(at + 1)}`);
      expect(faultsOf(await restoreBundle(target, { threads: 1 }))).toEqual(["hash-summary.txt"]);
    }
  });

  it("so that its registry is missing, or there against its word, is found out", async () => {
    const dir = await newLog();
    const target = await bundled(dir, { registry: REGISTRY });
    rmSync(join(target, "trust-bundle.json"));
    const report = await restoreBundle(target);
    expect(report).toMatchObject({ ok: false, registry: "none" });
    expect(faultsOf(report)).toEqual(["has_trust_bundle"]);
    const bare = await bundled(dir, {}, "bare");
    writeFileSync(join(bare, "trust-bundle.json"), registryText());
    const other = await restoreBundle(bare);
    expect(other).toMatchObject({ ok: false, registry: "none" });
    expect(faultsOf(other)).toEqual(["has_trust_bundle"]);
  });

  it("in its registry so that it does not hold is refused", async () => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    writeFileSync(join(target, "trust-bundle.json"), registryText({ pubkey: "ed25519:AAAA" }));
    await expect(restoreBundle(target)).rejects.toThrow(TrustRegistryError);
    expect(await restoreBundle(target, { registry: REGISTRY })).toMatchObject({ ok: true });
  });

  it.each<[string, (records: string[]) => string[], string]>([
    ["a record changed", (all) => all.with(6, (all[6] ?? "").replace("write", "wrote")), "hash_mismatch"],
    ["a record taken out", (all) => all.toSpliced(6, 1), "link_broken"],
    ["two records swapped", (all) => all.with(6, all[7] ?? "").with(7, all[6] ?? ""), "link_broken"],
    ["a record there twice", (all) => all.toSpliced(6, 0, all[6] ?? ""), "link_broken"],
    ["the first record taken out", (all) => all.slice(1), "start_missing"],
  ])("by a careful forger, with %s, is found out by its chain", async (_, change, code) => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    rewrite(target, change(lines(target)));
    const report = await restoreBundle(target);
    expect(faultsOf(report)).not.toContain("records_sha256");
    expect(report.ok).toBe(false);
    expect(Object.keys(report.records.findingCounts)).toContain(code);
  });

  it("at its end so that records are missing is found out by its tip and its count", async () => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    rewrite(target, lines(target).slice(0, -1));
    const report = await restoreBundle(target);
    expect(report.records.ok).toBe(true);
    expect(faultsOf(report)).toEqual(["record_count", "chain_tip_record_hash", "latest_ts"]);
  });

  it("in any byte of its records is found out by their digest", async () => {
    const target = await bundled(await newLog(1), { registry: REGISTRY });
    const path = join(target, "records.jsonl");
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(path, changed);
      expect(faultsOf(await restoreBundle(target, { threads: 1 }))).toContain("records_sha256");
    }
  });

  it("by somebody who makes another of it, shorter, is as good as any: only the tip that was noted tells", async () => {
    const dir = await newLog();
    const log = await AuditLog.open(dir);
    const { tip } = log.health();
    await log.bundle(targetFor(dir), { registry: REGISTRY, until: "2026-11-25T00:00:00Z" });
    await log.close();
    const report = await restoreBundle(targetFor(dir));
    expect(report.ok).toBe(true);
    expect(report.manifest.chain_tip_record_hash).not.toBe(tip);
  });
});

describe("restoring", () => {
  it("takes no option that it does not know, such as a start: the manifest says it", async () => {
    const dir = await newLog();
    const options = { start: GENESIS_HASH } as RestoreBundleOptions;
    expect(await codeOf(restoreBundle(await bundled(dir), options))).toBe("unknown_option");
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await codeOf(log.bundle(targetFor(dir, "2"), { sinec: 0 } as BundleOptions))).toBe(
      "unknown_option",
    );
  });

  it.each<[unknown, unknown]>([
    ["", {}],
    [7, {}],
    ["bundle", null],
    ["bundle", { registry: 7 }],
    ["bundle", { threads: 0 }],
  ])("%j with %j is the caller's mistake", async (name, options) => {
    const dir = await newLog();
    await bundled(dir);
    const target = name === "bundle" ? targetFor(dir) : (name as string);
    expect(await codeOf(restoreBundle(target, options as RestoreBundleOptions))).toBe("invalid_option");
  });

  it.each(["audit", "nowhere", "file"])("what is no bundle (%s) says so", async (name) => {
    const dir = await newLog();
    writeFileSync(targetFor(dir, "file"), "");
    expect(await codeOf(restoreBundle(targetFor(dir, name)))).toBe("bundle_invalid");
  });

  it("ends with the reason of its signal", async () => {
    const target = await bundled(await newLog());
    const reason = new Error("enough");
    await expect(restoreBundle(target, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("changes nothing in the bundle", async () => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    const before = readdirSync(target).map((name) => readFileSync(join(target, name), "utf8"));
    await restoreBundle(target);
    expect(readdirSync(target).map((name) => readFileSync(join(target, name), "utf8"))).toEqual(before);
  });
});

describe("a bundle of the released CLI", () => {
  const GOLDEN = join(VECTORS, "bundle");

  it("is as its manifest says, with a chain that holds and signers that its own registry does not list", async () => {
    const report = await restoreBundle(GOLDEN);
    expect(report).toMatchObject({ ok: false, faults: [], registry: "bundle" });
    expect(report.records).toMatchObject({
      records: 7,
      counts: { intent: 6, policy_violation: 1 },
      findingCounts: { untrusted_signer: 6 },
    });
  });

  it("verifies against a registry that lists its signers", async () => {
    const registry = parseTrustRegistry(goldenRegistryText());
    expect(await restoreBundle(GOLDEN, { registry, paramsKeys: GOLDEN_PARAMS_KEYS })).toMatchObject({
      ok: true,
      registry: "given",
      records: { verified: 6, unverifiable: { total: 0 } },
    });
  });
});

describe.skipIf(CLI === undefined)(`with ${WITH_CLI}`, () => {
  it("talks to that very release", async () => {
    expect((await runCli("/nonexistent", "--version")).out).toBe("signet 0.11.0\n");
  });

  it.each<[string, BundleOptions]>([
    ["all of a log", {}],
    ["a stretch", { since: "2026-11-24T20:00:00Z", until: "2026-11-25T02:00:00Z" }],
  ])(
    "a bundle of ours of %s holds there, without a registry and with the one that it carries",
    async (_, part) => {
      const dir = await newLog();
      const bare = await runCli(dir, "audit", "--restore", await bundled(dir, part, "bare"));
      expect(bare).toMatchObject({ code: 0, out: expect.stringContaining("SKIPPED") as string });
      const target = await bundled(dir, { ...part, registry: REGISTRY });
      const { record_count: count } = (await restoreBundle(target)).manifest;
      expect(await runCli(dir, "audit", "--restore", target)).toMatchObject({
        code: 0,
        out: expect.stringContaining(`${count}/${count} verified against trust bundle`) as string,
      });
    },
  );

  it("a bundle of ours that was changed does not hold there either", async () => {
    const target = await bundled(await newLog(), { registry: REGISTRY });
    rewrite(target, lines(target).with(6, (lines(target)[6] ?? "").replace("write", "wrote")));
    expect(await runCli(target, "audit", "--restore", target)).toMatchObject({
      code: 3,
      err: expect.stringContaining("record_hash mismatch") as string,
    });
  });

  it.each<[string, () => unknown]>([
    ["a record with a type", () => ({ ...note(1), type: "log_repair" })],
    ["encrypted params", () => encryptParams(call(9), paramsKey(AGENT_SEED))],
  ])("stops at %s where there is a registry, and holds where there is none", async (_, record) => {
    const dir = await newLog();
    const log = await AuditLog.open(dir);
    await log.append(record());
    await log.close();
    const target = await bundled(dir, { registry: REGISTRY });
    expect(await restoreBundle(target)).toMatchObject({ ok: true });
    expect((await runCli(dir, "audit", "--restore", target)).code).not.toBe(0);
    expect((await runCli(dir, "audit", "--restore", await bundled(dir, {}, "bare"))).code).toBe(0);
  });

  it("wants keys to be active now, where ours asks whether they were then", async () => {
    const registry = parseTrustRegistry(
      registryText({ status: "revoked", revoked_at: "2026-11-25T12:00:00Z" }),
    );
    const target = await bundled(await newLog(), { registry });
    expect(await restoreBundle(target)).toMatchObject({ ok: true });
    expect(await runCli(target, "audit", "--restore", target)).toMatchObject({
      code: 3,
      err: expect.stringContaining("untrusted signer") as string,
    });
  });

  it("passes over what ours compares: names and tools, where the chain begins, the times and the summary", async () => {
    const dir = await newLog();
    const registry = parseTrustRegistry(registryText({ name: "another", tools: ["read"] }));
    const strict = await bundled(dir, { registry }, "strict");
    expect((await restoreBundle(strict)).records.findingCounts).toEqual({
      signer_mismatch: 40,
      out_of_scope: 20,
    });
    expect(await runCli(dir, "audit", "--restore", strict)).toMatchObject({ code: 0 });

    const target = await bundled(dir, { registry: REGISTRY });
    const manifest = JSON.parse(readFileSync(join(target, "manifest.json"), "utf8")) as object;
    const claims = { chain_start_prev_hash: `sha256:${"1".repeat(64)}`, earliest_ts: null };
    writeFileSync(join(target, "manifest.json"), JSON.stringify({ ...manifest, ...claims }));
    expect(faultsOf(await restoreBundle(target))).toEqual([...Object.keys(claims), "hash-summary.txt"]);
    expect(await runCli(dir, "audit", "--restore", target)).toMatchObject({ code: 0 });
  });

  it("writes bundles that verify here, of a log of its own and of one of ours", async () => {
    const home = newLogDir();
    cpSync(join(VECTORS, "home"), home, { recursive: true });
    const registry = join(VECTORS, "bundle/trust-bundle.json");
    const theirs = join(home, "evidence");
    expect(await runCli(home, "audit", "--bundle", theirs, "--include-trust-bundle", registry)).toMatchObject(
      { code: 0 },
    );
    expect(await restoreBundle(theirs)).toMatchObject({
      faults: [],
      registry: "bundle",
      records: { records: 7, findingCounts: { untrusted_signer: 6 } },
    });

    await writeCalls(join(home, "audit"), 4);
    const ofOurs = join(home, "evidence-2");
    expect(await runCli(home, "audit", "--bundle", ofOurs)).toMatchObject({ code: 0 });
    const report = await restoreBundle(ofOurs);
    expect(report).toMatchObject({ ok: true, faults: [], records: { records: 15 } });
    expect(existsSync(join(ofOurs, "trust-bundle.json"))).toBe(false);
  });
});
