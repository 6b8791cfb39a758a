import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatPublicKey } from "../../src/crypto/key-text.js";
import { signWith } from "../../src/crypto/signer.js";
import { openKeystore } from "../../src/keystore/index.js";
import type { Keystore } from "../../src/keystore/index.js";
import { formsOf, GOLDEN_PASSPHRASE, goldenKeys, shownText, temporaryPath } from "./support.js";

const PASSPHRASE = "pass phrase";
const PLAIN = { unencrypted: true };
const isRoot = process.getuid?.() === 0;

let store: Keystore;

beforeEach(() => {
  vi.stubEnv("SIGNET_PASSPHRASE", undefined);
  store = openKeystore({ dir: temporaryPath("keys"), clock: () => Date.UTC(2026, 10, 26) });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

function file(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(store.dir, name), "utf8")) as Record<string, unknown>;
}

function seedOf(name: string): Buffer {
  return Buffer.from(String(file(`${name}.key`)["seed"]), "base64");
}

describe("a new key", () => {
  it("is encrypted, private, and described by a public file beside it", async () => {
    const made = await store.generate("bot", {
      owner: "acme",
      principal: "agent://acme/bot",
      passphrase: PASSPHRASE,
    });
    expect(made).toEqual({
      name: "bot",
      publicKey: expect.stringMatching(/^ed25519:[A-Za-z0-9+/]{43}=$/) as unknown,
      owner: "acme",
      principal: "agent://acme/bot",
      createdAtMs: Date.UTC(2026, 10, 26),
      encrypted: true,
    });
    expect(Object.keys(file("bot.key"))).toEqual(
      "v algorithm name kdf kdf_params salt cipher nonce ciphertext".split(" "),
    );
    expect(file("bot.key")).toMatchObject({ kdf: "argon2id", kdf_params: { t: 3, m: 65_536, p: 1 } });
    expect(file("bot.pub")).toEqual({
      v: 1,
      algorithm: "ed25519",
      name: "bot",
      pubkey: made.publicKey?.slice("ed25519:".length),
      owner: "acme",
      principal: "agent://acme/bot",
      created_at: "2026-11-26T00:00:00.000Z",
    });
    expect(statSync(join(store.dir, "bot.key")).mode & 0o777).toBe(0o600);
    expect(statSync(store.dir).mode & 0o777).toBe(0o700);
    expect(readdirSync(store.dir).sort()).toEqual(["bot.key", "bot.pub"]);
  });

  it("opens with its passphrase, and signs what its public key verifies", async () => {
    const { publicKey } = await store.generate("bot", { passphrase: PASSPHRASE });
    const { signer, name } = await store.load("bot", { passphrase: PASSPHRASE });
    expect(name).toBe("bot");
    expect(formatPublicKey(signer.publicKey)).toBe(publicKey);
    expect(await signWith(signer, new Uint8Array([1]))).toHaveLength(64);
  });

  it("takes its passphrase from SIGNET_PASSPHRASE", async () => {
    vi.stubEnv("SIGNET_PASSPHRASE", PASSPHRASE);
    expect(await store.generate("bot")).toMatchObject({ encrypted: true });
    expect(await store.load("bot")).toMatchObject({ name: "bot" });
    vi.stubEnv("SIGNET_PASSPHRASE", "");
    await expect(store.load("bot")).rejects.toMatchObject({
      code: "passphrase_missing",
      message: expect.stringMatching(
        /over stdio .*SIGNET_PASSPHRASE and SIGNET_HOME are not among them/,
      ) as unknown,
    });
  });

  it("is not made without a passphrase unless that is said", async () => {
    await expect(store.generate("bot")).rejects.toMatchObject({ code: "passphrase_missing" });
    await expect(store.generate("bot", { passphrase: "" })).rejects.toMatchObject({
      code: "invalid_option",
      option: "options.passphrase",
    });
    await expect(store.generate("bot", { passphrase: "x", unencrypted: true })).rejects.toMatchObject({
      option: "options.unencrypted",
    });
    expect(await store.list()).toEqual([]);
    expect(await store.generate("bot", PLAIN)).toMatchObject({ encrypted: false });
  });

  it.each(["", "a/b", "../x", "a.b", "a b", "ä", "x".repeat(129), 7, null])(
    "is not called %j",
    async (name) => {
      await expect(store.generate(name as string, PLAIN)).rejects.toMatchObject({
        code: "invalid_option",
        option: "name",
      });
    },
  );

  it.each([
    ["owner", 7],
    ["owner", " "],
    ["owner", "x".repeat(1025)],
    ["principal", "Agent://acme/bot"],
    ["principal", ""],
    ["owners", "x"],
    ["unencrypted", "yes"],
  ])("takes no %s of %j", async (option, value) => {
    await expect(store.generate("bot", { ...PLAIN, [option]: value })).rejects.toMatchObject({
      option: `options.${option}`,
    });
    expect(await store.list()).toEqual([]);
  });

  it("never takes the place of another, of which one of many at once is made", async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => store.generate("bot", PLAIN)));
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const tried of tries) {
      if (tried.status === "rejected") expect(tried.reason).toMatchObject({ code: "identity_exists" });
    }
    const before = readFileSync(join(store.dir, "bot.key"), "utf8");
    await expect(store.generate("bot", PLAIN)).rejects.toMatchObject({ code: "identity_exists" });
    expect(readFileSync(join(store.dir, "bot.key"), "utf8")).toBe(before);
    expect(readdirSync(store.dir).sort()).toEqual(["bot.key", "bot.pub"]);
  });

  it("does not take the place of a public key that is there alone", async () => {
    mkdirSync(store.dir, { recursive: true });
    writeFileSync(join(store.dir, "bot.pub"), "somebody's");
    await expect(store.generate("bot", PLAIN)).rejects.toMatchObject({ code: "identity_exists" });
    expect(readdirSync(store.dir)).toEqual(["bot.pub"]);
  });

  it.runIf(isRoot)("leaves nothing behind on a disk that is full", async () => {
    const disk = temporaryPath("disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", disk]);
    try {
      const full = openKeystore({ dir: join(disk, "keys") });
      mkdirSync(full.dir);
      writeFileSync(join(disk, "ballast"), Buffer.alloc(65_536 - 8192));
      try {
        writeFileSync(join(disk, "ballast-2"), Buffer.alloc(65_536));
      } catch {
        // As far as it goes.
      }
      await expect(full.generate("bot", PLAIN)).rejects.toMatchObject({
        code: "keystore_not_writable",
        message: expect.stringContaining("make room") as unknown,
      });
      expect(readdirSync(full.dir)).toEqual([]);
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });

  it("says where it cannot be written", async () => {
    const path = temporaryPath("a-file");
    writeFileSync(path, "");
    await expect(openKeystore({ dir: join(path, "keys") }).generate("bot", PLAIN)).rejects.toMatchObject({
      code: "keystore_not_writable",
    });
  });
});

