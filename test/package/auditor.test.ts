import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import { encryptParams, paramsKey } from "../../src/audit/record/params-cipher.js";
import { FINDINGS } from "../../src/audit/verify/findings.js";
import { redactReceipt } from "../../src/mcp/guard/audit/redaction.js";
import { agentReceiptText, paramsText } from "../../src/receipt/agent-text.js";
import type { ReceiptV1 } from "../../src/receipt/types.js";
import {
  AGENT_KEY,
  AGENT_SEED,
  CLI,
  START_MS,
  WITH_CLI,
  call,
  ended,
  registryText,
  runProgram,
} from "../audit/support/evidence.js";
import type { Run } from "../audit/support/evidence.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/auditor.md"), "utf8");
const PYTHON = env["SIGNET_PYTHON"];
const VECTORS = join(root, "test/vectors");

/** The page's code blocks of a language. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, code]) => code ?? "",
  );
}

/** Inside the package, so that its own name resolves to what was built. */
let programs: string;
/** Where the page's reader works: with a registry, and the log's directory. */
let folder: string;
let made: Run;
beforeAll(async () => {
  programs = mkdtempSync(join(root, "test/package/auditor-"));
  folder = mkdtempSync(join(tmpdir(), "signet-auditor-"));
  const [make, check] = blocks("js");
  writeFileSync(join(programs, "make.mjs"), make ?? "");
  writeFileSync(join(programs, "check.mjs"), check ?? "");
  writeFileSync(join(programs, "check.py"), blocks("python")[0] ?? "");
  writeFileSync(join(folder, "registry.yaml"), registryText());
  await writeLog(plainRecords());
  made = await node("make.mjs", "audit", "registry.yaml", "evidence");
});
afterAll(() => {
  for (const path of [programs, folder]) rmSync(path, { recursive: true, force: true });
});

function node(program: string, ...args: readonly string[]): Promise<Run> {
  return runProgram(process.execPath, [join(programs, program), ...args], { cwd: folder });
}

function python(bundle: string): Promise<Run> {
  return runProgram(PYTHON ?? "", [join(programs, "check.py"), bundle], {
    cwd: folder,
    env: { ...env, PYTHONIOENCODING: "utf-8" },
  });
}

/** Runs a block of the page for a shell, with the released CLI as `signet`. */
function shell(code: string): Promise<Run> {
  const path = [dirname(CLI ?? ""), env["PATH"] ?? ""].join(delimiter);
  return runProgram("sh", ["-e", "-c", code], { cwd: folder, env: { ...env, PATH: path } });
}

async function writeLog(records: readonly unknown[], name = "audit"): Promise<void> {
  const log = await AuditLog.open(join(folder, name), { clock: () => START_MS });
  for (const record of records) await log.append(record);
  await log.close();
}

function plainRecords(): unknown[] {
  const odd = {
    "\u{1f600}": "a",
    "\uffff": "b",
    "é\u0001\u007f": '"\\/\u2028',
    n: [1e-7, 1e21, -0, 0.1, 1e20],
  };
  const hashOnly = { ...call(3, null) };
  const calls = [call(0), call(1, odd), call(2, {}), hashOnly];
  return calls.flatMap((receipt) => [receipt, ended(receipt)]);
}

/** As a guard stores a call from which params are to be taken out. */
function redacted(receipt: ReceiptV1): ReceiptV1 {
  const { whole } = agentReceiptText(receipt, paramsText(receipt));
  const signer = { name: "bot", owner: "acme", publicKey: AGENT_KEY } as never;
  return redactReceipt({ receipt, whole, method: "tools/call", signer }, () => ({ kept: "a part" })).receipt;
}

/** A record of each kind that is verified in part or not at all. */
function oddRecords(): unknown[] {
  const key = paramsKey(AGENT_SEED);
  const stored = redacted(call(4, { secret: 1 }));
  const late = call(6);
  return [
    stored,
    ended(stored),
    encryptParams(call(5), key),
    encryptParams(ended(call(5)), key),
    late,
    ended(late, 7_200_000, { status: "failed", error: "outcome_unknown" }),
    { type: "log_repair", ts: "2026-11-24T12:00:00.000Z", file: "2026-11-24.jsonl", offset: 0, bytes: 7 },
  ];
}

