import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { beforeEach, describe, expect, it } from "vitest";

import type { RecordFile } from "../../src/audit/read/byte-source.js";
import { encryptParams, paramsKey, paramsKeyOf } from "../../src/audit/record/params-cipher.js";
import type { VerifyAuditOptions, VerifyProgress } from "../../src/audit/verify/options.js";
import { verifyAudit } from "../../src/audit/verify/verify-audit.js";
import { verifyFiles } from "../../src/audit/verify/verify-files.js";
import type { Sha256Text } from "../../src/crypto/digest.js";
import { AuditLogError, OptionError, TrustRegistryError } from "../../src/errors.js";
import type { JsonRecord } from "../../src/lib/json.js";
import { agentReceiptText, paramsText } from "../../src/receipt/agent-text.js";
import { intentHash } from "../../src/receipt/intent-hash.js";
import { signAuthorizationDecision } from "../../src/receipt/sign-decision.js";
import type { Outcome, ReceiptV1 } from "../../src/receipt/types.js";
import { testIdentity, testRegistry, testRegistryText } from "../../src/testing/fixtures.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";
import { newLogDir } from "./support/log-dir.js";
import {
  ALICE,
  NOON_MS,
  SERVER,
  answered,
  chain,
  hashOf,
  intent,
  mixed,
  note,
  textOf,
  writeDays,
} from "./support/sample-log.js";

let dir: string;
beforeEach(() => {
  dir = newLogDir();
  mkdirSync(dir);
});

const DAY = "2026-11-10";
const REGISTRY = testRegistry({ agents: [ALICE], servers: [SERVER] });
const TIP = "sha256:eee258e2b1ac5780fcfe31210e9dbbab33a06f613aa3442dcee9a2e489c76a07";

describe("a log of the released CLI", () => {
  it("verifies, but for what is encrypted", async () => {
    const report = await verifyAudit("test/vectors/home/audit");
    expect(report).toMatchObject({
      ok: true,
      records: 7,
      verified: 5,
      counts: { intent: 6, policy_violation: 1 },
      tip: TIP,
      unverifiable: { redacted: 0, encrypted: 1, total: 1, places: [{ file: "2026-03-02.jsonl", line: 1 }] },
      trust: "none",
    });
    expect(report.files.map(({ name, records }) => [name, records])).toEqual([
      ["2026-03-01.jsonl", 2],
      ["2026-03-02.jsonl", 2],
      ["2026-03-04.jsonl", 3],
    ]);
  });

  it("verifies whole with the key of what is encrypted", async () => {
    const text = readFileSync("test/vectors/home/keys/plain-bot.key", "utf8");
    const { seed } = JSON.parse(text) as { seed: string };
    const pub = JSON.parse(readFileSync("test/vectors/home/keys/plain-bot.pub", "utf8")) as {
      pubkey: string;
    };
    const paramsKeys = new Map([[`ed25519:${pub.pubkey}`, paramsKey(Buffer.from(seed, "base64"))]]);
    const report = await verifyAudit("test/vectors/home/audit", { paramsKeys });
    expect(report).toMatchObject({ ok: true, verified: 6, unverifiable: { total: 0 } });
  });

  it("verifies as one file of an evidence bundle", async () => {
    const path = "test/vectors/bundle/records.jsonl";
    const report = await verifyFiles([{ path, name: "records.jsonl", compressed: false }]);
    expect(report).toMatchObject({ ok: true, records: 7, tip: TIP });
  });
});