describe("the keys of other implementations", () => {
  it("open, with their owners and principals", async () => {
    const golden = openKeystore({ dir: goldenKeys() });
    expect(await golden.load("plain-bot")).toMatchObject({ name: "plain-bot", owner: "acme" });
    const locked = await golden.load("locked-bot", { passphrase: GOLDEN_PASSPHRASE });
    expect(locked).toMatchObject({ owner: "acme", principal: "agent://acme/locked-bot" });
    expect(formatPublicKey(locked.signer.publicKey)).toBe(
      "ed25519:+IFm8MnqOsbag+WJAatrrineSS7STKbTS2+D7kSDps0=",
    );
  });

  it("are listed by name", async () => {
    expect(await openKeystore({ dir: goldenKeys() }).list()).toMatchObject([
      { name: "locked-bot", encrypted: true, owner: "acme", createdAtMs: 1_772_359_200_804 },
      { name: "plain-bot", encrypted: false },
      { name: "server", encrypted: false },
    ]);
  });

  it.each([
    undefined,
    "correct horse battery stapl",
    "Correct horse battery staple",
    `${GOLDEN_PASSPHRASE} `,
  ])("do not open with the passphrase %j", async (passphrase) => {
    const code = passphrase === undefined ? "passphrase_missing" : "passphrase_wrong";
    await expect(
      openKeystore({ dir: goldenKeys() }).load("locked-bot", { passphrase }),
    ).rejects.toMatchObject({ code });
  });
});

