import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { goldenRegistryText } from "../audit/support/evidence.js";
import { GOLDEN_PASSPHRASE } from "../keystore/support.js";
import { goldenHome, signet, signetJson, temporaryFolder } from "./support.js";

interface Listed {
  readonly place: { readonly file: string };
  readonly receipt: { readonly action: { readonly tool: string } };
}

let home: string;
beforeEach(() => {
  home = goldenHome();
});

describe("signet audit", () => {
  it("lists what the released CLI wrote, in its own columns", async () => {
    const { code, out } = await signet(home, ["audit"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^TIME +SIGNER +TOOL +TARGET +KIND +OUTCOME\n/);
    const records = await signetJson<Listed[]>(home, ["audit"]);
    expect(out).toContain(`\n${records.length} records\n`);
  });

  it("chooses by time, tool, signer and number, the newest of which are meant", async () => {
    const all = await signetJson<Listed[]>(home, ["audit"]);
    const tools = new Set(all.map(({ receipt }) => receipt.action.tool));
    const [tool = ""] = tools;
    const part = tool.slice(1, 4);
    const some = await signetJson<Listed[]>(home, ["audit", "--tool", part]);
    expect(some.length).toBeGreaterThan(0);
    expect(some.every(({ receipt }) => receipt.action.tool.includes(part))).toBe(true);
    expect(await signetJson(home, ["audit", "--limit", "2"])).toEqual(all.slice(-2));
    expect(await signetJson(home, ["audit", "--since", "1h"])).toEqual([]);
    expect(await signetJson(home, ["audit", "--since", "2026-03-01"])).toEqual(all);
    expect(await signetJson(home, ["audit", "--signer", "nobody"])).toEqual([]);
  });

  it("verifies chain and signatures, by whom the keys are vouched for", async () => {
    const open = await signet(home, ["audit", "--verify"]);
    expect(open).toMatchObject({ code: 0, out: expect.stringMatching(/^Log intact: /) as unknown });
    expect(open.err).toContain("--trust-bundle");
    const registry = join(temporaryFolder(), "registry.yaml");
    writeFileSync(registry, goldenRegistryText());
    const vouched = await signet(
      home,
      ["audit", "--verify", "--trust-bundle", registry, "--decrypt-params"],
      {
        env: { SIGNET_PASSPHRASE: GOLDEN_PASSPHRASE },
      },
    );
    expect(vouched.err).toContain("vouched for by");
    expect(vouched.err).not.toContain("could not be checked");
    expect(vouched.code).toBe(0);
  });

  it("ends with 1, and says where, for a log that was changed", async () => {
    const [day = ""] = readdirSync(join(home, "audit")).sort();
    const file = join(home, "audit", day);
    writeFileSync(file, readFileSync(file, "utf8").replace(/"nonce":"rnd_./, '"nonce":"rnd_x'));
    const { code, out } = await signet(home, ["audit", "--verify"]);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^Log broken: [^]*${day}:1 +hash_mismatch`));
    const report = await signetJson<{ ok: boolean; findings: { code: string }[] }>(home, [
      "audit",
      "--verify",
    ]);
    expect(report).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ code: "hash_mismatch" })]) as unknown,
    });
  });

  it("exports to a file that is not there yet", async () => {
    const file = join(temporaryFolder(), "records.json");
    expect((await signet(home, ["audit", "--export", file, "--limit", "3"])).code).toBe(0);
    const all = await signetJson<object[]>(home, ["audit"]);
    const exported = JSON.parse(readFileSync(file, "utf8")) as object[];
    expect(exported).toEqual(all.slice(-3).map((record) => ({ ...record, place: undefined })));
    const again = await signet(home, ["audit", "--export", file]);
    expect(again.code).toBe(2);
    expect(again.err).toContain("is there already");
  });

  it("writes a bundle that it verifies, and finds what was changed in it", async () => {
    const dir = join(temporaryFolder(), "evidence");
    const registry = join(temporaryFolder(), "registry.yaml");
    writeFileSync(registry, goldenRegistryText());
    const bundle = await signet(home, ["audit", "--bundle", dir, "--include-trust-bundle", registry]);
    expect(bundle).toMatchObject({ code: 0, out: "" });
    const restored = await signet(home, ["audit", "--restore", dir]);
    expect(restored).toMatchObject({ code: 0, out: expect.stringMatching(/^Bundle intact: /) as unknown });
    expect(restored.err).toContain("whoever made the bundle");
    expect((await signet(home, ["audit", "--bundle", dir])).code).toBe(2);
    const records = join(dir, "records.jsonl");
    writeFileSync(records, readFileSync(records, "utf8").replace("rnd_", "rnd-"));
    const broken = await signet(home, ["audit", "--restore", dir]);
    expect(broken).toMatchObject({ code: 1, out: expect.stringMatching(/^Bundle broken: /) as unknown });
    expect(await signetJson(home, ["audit", "--restore", dir])).toMatchObject({ ok: false });
  });

  it("lists calls without an end", async () => {
    const { code, out } = await signet(home, ["audit", "--unfinished"]);
    expect(code).toBe(0);
    expect(out).toMatch(/\d+ calls? without an end\n$/);
  });

  it("has nothing where there is no log", async () => {
    const none = join(temporaryFolder(), "home");
    expect(await signet(none, ["audit"])).toMatchObject({ code: 0, out: "0 records\n" });
    expect(await signetJson(none, ["audit"])).toEqual([]);
    expect(existsSync(none)).toBe(false);
  });

  it("shows nothing that a terminal obeys", async () => {
    const own = join(temporaryFolder(), "home");
    await signet(own, ["identity", "generate", "--name", "bot", "--unencrypted"]);
    const tool = "\u001b[2J\u202eevil\u0007";
    await signet(own, ["sign", "--key", "bot", "--tool", tool, "--target", "mcp://x\u009b1m"]);
    for (const args of [["audit"], ["audit", "--json"], ["audit", "--unfinished"]]) {
      const { out, err } = await signet(own, args);
      // eslint-disable-next-line no-control-regex
      expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });

  it.each<[string[], RegExp]>([
    [["--since", "yesterday-ish"], /--since must be how long ago, such as 24h or 7d, or a time/],
    [["--until", "7x"], /--until must be/],
    [["--trust-bundle", "x.yaml"], /--trust-bundle means something for --verify, --restore only/],
    [["--verify", "--tool", "t"], /--tool means something for the list, --export only/],
    [["--dir", "none"], /none/],
    [["--limit", "0"], /--limit must be a number from 1 on/],
    [["--limit", "many"], /--limit must be a number/],
    [["--verify", "--unfinished"], /--verify and --unfinished are two tasks/],
    [["--restore", "none"], /none/],
    [["--verify", "--trust-bundle", "none.yaml"], /none.yaml/],
    [["--bundle", "/none/at/all"], /none/],
    [["--verifi"], /Did you mean --verify/],
  ])("ends with 2 and one sentence for %j", async (flags, message) => {
    const { code, err } = await signet(home, ["audit", ...flags]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n {4}at /);
  });
});