describe("a verified log", () => {
  it("counts what it holds", async () => {
    writeDays(dir, { "2026-11-10": mixed(7), "2026-11-11": [intent(20), note(21)] });
    const report = await verifyAudit(dir, { registry: REGISTRY });
    expect(report).toMatchObject({
      ok: true,
      records: 9,
      verified: 7,
      counts: { intent: 4, countersigned: 3, refusals: 2 },
      findings: [],
      findingCounts: {},
      trust: { bundleId: "tb_test", generatedAt: "2020-01-01T00:00:00.000Z" },
    });
  });

  it("may be empty", async () => {
    expect(await verifyAudit(dir)).toMatchObject({ ok: true, records: 0, tip: undefined, files: [] });
  });

  it("has no findings for lines in another layout, as their values are the same", async () => {
    const lines = chain(mixed(6)).map(({ text }) => {
      const { receipt, prev_hash, record_hash } = JSON.parse(text) as JsonRecord;
      return ` ${JSON.stringify({ record_hash, prev_hash, receipt }, undefined, 1).replaceAll("\n", " ")}\r`;
    });
    writeFileSync(join(dir, `${DAY}.jsonl`), textOf(lines));
    expect(await verifyAudit(dir, { registry: REGISTRY })).toMatchObject({ ok: true, verified: 6 });
  });

  it("is not taken by its bytes: a text that hashes right and is not canonical does not", async () => {
    const [line] = chain([note(1)]);
    const { receipt, prev_hash } = JSON.parse(line?.text ?? "") as { receipt: JsonRecord; prev_hash: string };
    const text = JSON.stringify(receipt).replace('"count":1', '"count":1.0');
    const hash = createHash("sha256").update(`{"prev_hash":"${prev_hash}","receipt":${text}}`).digest("hex");
    const raw = `{"receipt":${text},"prev_hash":"${prev_hash}","record_hash":"sha256:${hash}"}`;
    writeFileSync(join(dir, `${DAY}.jsonl`), `${raw}\n`);
    expect((await verifyAudit(dir)).findingCounts).toEqual({ hash_mismatch: 1 });
    writeFileSync(
      join(dir, `${DAY}.jsonl`),
      `${raw.replace(`sha256:${hash}`, hashOf(receipt, prev_hash))}\n`,
    );
    expect((await verifyAudit(dir)).ok).toBe(true);
  });

  it("may have compressed days", async () => {
    writeDays(dir, { "2026-11-10": mixed(7), "2026-11-11": [intent(20)], "2026-11-12": [intent(21)] });
    const plain = await verifyAudit(dir);
    for (const day of ["2026-11-10", "2026-11-11"]) {
      const path = join(dir, `${day}.jsonl`);
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
      rmSync(path);
    }
    const { ok, records, tip, files } = await verifyAudit(dir);
    expect({ ok, records, tip }).toEqual({ ok: true, records: plain.records, tip: plain.tip });
    expect(files.map(({ name }) => name)).toEqual([
      "2026-11-10.jsonl.gz",
      "2026-11-11.jsonl.gz",
      "2026-11-12.jsonl",
    ]);
  });

  it("may begin at a given hash, and the report says so", async () => {
    const days = writeDays(dir, { "2026-11-10": mixed(7), "2026-11-11": [intent(20)] });
    const start = days["2026-11-10"]?.at(-1)?.hash as `sha256:${string}`;
    rmSync(join(dir, "2026-11-10.jsonl"));
    expect(await verifyAudit(dir, { start })).toMatchObject({
      ok: true,
      start: { hash: start, given: true },
    });
    expect((await verifyAudit(dir)).findingCounts).toEqual({ start_missing: 1 });
    const other: `sha256:${string}` = `sha256:${"1".repeat(64)}`;
    expect((await verifyAudit(dir, { start: other })).findings).toMatchObject([
      { code: "start_missing", expected: other, found: start },
    ]);
  });

  it("shows the repairs that are on record", async () => {
    const repair = { type: "log_repair", ts: "2026-11-10T12:00:00Z", file: "x", bytes: 7 };
    writeDays(dir, { [DAY]: [intent(1), repair] });
    const { ok, repairs } = await verifyAudit(dir);
    expect(ok).toBe(true);
    expect(repairs).toEqual([{ place: { file: `${DAY}.jsonl`, line: 2 }, record: repair }]);
  });

  it("is what was there when it began, while others append", async () => {
    writeDays(dir, { [DAY]: mixed(4) });
    const whole = readFileSync(join(dir, `${DAY}.jsonl`));
    const more = `${chain([intent(9)], JSON.parse(whole.toString().trim().split("\n").at(-1) ?? "").record_hash as string)[0]?.text}\n`;
    writeFileSync(join(dir, `${DAY}.jsonl`), more.slice(0, 50), { flag: "a" });
    const verified = verifyAudit(dir);
    setTimeout(() => writeFileSync(join(dir, `${DAY}.jsonl`), more.slice(50), { flag: "a" }), 2);
    expect(await verified).toMatchObject({ ok: true, records: 5 });
  });
});

