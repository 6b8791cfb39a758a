import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { beforeEach, describe, expect, it } from "vitest";

import { canonicalHash } from "../../src/crypto/canonical-json.js";
import { FINDINGS, isFindingCode } from "../../src/audit/verify/findings.js";
import type { FindingCode } from "../../src/audit/verify/findings.js";
import type { VerifyAuditOptions } from "../../src/audit/verify/options.js";
import type { AuditReport } from "../../src/audit/verify/report.js";
import { verifyAudit } from "../../src/audit/verify/verify-audit.js";
import { encryptParams, paramsKeyOf } from "../../src/audit/record/params-cipher.js";
import type { JsonRecord } from "../../src/lib/json.js";
import { intentHash } from "../../src/receipt/intent-hash.js";
import { signAuthorizationDecision } from "../../src/receipt/sign-decision.js";
import { signDelegatedReceipt } from "../../src/receipt/sign-delegated.js";
import { signDelegationToken } from "../../src/receipt/sign-delegation.js";
import type { ReceiptV1 } from "../../src/receipt/types.js";
import { testIdentity, testRegistry } from "../../src/testing/fixtures.js";
import type { TestEntry, TestRegistryInput } from "../../src/testing/fixtures.js";
import { newLogDir } from "./support/log-dir.js";
import {
  ALICE,
  NOON_MS,
  SERVER,
  TARGET,
  answered,
  chain,
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
const path = (day: string = DAY): string => join(dir, `${day}.jsonl`);

/** Writes a log with something wrong in it. */
type Provocation = () => VerifyAuditOptions | void | Promise<VerifyAuditOptions | void>;

/** One day whose lines were changed after they were chained. */
function edited(change: (lines: string[]) => string[], receipts: readonly object[] = mixed(8)): Provocation {
  return () => {
    const lines = chain(receipts).map(({ text }) => text);
    writeFileSync(path(), textOf(change(lines)));
  };
}

/** One record of a log, properly chained. */
const only =
  (make: () => object | Promise<object>): Provocation =>
  async () =>
    void writeDays(dir, { [DAY]: [intent(1), await make(), intent(3)] });

/** A whole log of alice's, verified against a registry that says something else of one of them. */
const registered =
  (
    input: { readonly alice?: Partial<TestEntry>; readonly server?: Partial<TestEntry> },
    receipts: object[] = mixed(3),
  ): Provocation =>
  () => {
    writeDays(dir, { [DAY]: receipts });
    return { registry: testRegistry(entries(input)) };
  };

function entries({
  alice = {},
  server = {},
}: {
  alice?: Partial<TestEntry>;
  server?: Partial<TestEntry>;
}): TestRegistryInput {
  return { agents: [{ ...ALICE, ...alice }], servers: [{ ...SERVER, ...server }] };
}

/** Three days of one chain. */
function threeDays(): void {
  const all = mixed(12);
  writeDays(dir, {
    "2026-11-10": all.slice(0, 4),
    "2026-11-11": all.slice(4, 8),
    "2026-11-12": all.slice(8),
  });
}

const ROOT = testIdentity("root");
const delegated =
  (options: { readonly expiresAtMs?: number; readonly spoil?: boolean }): Provocation =>
  async () => {
    const token = await signDelegationToken({
      signer: ROOT.signer,
      name: ROOT.name,
      issuedAtMs: NOON_MS - 1000,
      delegate: { pubkey: ALICE.publicKey, name: ALICE.name },
      tools: ["read_file"],
      targets: ["*"],
      ...(options.expiresAtMs === undefined ? {} : { expiresAtMs: options.expiresAtMs }),
    });
    const receipt = await signDelegatedReceipt({
      signer: ALICE.signer,
      chain: [token],
      tool: "read_file",
      target: TARGET,
      transport: "test",
      issuedAtMs: NOON_MS,
    });
    const spoilt = structuredClone(receipt) as unknown as { authorization: { chain: { nonce: string }[] } };
    for (const each of spoilt.authorization.chain) each.nonce = "rnd_another";
    writeDays(dir, { [DAY]: [options.spoil === true ? spoilt : receipt] });
    return { registry: testRegistry({ agents: [ALICE], roots: [ROOT] }) };
  };

function changed(
  receipt: ReceiptV1,
  change: (copy: JsonRecord & { action: JsonRecord; signer: JsonRecord }) => void,
): JsonRecord {
  const copy = structuredClone(receipt) as unknown as JsonRecord & { action: JsonRecord; signer: JsonRecord };
  change(copy);
  return copy;
}

/** What comes up in this thread. That a thread dies is provoked beside the tests of threads. */
type ProvokedCode = Exclude<FindingCode, "record_too_complex">;

const PROVOCATIONS: Readonly<Record<ProvokedCode, Provocation>> = {
  not_utf8: () => {
    const bytes = Buffer.from(textOf(chain(mixed(3))));
    bytes[200] = 0xff;
    writeFileSync(path(), bytes);
  },
  not_json: edited((lines) => lines.with(2, "{")),
  line_too_long: edited((lines) => lines.with(2, "x".repeat(8_388_609))),
  record_malformed: edited((lines) => lines.with(2, '{"receipt":{}}')),
  unsupported_version: only(() => ({ ...intent(2), v: 9 })),
  unknown_type: only(() => ({ type: "mystery", ts: "2026-11-10T12:00:00Z" })),
  receipt_malformed: only(() => ({ ...intent(2), extra: 1 })),
  not_canonical: edited((lines) => lines.map((line) => line.replace('"/file/1"', "9007199254740993"))),
  link_broken: edited((lines) => lines.toSpliced(3, 1)),
  records_missing: () => {
    threeDays();
    rmSync(path("2026-11-11"));
  },
  day_out_of_order: () => {
    threeDays();
    renameSync(path("2026-11-11"), path("2026-11-13"));
  },
  other_chain: () => {
    threeDays();
    writeFileSync(path("2026-11-13"), textOf(chain(mixed(3))));
  },
  start_missing: () => {
    threeDays();
    rmSync(path("2026-11-10"));
  },
  hash_mismatch: edited(
    (lines) => lines.map((line, at) => (at === 2 ? line.replace(/\d+(}\],"ts")/, "77$1") : line)),
    [intent(1), intent(2), note(3), intent(4)],
  ),
  id_mismatch: only(() => changed(intent(2), (copy) => void (copy["id"] = intent(9).id))),
  params_mismatch: only(() =>
    changed(intent(2), (copy) => void (copy.action["params"] = { path: "/other" })),
  ),
  params_undecryptable: () => {
    writeDays(dir, { [DAY]: [encryptParams(intent(1), keyOf(ALICE))] });
    return { paramsKeys: new Map([[ALICE.publicKey, new Uint8Array(32)]]) };
  },
  bad_signature: only(() => changed(intent(2), (copy) => void (copy["nonce"] = "rnd_another"))),
  bad_countersignature: only(() => ({ ...answered(intent(2)), nonce: "rnd_another" })),
  bad_delegation: delegated({ spoil: true }),
  delegation_expired: async () => {
    const options = await delegated({ expiresAtMs: NOON_MS + 1 })();
    const [line = ""] = readFileSync(path(), "utf8").split("\n");
    const { receipt } = JSON.parse(line) as { receipt: JsonRecord };
    // Dated after the end, and so not signed by anybody: the end is told all the same.
    writeDays(dir, { [DAY]: [{ ...receipt, ts: new Date(NOON_MS + 1).toISOString() }] });
    return options;
  },
  bad_decision: async () => {
    const params = { path: "/decided" };
    const action = {
      tool: "read_file",
      target: TARGET,
      transport: "test",
      params_hash: canonicalHash(params),
    };
    const decision = await signAuthorizationDecision({
      signer: ROOT.signer,
      issuedAtMs: NOON_MS,
      authority: "user://acme/boss",
      subject: "agent://acme/alice",
      intentHash: intentHash(action),
      basis: { type: "approval", approver: "user://acme/boss" },
    });
    writeDays(dir, { [DAY]: [intent(1, { params, decision, principal: "agent://acme/alice" })] });
    return { registry: testRegistry({ agents: [{ ...ALICE, principal: "agent://acme/alice" }] }) };
  },
  untrusted_signer: registered({ alice: testIdentity("other") }),
  key_not_yet_valid: registered({ alice: { createdAt: "2026-11-11T00:00:00Z" } }),
  key_expired: registered({ alice: { expiresAt: "2026-11-10T00:00:00Z" } }),
  key_disabled: registered({ alice: { status: "disabled" } }),
  key_revoked: registered({ server: { status: "revoked" } }),
  signer_mismatch: registered({ alice: { name: "bob" } }),
  out_of_scope: registered({ alice: { tools: ["write_*"] } }),
  untrusted_server: registered({ server: testIdentity("other") }),
  server_mismatch: registered({ server: { name: "mail" } }),
  server_out_of_scope: registered({ server: { targets: ["mcp://mail"] } }),
  answered_before_asked: only(() => ({ ...answered(intent(2)), ts_response: "2026-11-10T12:00:01Z" })),
  truncated_tail: () => {
    writeDays(dir, { [DAY]: mixed(3) });
    writeFileSync(path(), readFileSync(path()).subarray(0, -30));
  },
  torn_line: () => {
    threeDays();
    writeFileSync(path("2026-11-11"), readFileSync(path("2026-11-11")).subarray(0, -30));
  },
  file_unreadable: () => {
    threeDays();
    rmSync(path("2026-11-11"));
    mkdirSync(path("2026-11-11"));
  },
  gzip_damaged: () => {
    threeDays();
    const packed = gzipSync(readFileSync(path("2026-11-11")));
    rmSync(path("2026-11-11"));
    writeFileSync(`${path("2026-11-11")}.gz`, packed.subarray(0, packed.length / 2));
  },
  day_twice: () => {
    threeDays();
    writeFileSync(`${path("2026-11-11")}.gz`, gzipSync(readFileSync(path("2026-11-11"))));
  },
  unknown_file: () => {
    threeDays();
    writeFileSync(join(dir, "notes.jsonl"), "");
  },
};