/** Numbers of the author of RFC 8785, of those that a receipt may hold. */
function numbers(): number[] {
  const lines = readFileSync(join(VECTORS, "jcs/es6testfile-10000.txt"), "utf8").trim().split("\n");
  return lines
    .map((line) => Number(line.slice(line.indexOf(",") + 1)))
    .filter((n) => Math.abs(n) < 2 ** 53 || Math.abs(n) >= 2 ** 64);
}

/** Values of the author's other test data. */
function values(): unknown[] {
  const dir = join(VECTORS, "jcs/input");
  return readdirSync(dir).map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")) as unknown);
}

/** Copies the bundle, with its records changed. */
function changed(name: string, change: (text: string) => string): string {
  cpSync(join(folder, "evidence"), join(folder, name), { recursive: true });
  const path = join(folder, name, "records.jsonl");
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return name;
}

async function bundleOf(records: readonly unknown[], name: string): Promise<string> {
  await writeLog(records, `audit-${name}`);
  const { code, err } = await node("make.mjs", `audit-${name}`, "registry.yaml", name);
  expect([code, err]).toEqual([0, ""]);
  return name;
}

const CHANGES: readonly (readonly [string, (text: string) => string])[] = [
  ["a value changed", (text) => text.replace('"tool":"read"', '"tool":"rear"')],
  ["a record taken out", (text) => text.slice(text.indexOf("\n") + 1)],
  ["the last record taken out", (text) => text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1)],
  ["a record there twice", (text) => text.slice(0, text.indexOf("\n") + 1) + text],
  ["a blank line", (text) => `${text}\n`],
];

describe("the auditor's page", () => {
  it("shows the programs that are run here", () => {
    expect([blocks("js").length, blocks("sh").length, blocks("python").length]).toEqual([2, 2, 1]);
    const others = [...page.matchAll(/^```(.+)$/gm)].map(([, language]) => language);
    expect(new Set(others)).toEqual(new Set(["js", "sh", "python"]));
  });

  it.each(Object.entries({ ...FINDINGS }))("has a row for the finding %s", (code, { meaning, remedy }) => {
    const rows = page.split("\n").map((line) => line.replaceAll(/ +\|/g, " |"));
    expect(rows).toContain(`| \`${code}\` | ${meaning} | ${remedy} |`);
  });

  it("is in the package", () => {
    const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
    expect(files).toContain("docs");
  });

  it("shows how a bundle is made", () => {
    expect(made).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^8 records, up to sha256:[0-9a-f]{64}\n$/) as string,
    });
  });

  it("shows a check with this package that says what holds, with the bundle's registry and another", async () => {
    const said = "8 of 8 verified, 0 redacted, 0 encrypted\nfrom sha256:";
    expect(await node("check.mjs", "evidence")).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^${said}.*keys of: bundle\\n$`)) as string,
    });
    expect(await node("check.mjs", "evidence", "registry.yaml")).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^${said}.*keys of: given\\n$`)) as string,
    });
  });

  it("shows a check with this package that tells what is redacted and encrypted", async () => {
    expect(await node("check.mjs", await bundleOf(oddRecords(), "odd"))).toMatchObject({
      code: 0,
      out: expect.stringContaining("2 of 7 verified, 2 redacted, 2 encrypted") as string,
    });
  });

  it.each(CHANGES)("shows a check with this package that finds %s", async (what, change) => {
    const { code, out } = await node("check.mjs", changed(`node ${what}`, change));
    expect(code).toBe(1);
    expect(out).toContain("records_sha256 is ");
  });
});