describe("params that are not there in the clear", () => {
  const registry = REGISTRY;
  const redact = (receipt: ReceiptV1): ReceiptV1 => {
    const marker = { v: 1, receipt_sha256: hashOf({}, "x"), kept: { path: "/f" } };
    return { ...receipt, action: { ...receipt.action, params: { _signet_redacted: marker } } };
  };
  const text = (receipt: ReceiptV1): Uint8Array => agentReceiptText(receipt, paramsText(receipt)).whole;

  it("are counted where they were redacted, and the countersignature is checked all the same", async () => {
    const receipt = redact(intent(1));
    writeDays(dir, { [DAY]: [receipt, answered(receipt, { text: text(receipt) })] });
    const report = await verifyAudit(dir, { registry });
    expect(report).toMatchObject({
      ok: true,
      verified: 0,
      unverifiable: { redacted: 2, encrypted: 0, total: 2 },
    });
    writeDays(dir, {
      [DAY]: [receipt, { ...answered(receipt, { text: text(receipt) }), nonce: "rnd_other" }],
    });
    expect((await verifyAudit(dir)).findingCounts).toEqual({ bad_countersignature: 1 });
  });

  it("are verified as usual where an agent signed what looks like a mark", async () => {
    writeDays(dir, { [DAY]: [intent(1, { params: redact(intent(1)).action.params })] });
    expect(await verifyAudit(dir, { registry })).toMatchObject({
      ok: true,
      verified: 1,
      unverifiable: { total: 0 },
    });
  });

  it.each([
    ["another version", { v: 2, receipt_sha256: hashOf({}, "x") }],
    ["no hash", { v: 1 }],
    ["another member", { v: 1, receipt_sha256: hashOf({}, "x"), more: 1 }],
  ])("are not taken for redacted with %s", async (_, marker) => {
    const receipt = intent(1);
    const action = { ...receipt.action, params: { _signet_redacted: marker } };
    writeDays(dir, { [DAY]: [{ ...receipt, action }] });
    expect((await verifyAudit(dir)).findingCounts).toEqual({ params_mismatch: 1, bad_signature: 1 });
  });

  it("are counted where they are encrypted, and verified with the key", async () => {
    const key = paramsKeyOf(ALICE.signer) ?? new Uint8Array();
    const [asked, reply] = [intent(1), answered(intent(1))];
    writeDays(dir, { [DAY]: [encryptParams(asked, key), encryptParams(reply, key)] });
    expect(await verifyAudit(dir, { registry })).toMatchObject({
      ok: true,
      verified: 0,
      counts: { intent: 1, countersigned: 1 },
      unverifiable: { encrypted: 2 },
    });
    const paramsKeys = new Map([[ALICE.publicKey, key]]);
    expect(await verifyAudit(dir, { registry, paramsKeys })).toMatchObject({ ok: true, verified: 2 });
    const forged = { ...reply, nonce: "rnd_other" };
    writeDays(dir, { [DAY]: [encryptParams(forged, key)] });
    expect((await verifyAudit(dir, { paramsKeys })).findingCounts).toEqual({ bad_countersignature: 1 });
  });

  const sealed = (): { action: { params_encrypted: JsonRecord } } & JsonRecord =>
    structuredClone(encryptParams(intent(1), paramsKeyOf(ALICE.signer) ?? new Uint8Array())) as never;

  it.each([
    ["another member", { extra: 1 }],
    ["another version", { v: 2 }],
    ["another algorithm", { alg: "aes-256-gcm" }],
    ["another's key", { kid: SERVER.publicKey }],
    ["a key that is nobody's", { kid: "nobody" }],
    ["a nonce that is no base64", { nonce: "?" }],
    ["a nonce of another length", { nonce: Buffer.alloc(12).toString("base64") }],
    ["a nonce in another alphabet", { nonce: Buffer.alloc(24, 0xff).toString("base64url") }],
    ["a ciphertext that is no base64", { ciphertext: "not base64 at all" }],
    ["a ciphertext without a whole tag", { ciphertext: Buffer.alloc(15).toString("base64") }],
    ["a ciphertext with loose bits", { ciphertext: `${"A".repeat(21)}B==` }],
    ["no ciphertext", { ciphertext: undefined }],
  ])("are refused in an envelope with %s", async (_, members) => {
    const spoilt = sealed();
    Object.assign(spoilt.action.params_encrypted, members);
    const sig = answered(intent(1));
    writeDays(dir, { [DAY]: [spoilt, { ...sig, agent_receipt: spoilt }] });
    const keys = new Map([
      [ALICE.publicKey, paramsKeyOf(ALICE.signer) ?? new Uint8Array()],
      ["nobody", new Uint8Array(32)],
    ]);
    for (const paramsKeys of [undefined, keys]) {
      const { findingCounts, unverifiable } = await verifyAudit(dir, { registry, paramsKeys });
      expect(findingCounts).toEqual({ receipt_malformed: 2 });
      expect(unverifiable.total).toBe(0);
    }
  });

  it("are refused where they are no object, and in a receipt of version 2", async () => {
    const { action } = sealed();
    const { ts: ts_request, ...rest } = sealed();
    const compound = {
      ...rest,
      v: 2,
      ts_request,
      ts_response: ts_request,
      response: { content_hash: hashOf({}, "x") },
    };
    writeDays(dir, { [DAY]: [{ ...sealed(), action: { ...action, params_encrypted: "x" } }, compound] });
    const { findings } = await verifyAudit(dir, { registry });
    expect(findings).toMatchObject([
      { code: "receipt_malformed", detail: expect.stringContaining("params_encrypted") },
      { code: "receipt_malformed", detail: expect.stringContaining("version 2") },
    ]);
  });
});