function keyOf({ signer }: typeof ALICE): Uint8Array {
  const key = paramsKeyOf(signer);
  if (key === undefined) throw new Error("a local signer has its key");
  return key;
}

async function provoke(code: ProvokedCode): Promise<AuditReport> {
  const options = await PROVOCATIONS[code]();
  return verifyAudit(dir, options ?? {});
}

/** What goes with a finding by its nature: the record was not signed as it is, or is not what was hashed. */
const ALONGSIDE: Partial<Record<FindingCode, readonly FindingCode[]>> = {
  not_canonical: [],
  params_mismatch: ["bad_signature"],
  bad_delegation: ["bad_signature", "receipt_malformed"],
  delegation_expired: ["bad_signature"],
  answered_before_asked: ["bad_countersignature"],
};

describe("the table of findings", () => {
  it("has no codes but those that are provoked, here and by threads that die", () => {
    expect(Object.keys(FINDINGS).sort()).toEqual([...Object.keys(PROVOCATIONS), "record_too_complex"].sort());
  });

  it.each(Object.keys(PROVOCATIONS) as ProvokedCode[])(
    "has a log in which %s is found, and hardly anything else",
    async (code) => {
      const { findingCounts, findings, ok } = await provoke(code);
      expect(ok).toBe(false);
      expect(findingCounts).toHaveProperty(code);
      const others = Object.keys(findingCounts).filter((other) => other !== code);
      expect(others.filter((other) => !(ALONGSIDE[code] ?? []).includes(other as FindingCode))).toEqual([]);
      const { place, detail } = findings.find((finding) => finding.code === code) ?? {};
      expect(place?.file).toMatch(/^(2026-11-1\d|notes)\.jsonl(\.gz)?$/);
      expect(place?.line).toBeGreaterThan(0);
      expect(detail).not.toBe("");
    },
  );

  it.each([
    "link_broken",
    "records_missing",
    "day_out_of_order",
    "other_chain",
    "start_missing",
    "hash_mismatch",
  ] as const)("tells with %s the hash that should be there and the one that is", async (code) => {
    const found = (await provoke(code)).findings.filter((finding) => finding.code === code);
    expect(found).toHaveLength(1);
    expect(found[0]?.expected).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(found[0]?.found).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(found[0]?.found).not.toBe(found[0]?.expected);
  });

  it("says each thing in sentences", () => {
    for (const { meaning, remedy } of Object.values(FINDINGS)) {
      expect(meaning).toMatch(/\.$/);
      expect(remedy).toMatch(/\.$/);
    }
  });

  it("knows its codes from other words", () => {
    expect(isFindingCode("not_json")).toBe(true);
    for (const other of ["toString", "__proto__", "", 1, undefined]) expect(isFindingCode(other)).toBe(false);
  });
});

