import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { GOLDEN_PASSPHRASE } from "../keystore/support.js";
import { goldenHome, signet, signetJson, temporaryFolder } from "./support.js";

const PLAIN = ["--unencrypted"];
const SECRET = { SIGNET_PASSPHRASE: "secret" };

let home: string;
beforeEach(() => {
  home = join(temporaryFolder(), "home");
});

const generate = (name: string, ...flags: string[]) =>
  signet(home, ["identity", "generate", "--name", name, ...flags]);

describe("signet identity generate", () => {
  it("makes a key, prints its public key alone, and says where it is", async () => {
    const { code, out, err } = await generate(
      "bot",
      "--owner",
      "acme",
      "--principal",
      "agent://acme/bot",
      ...PLAIN,
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^ed25519:[A-Za-z0-9+/]{43}=\n$/);
    expect(err).toContain(join(home, "keys", "bot.key"));
    expect(statSync(join(home, "keys", "bot.key")).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(home, "keys", "bot.pub"), "utf8"))).toMatchObject({
      owner: "acme",
      principal: "agent://acme/bot",
    });
  });

  it("encrypts by SIGNET_PASSPHRASE", async () => {
    const key = await signetJson(home, ["identity", "generate", "--name", "bot"], { env: SECRET });
    expect(key).toMatchObject({ name: "bot", encrypted: true });
    expect((await signet(home, ["sign", "--key", "bot", "--tool", "t"], { env: SECRET })).code).toBe(0);
    const wrong = await signet(home, ["sign", "--key", "bot", "--tool", "t"], {
      env: { SIGNET_PASSPHRASE: "other" },
    });
    expect(wrong).toMatchObject({ code: 1, out: "" });
    expect(wrong.err).toContain("the passphrase is another, or the file is damaged");
  });

  it.each<[string, string[], RegExp]>([
    ["no name", [], /--name/],
    ["a slash", ["--name", "a/b", ...PLAIN], /--name must be/],
    [
      "no terminal and no passphrase",
      ["--name", "a"],
      /no terminal.*SIGNET_PASSPHRASE, or say --unencrypted/,
    ],
    ["a principal that is none", ["--name", "a", "--principal", "me", ...PLAIN], /--principal must be/],
    ["a flag that there is not", ["--name", "a", "--unencrypt", ...PLAIN], /Did you mean --unencrypted/],
  ])("ends with 2, one sentence and nothing made, for %s", async (_, flags, message) => {
    const { code, out, err } = await signet(home, ["identity", "generate", ...flags]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(existsSync(home)).toBe(false);
  });

  it("asks for no passphrase of no characters", async () => {
    const { code, err } = await signet(home, ["identity", "generate", "--name", "a"], {
      env: { SIGNET_PASSPHRASE: "" },
    });
    expect(code).toBe(2);
    expect(err).toContain("no terminal");
  });

  it("never overwrites", async () => {
    await generate("bot", ...PLAIN);
    const before = readFileSync(join(home, "keys", "bot.key"), "utf8");
    const { code, err } = await generate("bot", ...PLAIN);
    expect(code).toBe(2);
    expect(err).toContain("no key is ever overwritten");
    expect(readFileSync(join(home, "keys", "bot.key"), "utf8")).toBe(before);
  });
});