describe("a list of keys", () => {
  it("is empty where there is no directory", async () => {
    expect(await store.list()).toEqual([]);
  });

  it.skipIf(process.platform === "win32")(
    "waits at no pipe, and reads no device without an end",
    async () => {
      await store.generate("a", PLAIN);
      await store.generate("b", PLAIN);
      rmSync(join(store.dir, "a.pub"));
      execFileSync("mkfifo", [join(store.dir, "a.pub")]);
      expect(await store.list()).toMatchObject([
        { name: "a", problem: expect.stringContaining("no regular file") as unknown },
        { name: "b" },
      ]);
    },
  );

  it("says what is wrong with a key, and lists the others", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) await store.generate(name, PLAIN);
    writeFileSync(join(store.dir, "a.key"), "{}");
    chmodSync(join(store.dir, "b.key"), 0o644);
    rmSync(join(store.dir, "c.pub"));
    writeFileSync(join(store.dir, "d.pub"), readFileSync(join(store.dir, "e.pub")));
    writeFileSync(join(store.dir, ".bot.key.0123456789abcdef.part"), "half");
    writeFileSync(join(store.dir, "notes.txt"), "mine");
    expect(await store.list()).toMatchObject([
      { name: "a", problem: expect.stringContaining("not a key file") as unknown },
      { name: "b", problem: expect.stringContaining("chmod 600") as unknown },
      { name: "c", problem: expect.stringContaining("signet identity export --name c") as unknown },
      { name: "d", problem: expect.stringContaining("another key") as unknown },
      { name: "e" },
    ]);
    expect((await store.list()).at(-1)).not.toHaveProperty("problem");
  });
});

describe("a key that is asked for", () => {
  it("is named beside those there are, where it is not", async () => {
    await expect(store.load("bot")).rejects.toMatchObject({
      code: "identity_not_found",
      message: expect.stringContaining("there is none yet") as unknown,
    });
    await store.generate("other", PLAIN);
    await expect(store.exportPublic("bot")).rejects.toMatchObject({
      code: "identity_not_found",
      message: expect.stringContaining("there are other") as unknown,
    });
  });

  it("is exported in every form of a public key, without a passphrase", async () => {
    const { publicKey } = await store.generate("bot", { passphrase: PASSPHRASE });
    expect(await store.exportPublic("bot")).toBe(publicKey);
    const pem = temporaryPath("bot.pem");
    writeFileSync(pem, await store.exportPublic("bot", { format: "pem" }));
    const text = execFileSync("openssl", ["pkey", "-pubin", "-in", pem, "-outform", "DER"]);
    expect(text.subarray(-32).toString("base64")).toBe(publicKey?.slice(8));
    expect(await store.exportPublic("bot", { format: "openssh" })).toMatch(/^ssh-ed25519 \S{68} bot\n$/);
  });

  it("is not exported where its two files are of two keys", async () => {
    await store.generate("a", PLAIN);
    await store.generate("b", PLAIN);
    writeFileSync(join(store.dir, "a.pub"), readFileSync(join(store.dir, "b.pub")));
    await expect(store.exportPublic("a")).rejects.toMatchObject({ code: "key_file_invalid" });
    await expect(store.load("a")).rejects.toMatchObject({ code: "key_file_invalid" });
  });

  it("gets its public file again when that was lost", async () => {
    const { publicKey } = await store.generate("bot", { passphrase: PASSPHRASE });
    rmSync(join(store.dir, "bot.pub"));
    await expect(store.exportPublic("bot")).rejects.toMatchObject({ code: "passphrase_missing" });
    expect(await store.exportPublic("bot", { passphrase: PASSPHRASE })).toBe(publicKey);
    expect(await store.list()).toMatchObject([{ name: "bot", publicKey }]);
  });
});