describe("one fault is one finding", () => {
  it.each([
    ["a line that was taken out", (lines: string[]) => lines.toSpliced(3, 1)],
    ["two lines that were taken out", (lines: string[]) => lines.toSpliced(3, 2)],
    ["a line that is there twice", (lines: string[]) => lines.toSpliced(3, 0, lines[2] ?? "")],
    [
      "two lines that were swapped",
      (lines: string[]) => lines.toSpliced(3, 2, lines[4] ?? "", lines[3] ?? ""),
    ],
    [
      "a line of another log",
      (lines: string[]) => lines.toSpliced(3, 0, chain([intent(50), intent(51)])[1]?.text ?? ""),
    ],
    ["a line that is no record", (lines: string[]) => lines.with(3, "?")],
    ["a line that is too long", (lines: string[]) => lines.with(3, "x".repeat(100_000_000))],
  ])("for %s", async (_, change) => {
    await edited(change, mixed(30))();
    const report = await verifyAudit(dir);
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]?.place).toMatchObject({ file: `${DAY}.jsonl` });
    expect([4, 5]).toContain(report.findings[0]?.place.line);
    expect(report.records).toBeGreaterThanOrEqual(28);
  });

  it.each([
    ["a day that is missing", () => rmSync(path("2026-11-11")), "records_missing", "2026-11-12.jsonl"],
    [
      "days that were swapped",
      () => {
        renameSync(path("2026-11-11"), join(dir, "x"));
        renameSync(path("2026-11-12"), path("2026-11-11"));
        renameSync(join(dir, "x"), path("2026-11-12"));
      },
      "day_out_of_order",
      "2026-11-11.jsonl",
    ],
    [
      "a log of another chain in between",
      () => writeFileSync(path("2026-11-11"), textOf(chain(mixed(3)))),
      "other_chain",
      "2026-11-11.jsonl",
    ],
    [
      "a day that was cut at the end of a line",
      () =>
        writeFileSync(
          path("2026-11-11"),
          textOf(readFileSync(path("2026-11-11"), "utf8").split("\n").slice(0, 2)),
        ),
      "records_missing",
      "2026-11-12.jsonl",
    ],
  ])("for %s", async (_, spoil, code, file) => {
    threeDays();
    if (code === "other_chain") renameSync(path("2026-11-11"), path("2026-11-13"));
    if (code === "other_chain") renameSync(path("2026-11-12"), path("2026-11-14"));
    spoil();
    const { findings } = await verifyAudit(dir);
    expect(findings.map(({ code: found, place }) => [found, place.file])).toEqual([[code, file]]);
  });
});