describe.skipIf(PYTHON === undefined)(
  "the page's check in Python alone (skipped unless SIGNET_PYTHON is set)",
  () => {
    it("says what holds, and whose signatures there are", async () => {
      const { code, out, err } = await python("evidence");
      expect([code, err]).toEqual([0, ""]);
      expect(out.split("\n")).toEqual([
        "8 verified",
        expect.stringMatching(/^up to sha256:[0-9a-f]{64}$/),
        `bot ${AGENT_KEY}`,
        expect.stringMatching(/^github-mcp ed25519:/),
        "",
      ]);
    });

    it("tells what is redacted, encrypted or unsigned", async () => {
      const { code, out } = await python(await bundleOf(oddRecords(), "odd-python"));
      expect(code).toBe(0);
      expect(out).toContain(
        "2 redacted\n2 encrypted: signatures cannot be checked without the params\n2 verified\n1 with a type, unsigned\n",
      );
    });

    it("holds for the bundle of the released CLI", async () => {
      expect(await python(join(VECTORS, "bundle"))).toMatchObject({
        code: 0,
        out: expect.stringContaining("5 verified\n1 encrypted") as string,
      });
    });

    it("writes canonical JSON as RFC 8785 has it: its author's numbers and other test data", async () => {
      const bundle = await bundleOf([call(0, numbers()), call(1, values())], "canonical");
      expect(await python(bundle)).toMatchObject({
        code: 0,
        out: expect.stringContaining("2 verified") as string,
      });
    });

    it.each(CHANGES)("finds %s", async (what, change) => {
      const { code, out } = await python(changed(`python ${what}`, change));
      expect([code, out]).toEqual([1, ""]);
    });

    it("finds a signature, an id or params that were changed by whoever can write a chain", async () => {
      const receipt = call(0);
      const forged = [
        { ...receipt, sig: call(1).sig },
        { ...receipt, ts: "2026-11-24T10:00:00.001Z" },
        { ...receipt, id: call(1).id },
        { ...receipt, action: { ...receipt.action, params: { n: 1 } } },
        { ...call(1), ts: receipt.ts, agent_receipt: receipt },
        { ...call(1), v: 2, agent_receipt: receipt },
        { ...ended(receipt), ts_response: "2026-11-24T11:00:00.000Z" },
        { ...ended(receipt), agent_receipt: { ...receipt, nonce: "rnd_0" } },
      ];
      for (const [at, record] of forged.entries()) {
        // The log itself takes no receipt whose id is not its own.
        const bundle = await bundleOf([{ type: "log_repair", ts: receipt.ts, record }], `forged-${at}`);
        rechain(join(folder, bundle));
        expect(await python(bundle)).toMatchObject({
          code: 1,
          out: "",
          err: expect.stringMatching(/^line 1: /) as string,
        });
      }
    });
  },
);

/** Puts the record that a typed one holds in its place, and writes hashes, digest and tip anew. */
function rechain(bundle: string): void {
  const path = join(bundle, "records.jsonl");
  const { receipt, prev_hash } = JSON.parse(readFileSync(path, "utf8")) as {
    readonly receipt: { readonly record: object };
    readonly prev_hash: string;
  };
  const program = `
import sys, json; sys.argv[1] = ${JSON.stringify(join(VECTORS, "bundle"))}
exec(open(${JSON.stringify(join(programs, "check.py"))}).read().split("bundle = ")[0])
value = json.loads(sys.stdin.read(), parse_int=Number, parse_float=Number)
print(digest({"prev_hash": ${JSON.stringify(prev_hash)}, "receipt": value}), end="")`;
  const input = JSON.stringify(receipt.record);
  const record_hash = execFileSync(PYTHON ?? "", ["-c", program, ""], { input, encoding: "utf8" });
  writeFileSync(path, `${JSON.stringify({ receipt: receipt.record, prev_hash, record_hash })}\n`);
  const manifestPath = join(bundle, "manifest.json");
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as object;
  writeFileSync(manifestPath, JSON.stringify({ ...manifest, chain_tip_record_hash: record_hash }));
}

describe.skipIf(CLI === undefined)(`the page's checks with ${WITH_CLI}`, () => {
  it("hold, with the registry and without", async () => {
    const [restore = "", chainOnly = ""] = blocks("sh");
    expect(await shell(restore)).toMatchObject({
      code: 0,
      out: expect.stringContaining("8/8 verified against trust bundle") as string,
    });
    expect(await shell(chainOnly)).toMatchObject({
      code: 0,
      out: expect.stringContaining("SKIPPED (8 records)") as string,
    });
  });

  it.each(CHANGES)("find %s", async (what, change) => {
    const [restore = ""] = blocks("sh");
    const bundle = changed(`cli ${what}`, change);
    expect((await shell(restore.replace("evidence", `'${bundle}'`))).code).not.toBe(0);
  });
});