describe("a passphrase", () => {
  it.each(["a\uFFFDb", "a\uD800b"])("of what is no UTF-8 is none (%j)", async (passphrase) => {
    await expect(store.generate("bot", { passphrase })).rejects.toMatchObject({ code: "invalid_option" });
    vi.stubEnv("SIGNET_PASSPHRASE", "a\uFFFDb");
    await expect(store.generate("bot")).rejects.toMatchObject({ option: "SIGNET_PASSPHRASE" });
    expect(await store.list()).toEqual([]);
  });

  it("is not changed of a key that is elsewhere", async () => {
    await store.generate("bot", PLAIN);
    const elsewhere = temporaryPath("bot.key");
    renameSync(join(store.dir, "bot.key"), elsewhere);
    symlinkSync(elsewhere, join(store.dir, "bot.key"));
    const change = store.changePassphrase("bot", { next: { passphrase: "x" } });
    await expect(change).rejects.toMatchObject({ code: "key_file_unreadable" });
    expect(await store.load("bot")).toMatchObject({ name: "bot" });
  });

  it("is changed, and the old one opens nothing any more", async () => {
    await store.generate("bot", { passphrase: PASSPHRASE });
    await store.changePassphrase("bot", { passphrase: PASSPHRASE, next: { passphrase: "next" } });
    await expect(store.load("bot", { passphrase: PASSPHRASE })).rejects.toMatchObject({
      code: "passphrase_wrong",
    });
    expect(await store.load("bot", { passphrase: "next" })).toMatchObject({ name: "bot" });
    expect(statSync(join(store.dir, "bot.key")).mode & 0o777).toBe(0o600);
    expect(readdirSync(store.dir).sort()).toEqual(["bot.key", "bot.pub"]);
  });

  it("is taken off and put on", async () => {
    const { publicKey } = await store.generate("bot", { passphrase: PASSPHRASE });
    await store.changePassphrase("bot", { passphrase: PASSPHRASE, next: PLAIN });
    expect(await store.list()).toMatchObject([{ encrypted: false, publicKey }]);
    await store.changePassphrase("bot", { next: { passphrase: PASSPHRASE } });
    expect(await store.list()).toMatchObject([{ encrypted: true, publicKey }]);
  });

  it("stays when the old one is wrong, or there is no new one", async () => {
    await store.generate("bot", { passphrase: PASSPHRASE });
    const before = readFileSync(join(store.dir, "bot.key"), "utf8");
    const wrong = store.changePassphrase("bot", { passphrase: "x", next: { passphrase: "y" } });
    await expect(wrong).rejects.toMatchObject({ code: "passphrase_wrong" });
    const none = store.changePassphrase("bot", { passphrase: PASSPHRASE, next: {} });
    await expect(none).rejects.toMatchObject({ code: "passphrase_missing" });
    expect(readFileSync(join(store.dir, "bot.key"), "utf8")).toBe(before);
  });
});