describe("signet identity list", () => {
  it("shows the keys of the other implementations, and none of their secrets", async () => {
    const golden = goldenHome();
    const { code, out } = await signet(golden, ["identity", "list"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^NAME +OWNER +PRINCIPAL +KEPT +CREATED +PUBLIC KEY\n/);
    expect(out).toMatch(/locked-bot +acme +agent:\/\/acme\/locked-bot +encrypted/);
    expect(await signetJson(golden, ["identity", "list"])).toMatchObject([
      { name: "locked-bot", encrypted: true },
      { name: "plain-bot", encrypted: false },
      { name: "server" },
    ]);
  });

  it("says how to make the first", async () => {
    const { code, out, err } = await signet(home, ["identity", "list"]);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toContain("signet identity generate");
    expect(await signetJson(home, ["identity", "list"])).toEqual([]);
  });
});

describe("signet identity export", () => {
  it("prints the public file, or the key in other forms", async () => {
    await generate("bot", "--owner", "acme", ...PLAIN);
    const ask = (format: string) => signet(home, ["identity", "export", "--name", "bot", "--format", format]);
    expect(JSON.parse((await ask("json")).out)).toMatchObject({ name: "bot", owner: "acme" });
    expect((await ask("text")).out).toMatch(/^ed25519:/);
    expect((await ask("pem")).out).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect((await ask("openssh")).out).toMatch(/^ssh-ed25519 /);
    expect((await ask("der")).code).toBe(2);
  });

  it("gives a private key away only where that is said, to a file of its owner's", async () => {
    await signet(home, ["identity", "generate", "--name", "bot"], { env: SECRET });
    const file = join(temporaryFolder(), "bot.pem");
    const args = ["identity", "export", "--name", "bot", "--private", "--output", file];
    expect((await signet(home, args, { env: SECRET })).err).toContain("--format pem or --format openssh");
    const run = await signet(home, [...args, "--format", "pem"], { env: SECRET });
    expect(run).toMatchObject({ code: 0, out: "" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(execFileSync("openssl", ["pkey", "-in", file, "-pubout"]).toString()).toBe(
      (await signet(home, ["identity", "export", "--name", "bot", "--format", "pem"])).out,
    );
    const again = await signet(home, [...args, "--format", "pem"], { env: SECRET });
    expect(again.code).toBe(2);
    expect(again.err).toContain("is there already");
  });

  it("says which keys there are, for one that there is not", async () => {
    await generate("bot", ...PLAIN);
    const { code, err } = await signet(home, ["identity", "export", "--name", "other"]);
    expect(code).toBe(2);
    expect(err).toContain("there are bot");
  });
});

describe("signet identity import", () => {
  it("takes a PEM, an OpenSSH key and the standard input", async () => {
    const folder = temporaryFolder();
    const pem = join(folder, "key.pem");
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", pem]);
    const ssh = join(folder, "id_ed25519");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", ssh]);
    expect((await signet(home, ["identity", "import", pem, "--name", "a", ...PLAIN])).code).toBe(0);
    expect((await signet(home, ["identity", "import", ssh, "--name", "b", ...PLAIN])).code).toBe(0);
    const input = readFileSync(pem, "utf8");
    expect((await signet(home, ["identity", "import", "-", "--name", "c", ...PLAIN], { input })).code).toBe(
      0,
    );
    const keys = await signetJson<{ name: string; publicKey: string }[]>(home, ["identity", "list"]);
    expect(keys.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(keys[0]?.publicKey).toBe(keys[2]?.publicKey);
  });

  it("opens an encrypted PEM by a variable that is named", async () => {
    const pem = join(temporaryFolder(), "key.pem");
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", pem]);
    execFileSync("openssl", ["pkcs8", "-topk8", "-in", pem, "-out", `${pem}.enc`, "-passout", "pass:src"]);
    const args = [
      "identity",
      "import",
      `${pem}.enc`,
      "--name",
      "a",
      ...PLAIN,
      "--source-passphrase-env",
      "SRC",
    ];
    expect((await signet(home, args, { env: { SRC: "other" } })).code).toBe(1);
    expect((await signet(home, args)).code).toBe(2);
    expect((await signet(home, args, { env: { SRC: "src" } })).code).toBe(0);
  });

  it.each<[string, string]>([
    ["a file that is not there", "nothing.pem"],
    ["a directory", "."],
    ["what is no key", "package.json"],
  ])("ends with 2 for %s", async (_, file) => {
    const run = await signet(home, ["identity", "import", file, "--name", "a", ...PLAIN]);
    expect(run.code).toBe(2);
    expect(existsSync(join(home, "keys"))).toBe(false);
  });
});

describe("signet identity passphrase", () => {
  it("changes it, takes it off, and leaves it where the old one is wrong", async () => {
    const golden = goldenHome();
    const args = ["identity", "passphrase", "--name", "locked-bot"];
    const old = { SIGNET_PASSPHRASE: GOLDEN_PASSPHRASE };
    const before = readFileSync(join(golden, "keys", "locked-bot.key"), "utf8");
    const wrong = await signet(golden, [...args, "--unencrypted"], { env: { SIGNET_PASSPHRASE: "x" } });
    expect(wrong.code).toBe(1);
    const both = await signet(golden, [...args, "--unencrypted", "--new-passphrase-env", "NEXT"], {
      env: { ...old, NEXT: "next" },
    });
    expect(both.code).toBe(2);
    const none = await signet(golden, args, { env: old });
    expect(none.code).toBe(2);
    expect(none.err).toContain("--new-passphrase-env");
    expect(readFileSync(join(golden, "keys", "locked-bot.key"), "utf8")).toBe(before);
    const changed = await signet(golden, [...args, "--new-passphrase-env", "NEXT"], {
      env: { ...old, NEXT: "next" },
    });
    expect(changed.code).toBe(0);
    expect(
      (await signet(golden, [...args, "--unencrypted"], { env: { SIGNET_PASSPHRASE: "next" } })).code,
    ).toBe(0);
    expect(await signetJson(golden, ["identity", "list"])).toMatchObject([
      { name: "locked-bot", encrypted: false },
      {},
      {},
    ]);
  });
});

describe("a full disk", () => {
  it.runIf(process.getuid?.() === 0)("ends with 2, one sentence and nothing half written", async () => {
    const disk = join(temporaryFolder(), "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", disk]);
    try {
      mkdirSync(join(disk, "keys"));
      try {
        writeFileSync(join(disk, "ballast"), Buffer.alloc(65_536));
      } catch {
        // As far as it goes.
      }
      const { code, err } = await signet(disk, ["identity", "generate", "--name", "bot", ...PLAIN]);
      expect(code).toBe(2);
      expect(err).toMatch(/^error: .*make room on its disk\n$/);
      expect(readdirSync(join(disk, "keys"))).toEqual([]);
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
});
