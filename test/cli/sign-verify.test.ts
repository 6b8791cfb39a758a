import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { SigningAgent } from "../../src/index.js";
import { signet, signetJson, temporaryFolder } from "./support.js";

const VECTORS = new URL("../vectors/receipts/signet-0.11/", import.meta.url);
const TARGET = ["--target", "mcp://github"];

let home: string;
beforeEach(async () => {
  home = join(temporaryFolder(), "home");
  await signet(home, ["identity", "generate", "--name", "bot", "--owner", "acme", "--unencrypted"]);
});

const sign = (...flags: string[]) => signet(home, ["sign", "--key", "bot", ...flags]);

describe("signet sign", () => {
  it("prints the receipt, and puts it on record", async () => {
    const { code, out, err } = await sign("--tool", "create", "--params", '{"title":"x"}', ...TARGET);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const receipt: unknown = JSON.parse(out);
    expect(receipt).toMatchObject({
      v: 1,
      action: { tool: "create", params: { title: "x" }, target: "mcp://github", transport: "stdio" },
      signer: { name: "bot", owner: "acme" },
    });
    expect(await signetJson(home, ["audit"])).toMatchObject([{ receipt }]);
  });

  it("says that no guard takes a receipt without a target", async () => {
    const { code, err } = await sign("--tool", "create");
    expect(code).toBe(0);
    expect(err).toContain("no guard takes it: say --target");
  });

  it("takes params from a file and tool and params from the environment", async () => {
    const file = join(temporaryFolder(), "params.json");
    writeFileSync(file, '{"from":"file"}');
    const fromFile = await sign("--tool", "t", "--params", `@${file}`, ...TARGET);
    expect(JSON.parse(fromFile.out)).toMatchObject({ action: { params: { from: "file" } } });
    const args = ["sign", "--key", "bot", "--tool-from-env", "T", "--params-from-env", "P", ...TARGET];
    const fromEnv = await signet(home, args, { env: { T: "tool", P: '{"from":"env"}' } });
    expect(JSON.parse(fromEnv.out)).toMatchObject({ action: { tool: "tool", params: { from: "env" } } });
  });

  it("keeps what it is told to keep to itself", async () => {
    const hashed = await sign("--tool", "t", "--params", '{"s":"s3cret"}', "--hash-only", ...TARGET);
    expect(hashed.out).not.toContain("s3cret");
    const sealed = await sign("--tool", "t", "--params", '{"s":"s3cret"}', "--encrypt-params", ...TARGET);
    expect(sealed.out).toContain("s3cret");
    expect((await signet(home, ["audit", "--json"])).out).not.toContain("s3cret");
    const file = join(temporaryFolder(), "records.json");
    expect((await signet(home, ["audit", "--export", file, "--decrypt-params"])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("s3cret");
  });

  it("writes a file, signs all that it is told, and no record", async () => {
    const file = join(temporaryFolder(), "receipt.json");
    const flags = ["--session", "s", "--call-id", "c", "--trace-id", "t", "--parent-receipt-id", "rec_1"];
    const who = [
      "--principal",
      "agent://acme/bot",
      "--acting-for",
      "user://acme/alice",
      "--exp",
      "5m",
      "--no-log",
    ];
    const run = await sign("--tool", "t", ...TARGET, ...flags, ...who, "--output", file);
    expect(run).toMatchObject({ code: 0, out: "" });
    const receipt = JSON.parse(readFileSync(file, "utf8")) as { ts: string; exp: string };
    expect(receipt).toMatchObject({
      action: { session: "s", call_id: "c", trace_id: "t", parent_receipt_id: "rec_1" },
      signer: { principal: "agent://acme/bot", acting_for: "user://acme/alice" },
    });
    expect(Date.parse(receipt.exp) - Date.parse(receipt.ts)).toBeGreaterThan(290_000);
    expect(existsSync(join(home, "audit"))).toBe(false);
  });

  it("signs nothing whose receipt it could not hand out", async () => {
    const file = join(temporaryFolder(), "receipt.json");
    writeFileSync(file, "mine");
    for (const output of [file, join(file, "within"), "/none/at/all.json"]) {
      const { code, err } = await sign("--tool", "t", ...TARGET, "--output", output);
      expect(code).toBe(2);
      expect(err).toContain("another --output");
    }
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(existsSync(join(home, "audit"))).toBe(false);
  });

  it.each<[string, string[], RegExp]>([
    ["a key with a slash", ["sign", "--key", "a/b", "--tool", "t"], /--key must be the name of a key/],
    [
      "two ways to hide params",
      ["sign", "--key", "bot", "--tool", "t", "--hash-only", "--encrypt-params"],
      /leave it or --encrypt-params out/,
    ],
    ["no key", ["sign", "--tool", "t"], /--key/],
    [
      "a key that is not there",
      ["sign", "--key", "none", "--tool", "t"],
      /there is no key none in .*: there are bot/,
    ],
    ["no tool", ["sign", "--key", "bot"], /--tool NAME/],
    [
      "params that are no JSON",
      ["sign", "--key", "bot", "--tool", "t", "--params", "{a"],
      /--params is no JSON/,
    ],
    [
      "a file that is not there",
      ["sign", "--key", "bot", "--tool", "t", "--params", "@none.json"],
      /there is no file none.json/,
    ],
    [
      "a variable that is not set",
      ["sign", "--key", "bot", "--tool", "t", "--params-from-env", "NONE_"],
      /NONE_ is not set/,
    ],
    [
      "two params",
      ["sign", "--key", "bot", "--tool", "t", "--params", "{}", "--params-from-env", "P"],
      /leave one out/,
    ],
    ["an end that is over", ["sign", "--key", "bot", "--tool", "t", "--exp", "2020-01-01"], /is over/],
    [
      "an end that is no time",
      ["sign", "--key", "bot", "--tool", "t", "--exp", "soon"],
      /--exp must be a time/,
    ],
    ["a principal that is none", ["sign", "--key", "bot", "--tool", "t", "--acting-for", "alice"], /acting/i],
  ])("ends with 2, one sentence and no record, for %s", async (_, args, message) => {
    const { code, out, err } = await signet(home, args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(existsSync(join(home, "audit"))).toBe(false);
  });
});

describe("signet verify", () => {
  async function receiptFile(...flags: string[]): Promise<string> {
    const file = join(temporaryFolder(), "receipt.json");
    await sign("--tool", "create", ...TARGET, "--output", file, ...flags);
    return file;
  }

  it("says that a receipt holds, by name, key, text or file", async () => {
    const file = await receiptFile();
    const { out: key } = await signet(home, ["identity", "export", "--name", "bot", "--format", "text"]);
    const given = ["bot", key.trim(), key.trim().replace("ed25519:", ""), join(home, "keys", "bot.pub")];
    for (const pubkey of given) {
      const { code, out } = await signet(home, ["verify", file, "--pubkey", pubkey]);
      expect({ pubkey, code }).toEqual({ pubkey, code: 0 });
      expect(out).toMatch(/^Valid: "bot" signed "create" at /);
    }
    const input = readFileSync(file, "utf8");
    expect((await signet(home, ["verify", "-", "--pubkey", "bot"], { input })).code).toBe(0);
  });

  it("ends with 1 for a receipt that was changed, is another's, or is over", async () => {
    const file = await receiptFile();
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("create", "delete"));
    expect(await signet(home, ["verify", file, "--pubkey", "bot"])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^Invalid: bad_signature/) as unknown,
    });
    writeFileSync(file, text);
    await signet(home, ["identity", "generate", "--name", "other", "--unencrypted"]);
    expect(await signetJson(home, ["verify", file, "--pubkey", "other"])).toMatchObject({
      ok: false,
      faults: [{ code: "other_key" }],
    });
    writeFileSync(file, '{"v":1}');
    expect((await signet(home, ["verify", file, "--pubkey", "bot"])).code).toBe(1);
  });

  it("ends with 1 for what a registry trusts no more, and for what is over or not yet", async () => {
    const registry = join(temporaryFolder(), "registry.yaml");
    const text =
      "version: 1\nbundle_id: tb_x\norg: o\nenv: dev\ngenerated_at: 2026-01-01T00:00:00Z\nroots: []\nagents: []\nservers: []\n";
    writeFileSync(registry, text);
    await signet(home, [
      "trust",
      "add",
      registry,
      "--name",
      "bot",
      "--tools",
      "*",
      "--created-at",
      "2026-01-01",
    ]);
    const over = await receiptFile("--exp", "1s");
    const good = await receiptFile();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const verify = async (file: string, ...whose: string[]) => {
      const { faults } = await signetJson<{ faults: { code: string }[] }>(home, ["verify", file, ...whose]);
      return faults.map(({ code }) => code);
    };
    for (const whose of [
      ["--trust-bundle", registry],
      ["--pubkey", "bot"],
    ]) {
      expect(await verify(good, ...whose)).toEqual([]);
      expect(await verify(over, ...whose)).toEqual(["expired"]);
    }
    await signet(home, ["trust", "disable", registry, "--id", "bot"]);
    expect(await verify(good, "--trust-bundle", registry)).toContain("key_disabled");
    const agent = await SigningAgent.open("bot", { home, audit: false, clock: () => Date.now() + 3_600_000 });
    writeFileSync(good, JSON.stringify(await agent.sign("t", {}, { target: "mcp://x" })));
    expect(await verify(good, "--pubkey", "bot")).toEqual(["dated_ahead"]);
  });

  it.each<[string, string, number]>([
    ["v1-plain.json", "agent", 0],
    ["v1-exp-past.json", "agent", 1],
    ["v2-plain.json", "agent", 0],
    ["v3-plain.json", "server", 0],
    ["v3-plain.json", "agent", 1],
    ["v3-over-v4.json", "server", 0],
    ["v4-two.json", "agent", 0],
    ["v1-plain.json", "stranger", 1],
  ])("says of %s under the key of %s what the released CLI says", async (name, who, code) => {
    const keys = JSON.parse(readFileSync(new URL("keys.json", VECTORS), "utf8")) as Record<
      string,
      { pubkey: string }
    >;
    const file = new URL(name, VECTORS).pathname;
    expect((await signet(home, ["verify", file, "--pubkey", keys[who]?.pubkey ?? ""])).code).toBe(code);
  });

  it("asks a registry whose key it is, and what it may call", async () => {
    const file = await receiptFile();
    const registry = join(temporaryFolder(), "registry.yaml");
    writeFileSync(
      registry,
      "version: 1\nbundle_id: tb_x\norg: o\nenv: dev\ngenerated_at: 2026-01-01T00:00:00Z\nroots: []\nagents: []\nservers: []\n",
    );
    const verify = ["verify", file, "--trust-bundle", registry];
    expect((await signet(home, verify)).out).toMatch(/^Invalid: untrusted_signer/);
    // Dated back, so that the receipt is not older than the entry.
    await signet(home, ["trust", "add", registry, "--name", "bot", "--tools", "create"]);
    writeFileSync(
      registry,
      readFileSync(registry, "utf8").replace(/created_at: .*/, "created_at: 2026-01-01T00:00:00Z"),
    );
    expect(await signet(home, verify)).toMatchObject({ code: 0 });
    await signet(home, ["trust", "revoke", registry, "--id", "bot"]);
    expect(await signet(home, verify)).toMatchObject({
      code: 1,
      out: expect.stringContaining("key_revoked") as unknown,
    });
  });

  it.each<[string, string[], RegExp]>([
    ["no receipt", ["verify"], /name the file of a receipt/],
    ["nobody", ["verify", "x.json"], /--pubkey NAME, or --trust-bundle FILE/],
    ["a file that is not there", ["verify", "none.json", "--pubkey", "bot"], /there is no file none.json/],
    ["what is no JSON", ["verify", "README.md", "--pubkey", "bot"], /is no JSON/],
    ["a key that is none", ["verify", "package.json", "--pubkey", "./package.json"], /holds no public key/],
    ["a receipt with --chain", ["verify", "x.json", "--chain"], /leave one out/],
  ])("ends with 2 for %s", async (_, args, message) => {
    const { code, err } = await signet(home, args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it("verifies the chain of the log", async () => {
    const none = await signet(home, ["verify", "--chain"]);
    expect(none.code).toBe(2);
    expect(none.err).toContain("there is no log");
    for (const tool of ["a", "b", "c"]) await sign("--tool", tool, ...TARGET);
    expect(await signet(home, ["verify", "--chain"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Chain intact: 3 records verified\n/) as unknown,
    });
    const { file } = (await signetJson<{ place: { file: string } }[]>(home, ["audit"]))[0]?.place ?? {
      file: "",
    };
    const log = join(home, "audit", file);
    writeFileSync(log, readFileSync(log, "utf8").replace('"tool":"b"', '"tool":"x"'));
    expect(await signet(home, ["verify", "--chain"])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^Chain broken: .*hash_mismatch/s) as unknown,
    });
  });
});