describe("a registry", () => {
  it("counts a revocation from its time on", async () => {
    writeDays(dir, { [DAY]: [intent(1), intent(2), intent(3)] });
    const fields = JSON.parse(testRegistryText({ agents: [{ ...ALICE, status: "revoked" }] })) as {
      agents: { revoked_at: string }[];
    };
    for (const agent of fields.agents) agent.revoked_at = new Date(NOON_MS + 2000).toISOString();
    const registry = parseTrustRegistry(JSON.stringify(fields));
    const { findings } = await verifyAudit(dir, { registry });
    expect(findings.map(({ code, place }) => [code, place.line])).toEqual([
      ["key_revoked", 2],
      ["key_revoked", 3],
    ]);
  });

  it("does not vouch for a server that signs what its time does not allow", async () => {
    const server = { ...SERVER, expiresAt: new Date(NOON_MS + 1500).toISOString() };
    writeDays(dir, { [DAY]: [answered(intent(1)), answered(intent(2))] });
    const { findings } = await verifyAudit(dir, {
      registry: testRegistry({ agents: [ALICE], servers: [server] }),
    });
    expect(findings).toMatchObject([
      { code: "key_expired", place: { line: 2 }, detail: expect.stringMatching(/server/) },
    ]);
  });

  it("is read from a file", async () => {
    writeDays(dir, { [DAY]: mixed(4) });
    const path = join(dir, "registry.json");
    writeFileSync(path, testRegistryText({ agents: [ALICE], servers: [SERVER] }));
    expect(await verifyAudit(dir, { registry: path })).toMatchObject({
      ok: true,
      trust: { bundleId: "tb_test" },
    });
    await expect(verifyAudit(dir, { registry: join(dir, "none") })).rejects.toThrow(TrustRegistryError);
  });

  it("says nothing against a call that the server refused, as long as the signatures hold", async () => {
    const bob = testIdentity("bob");
    const refused = intent(1, { signer: bob.signer, name: bob.name });
    const outcome = { status: "rejected", reason: "untrusted_signer" } as const;
    writeDays(dir, { [DAY]: [answered(refused, { outcome })] });
    expect(await verifyAudit(dir, { registry: REGISTRY })).toMatchObject({ ok: true, verified: 1 });
    writeDays(dir, { [DAY]: [answered(refused)] });
    expect((await verifyAudit(dir, { registry: REGISTRY })).findingCounts).toEqual({ untrusted_signer: 1 });
    const forged = { ...refused, nonce: "rnd_forged" };
    writeDays(dir, { [DAY]: [answered(forged, { outcome })] });
    expect((await verifyAudit(dir, { registry: REGISTRY })).findingCounts).toEqual({ bad_signature: 1 });
  });

  const counts = async (records: object[], of = REGISTRY): Promise<object> => {
    writeDays(dir, { [DAY]: records });
    return (await verifyAudit(dir, { registry: of })).findingCounts;
  };
  const rejected = (reason: string): Outcome => ({ status: "rejected", reason });

  it.each(["bad_signature", "params_mismatch", "untrusted_signer"])(
    "hears a signature that does not hold, whatever the server gives as its reason: %s",
    async (reason) => {
      const forged = { ...intent(1), nonce: "rnd_forged" };
      const records = [answered(forged, { outcome: rejected(reason) })];
      expect(await counts(records)).toEqual({ bad_signature: 1 });
      writeDays(dir, { [DAY]: records });
      expect((await verifyAudit(dir)).findingCounts).toEqual({ bad_signature: 1 });
    },
  );

  it("hears nothing else against a refused call than the server gives as its reason", async () => {
    const bob = testIdentity("bob");
    const unknown = intent(1, { signer: bob.signer, name: bob.name });
    expect(await counts([answered(unknown, { outcome: rejected("out_of_scope") })])).toEqual({
      untrusted_signer: 1,
    });
    const narrow = testRegistry({ agents: [{ ...ALICE, tools: [], name: "al" }], servers: [SERVER] });
    expect(await counts([answered(intent(1), { outcome: rejected("out_of_scope") })], narrow)).toEqual({
      signer_mismatch: 1,
    });
    const altered = withOtherHash(intent(1));
    expect(await counts([answered(altered, { outcome: rejected("params_mismatch") })])).toEqual({});
    expect(await counts([answered(altered, { outcome: rejected("out_of_scope") })])).toEqual({
      params_mismatch: 1,
    });
    expect(await counts([answered(altered)])).toEqual({ params_mismatch: 1 });
  });

  it("hears a decision that does not hold, though the server gives it as its reason", async () => {
    const root = testIdentity("root");
    const { action } = intent(1);
    const principal = "agent://acme/alice";
    const decision = await signAuthorizationDecision({
      signer: root.signer,
      issuedAtMs: NOON_MS,
      authority: "user://acme/boss",
      subject: principal,
      intentHash: intentHash(action),
      basis: { type: "approval", approver: "user://acme/boss" },
    });
    const registry = testRegistry({ agents: [{ ...ALICE, principal }], servers: [SERVER] });
    const answer = answered(intent(1, { principal, decision }), { outcome: rejected("bad_decision") });
    expect(await counts([answer], registry)).toEqual({ bad_decision: 1 });
  });

  it.each([
    ["agents", 30_000, {}],
    ["agents", 30_001, { key_not_yet_valid: 1 }],
    ["servers", 30_000, {}],
    ["servers", 30_001, { key_not_yet_valid: 1 }],
  ])("lets a key of its %s be dated %d ms before it was made", async (section, earlyMs, expected) => {
    // The answer is dated 10 ms after the call.
    const signedMs = NOON_MS + 1000 + (section === "agents" ? 0 : 10);
    const createdAt = new Date(signedMs + earlyMs).toISOString();
    const registry = testRegistry({
      agents: [section === "agents" ? { ...ALICE, createdAt } : ALICE],
      servers: [section === "agents" ? SERVER : { ...SERVER, createdAt }],
    });
    const records = section === "agents" ? [intent(1)] : [answered(intent(1))];
    expect(await counts(records, registry)).toEqual(expected);
  });

  it("does not let a key be used before it was made that had ended by then", async () => {
    const createdAt = new Date(NOON_MS + 2000).toISOString();
    const ended = { ...ALICE, createdAt, status: "revoked" as const };
    const fields = JSON.parse(testRegistryText({ agents: [ended] })) as { agents: { revoked_at: string }[] };
    for (const agent of fields.agents) agent.revoked_at = createdAt;
    expect(await counts([intent(1)], parseTrustRegistry(JSON.stringify(fields)))).toEqual({ key_revoked: 1 });
  });
});