describe("a key from elsewhere", () => {
  const sources = ["plain", "encrypted"] as const;

  it.each(sources)("comes in as a PEM of OpenSSL (%s), and goes out as one", async (source) => {
    const path = temporaryPath("key.pem");
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", path]);
    if (source === "encrypted") {
      execFileSync("openssl", [
        "pkcs8",
        "-topk8",
        "-in",
        path,
        "-out",
        `${path}.enc`,
        "-passout",
        "pass:src",
      ]);
    }
    const text = readFileSync(source === "encrypted" ? `${path}.enc` : path, "utf8");
    const opens = source === "encrypted" ? { sourcePassphrase: "src" } : {};
    await store.importKey("bot", text, { ...opens, passphrase: PASSPHRASE, owner: "acme" });
    const publicPem = execFileSync("openssl", ["pkey", "-in", path, "-pubout"]).toString();
    expect(await store.exportPublic("bot", { format: "pem" })).toBe(publicPem);
    const exported = await store.exportPrivate("bot", { format: "pkcs8", passphrase: PASSPHRASE });
    expect(exported).toBe(readFileSync(path, "utf8"));
    const sealed = await store.exportPrivate("bot", {
      format: "pkcs8",
      passphrase: PASSPHRASE,
      exportPassphrase: "out",
    });
    writeFileSync(`${path}.out`, sealed, { mode: 0o600 });
    const again = execFileSync("openssl", ["pkey", "-in", `${path}.out`, "-passin", "pass:out", "-pubout"]);
    expect(again.toString()).toBe(publicPem);
  });

  it("comes in as a key of ssh-keygen, and goes out as one", async () => {
    const path = temporaryPath("id_ed25519");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "me@here", "-f", path]);
    await store.importKey("bot", readFileSync(path, "utf8"), PLAIN);
    const [type, key] = readFileSync(`${path}.pub`, "utf8").split(" ");
    expect(await store.exportPublic("bot", { format: "openssh" })).toBe(`${type} ${key} bot\n`);
    writeFileSync(`${path}.out`, await store.exportPrivate("bot", { format: "openssh" }), { mode: 0o600 });
    const again = execFileSync("ssh-keygen", ["-y", "-f", `${path}.out`]).toString();
    expect(again.split(" ").slice(0, 2)).toEqual([type, key]);
  });

  it("is refused with what to do, as an OpenSSH key with a passphrase", async () => {
    const path = temporaryPath("id_ed25519");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", path]);
    await expect(store.importKey("bot", readFileSync(path, "utf8"), PLAIN)).rejects.toMatchObject({
      code: "import_invalid",
      message: expect.stringContaining("ssh-keygen -p") as unknown,
    });
  });

  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  });
  it.each([
    ["an RSA key", rsa.toString(), "type rsa"],
    ["nothing", "", "no private key"],
    ["a key file of Signet", '{"v":1}', "no private key"],
    ["half a PEM", "-----BEGIN PRIVATE KEY-----\nMC4C", "no PEM"],
    ["a public key", "-----BEGIN PUBLIC KEY-----\n", "no private key"],
    [
      "half an OpenSSH key",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=",
      "no OpenSSH",
    ],
  ])("is not taken where it is %s", async (_, text, message) => {
    await expect(store.importKey("bot", text, PLAIN)).rejects.toMatchObject({
      code: "import_invalid",
      message: expect.stringContaining(message) as unknown,
    });
    expect(await store.list()).toEqual([]);
  });

  it("is not taken where a PEM holds two", async () => {
    const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    await expect(store.importKey("bot", pem + pem, PLAIN)).rejects.toMatchObject({
      code: "import_invalid",
      message: expect.stringContaining("several") as unknown,
    });
  });

  it("is not taken where the two halves of an OpenSSH key are of two keys", async () => {
    const path = temporaryPath("id_ed25519");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
    const lines = readFileSync(path, "utf8").split("\n");
    const body = Buffer.from(lines.slice(1, -2).join(""), "base64");
    // The public key is there three times: in front, and twice in what is private.
    const seedAt = body.lastIndexOf(body.subarray(body.indexOf("ssh-ed25519") + 15).subarray(0, 32)) - 32;
    body.writeUInt8(body.readUInt8(seedAt) ^ 1, seedAt);
    const text = [lines[0], ...(body.toString("base64").match(/.{1,70}/g) ?? []), ...lines.slice(-2)].join(
      "\n",
    );
    await expect(store.importKey("bot", text, PLAIN)).rejects.toMatchObject({ code: "import_invalid" });
  });

  it("needs the passphrase of an encrypted PEM, and the right one", async () => {
    const path = temporaryPath("key.pem");
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", path]);
    execFileSync("openssl", ["pkcs8", "-topk8", "-in", path, "-out", `${path}.enc`, "-passout", "pass:src"]);
    const text = readFileSync(`${path}.enc`, "utf8");
    await expect(store.importKey("bot", text, PLAIN)).rejects.toMatchObject({ code: "passphrase_missing" });
    const wrong = store.importKey("bot", text, { ...PLAIN, sourcePassphrase: "x" });
    await expect(wrong).rejects.toSatisfy(
      (error: Error) => error.cause === undefined && "code" in error && error.code === "passphrase_wrong",
    );
  });
});

describe("the secret of a key", () => {
  it("is in nothing that can be printed, nor in any fault", async () => {
    await store.generate("bot", PLAIN);
    const seed = seedOf("bot");
    const identity = await store.load("bot");
    const shown = [store, identity, identity.signer, await store.list()].map(shownText);
    const content = readFileSync(join(store.dir, "bot.key"), "utf8");
    const damaged = [
      content.slice(0, -2),
      content.replace('"seed"', '"sead"'),
      content.replace('"v": 1', '"v": 2'),
      content.replace("=", ""),
      content.replace('"ed25519"', '"ed448"'),
      content.replace("{", '{"x":1,'),
    ];
    for (const text of damaged) {
      writeFileSync(join(store.dir, "bot.key"), text);
      const error: unknown = await store.load("bot").catch((error: unknown) => error);
      expect(error).toMatchObject({ code: "key_file_invalid" });
      shown.push(shownText(error), shownText(await store.list()));
    }
    for (const form of formsOf(seed)) expect(shown.join("\n")).not.toContain(form);
  });
});