/** Signed as it is, with a hash that is not that of its params. */
function withOtherHash(receipt: ReceiptV1): ReceiptV1 {
  const other = { ...receipt, action: { ...receipt.action, params_hash: hashOf({}, "x") as Sha256Text } };
  const signature = ALICE.signer.sign(Buffer.from(agentReceiptText(other, paramsText(other)).signed));
  if (signature instanceof Promise) throw new Error("a local signer is synchronous");
  const id: ReceiptV1["id"] = `rec_${createHash("sha256").update(signature).digest("hex").slice(0, 32)}`;
  return { ...other, id, sig: `ed25519:${Buffer.from(signature).toString("base64")}` };
}

describe("the names of files", () => {
  it("are quoted in what is said of them", async () => {
    const names = ["a\u001b[31m.jsonl", "b\u009b1m.jsonl", "c\n.jsonl"];
    const all = mixed(9);
    const days = Object.values(writeDays(dir, { a: all.slice(0, 3), b: all.slice(3, 6), c: all.slice(6) }));
    const files = names.map((name, at) => {
      const path = join(dir, `${at}`);
      writeFileSync(path, textOf(days[at] ?? []));
      return { path, name, compressed: false };
    });
    const [a, b, c] = files as [RecordFile, RecordFile, RecordFile];
    const codes = new Set<string>();
    for (const order of [
      [a, c],
      [a, c, b],
      [c, a, b],
      [b, c],
      [a, b, a],
    ]) {
      for (const { code, detail, place } of (await verifyFiles(order)).findings) {
        codes.add(code);
        // oxlint-disable-next-line no-control-regex
        expect(detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(names).toContain(place.file);
      }
    }
    expect([...codes].sort()).toEqual([
      "day_out_of_order",
      "other_chain",
      "records_missing",
      "start_missing",
    ]);
  });
});

describe("a receipt that is nested without end", () => {
  const deep =
    (open: string, close: string) =>
    (levels: number): string =>
      `${open.repeat(levels)}{}${close.repeat(levels)}`;

  it.each<[string, (levels: number) => string]>([
    ["in itself", (n) => `{"v":3,"agent_receipt":${deep('{"v":3,"agent_receipt":', "}")(n)}}`],
    ["in its params", (n) => `{"v":1,"action":{"params":${deep("[", "]")(n)}}}`],
    [
      "around encrypted params",
      (n) =>
        `{"v":3,"agent_receipt":{"action":{"params_encrypted":{}},"agent_receipt":${deep('{"agent_receipt":', "}")(n)}}}`,
    ],
    [
      "in a record of a repair",
      (n) => `{"type":"log_repair","ts":"2026-11-10T12:00:00Z","x":${deep("[", "]")(n)}}`,
    ],
  ])("%s is found, and no more", async (_, receiptOf) => {
    const before = chain([intent(1)]);
    // A short line is read, whatever is in it.
    for (const [levels, code] of [
      [1000, "not_canonical"],
      [300_000, "record_malformed"],
    ] as const) {
      const line = `{"receipt":${receiptOf(levels)},"prev_hash":"${before[0]?.hash}","record_hash":"${hashOf({}, "x")}"}`;
      writeFileSync(join(dir, `${DAY}.jsonl`), textOf([...before, line]));
      const { findingCounts, repairs } = await verifyAudit(dir);
      expect(findingCounts).toMatchObject({ [code]: 1 });
      expect(repairs).toEqual([]);
    }
  });
});

describe("a long list of findings", () => {
  it("is cut, and counted in full", async () => {
    writeFileSync(join(dir, `${DAY}.jsonl`), "?\n".repeat(3000));
    let told = 0;
    const report = await verifyAudit(dir, { onFinding: () => void (told += 1) });
    expect(report.findings).toHaveLength(1000);
    expect(report.findingCounts).toEqual({ not_json: 3000 });
    expect(told).toBeGreaterThanOrEqual(1000);
  });
});

describe("a verification", () => {
  it("tells how far it is", async () => {
    writeDays(dir, { "2026-11-10": mixed(7), "2026-11-11": [intent(20)] });
    const progress: VerifyProgress[] = [];
    const report = await verifyAudit(dir, { onProgress: (now) => void progress.push(now) });
    const bytes = report.files.reduce((sum, file) => sum + file.bytes, 0);
    expect(progress.at(-1)).toEqual({ bytesDone: bytes, bytesTotal: bytes, records: 8 });
    expect(progress.map(({ bytesDone }) => bytesDone)).toEqual(
      progress.map(({ bytesDone }) => bytesDone).sort((a, b) => a - b),
    );
  });

  it("tells each finding as it comes", async () => {
    writeDays(dir, { [DAY]: [{ ...intent(1), nonce: "rnd_1" }, intent(2), { type: "?", ts: "" }] });
    const told: string[] = [];
    const report = await verifyAudit(dir, { onFinding: ({ code }) => void told.push(code) });
    expect(told).toEqual(["bad_signature", "unknown_type"]);
    expect(report.findings.map(({ code }) => code)).toEqual(told);
  });

  it("ends when it is told to", async () => {
    writeDays(dir, { [DAY]: mixed(3) });
    const reason = new Error("enough");
    await expect(verifyAudit(dir, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const abort = new AbortController();
    const verified = verifyAudit(dir, { signal: abort.signal });
    abort.abort(reason);
    await expect(verified).rejects.toBe(reason);
  });

  it("of a directory that is not there is an error", async () => {
    const failure = verifyAudit(join(dir, "none"));
    await expect(failure).rejects.toThrow(AuditLogError);
    await expect(failure).rejects.toMatchObject({ code: "audit_not_found" });
  });

  it.each([
    [{ start: "sha256:0" }, "options.start"],
    [{ registry: 7 }, "options.registry"],
    [{ threads: 0 }, "options.threads"],
    [{ paramsKeys: {} }, "options.paramsKeys"],
    [{ paramsKeys: new Map([["ed25519:x", new Uint8Array(31)]]) }, "options.paramsKeys"],
    [{ signal: {} }, "options.signal"],
    [{ onFinding: 1 }, "options.onFinding"],
    [{ onProgress: 1 }, "options.onProgress"],
    [{ registries: REGISTRY }, "options.registries"],
  ])("refuses the options %o by name", async (options, name) => {
    const error: unknown = await verifyAudit(dir, options as VerifyAuditOptions).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OptionError);
    expect((error as OptionError).option).toBe(name);
  });
});
