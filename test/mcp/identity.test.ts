import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatPublicKey } from "../../src/crypto/key-text.js";
import { openIdentity, parseIdentityOption } from "../../src/mcp/identity.js";
import { agent } from "./client/harness.js";

const KEYS = new URL("../vectors/home/keys/", import.meta.url);
const PLAIN_BOT = "ed25519:Q9w8RE0BOhx4Hm81Nrm8YkYxgBUtisF/sr9Gwz65G0o=";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "signet-identity-"));
  await mkdir(join(home, "keys"));
  vi.stubEnv("SIGNET_HOME", home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

async function install(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await copyFile(new URL(name, KEYS), join(home, "keys", name));
    await chmod(join(home, "keys", name), 0o600);
  }
}

describe("an identity that is a name", () => {
  it("is the key file of that name in SIGNET_HOME, with the owner of the public file beside it", async () => {
    await install("plain-bot.key", "plain-bot.pub");
    const identity = await openIdentity("plain-bot");
    expect(identity).toMatchObject({ name: "plain-bot", owner: "acme" });
    expect(formatPublicKey(identity.signer.publicKey)).toBe(PLAIN_BOT);
  });

  it("claims no owner when there is no public file", async () => {
    await install("plain-bot.key");
    expect((await openIdentity("plain-bot")).owner).toBeUndefined();
  });

  it("is refused when the file holds a key of another name", async () => {
    await install("plain-bot.key");
    await copyFile(join(home, "keys", "plain-bot.key"), join(home, "keys", "other.key"));
    await expect(openIdentity("other")).rejects.toMatchObject({ code: "key_file_invalid" });
  });

  it("is refused when there is no such file, when it is encrypted, or when others may read it", async () => {
    await expect(openIdentity("nobody")).rejects.toMatchObject({ code: "identity_not_found" });
    await install("locked-bot.key", "plain-bot.key");
    await expect(openIdentity("locked-bot")).rejects.toMatchObject({ code: "passphrase_missing" });
    await chmod(join(home, "keys", "plain-bot.key"), 0o644);
    await expect(openIdentity("plain-bot")).rejects.toMatchObject({ code: "key_file_permissions" });
  });
});

describe("an identity that is the private key itself", () => {
  const seed = Buffer.from("/o83WgQ1aVq+kJzYc0mE5sT2uN7pB4xL9dRfHgK6w+I=", "base64");
  const base64 = seed.toString("base64");
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const keyFile = JSON.stringify({ v: 1, algorithm: "ed25519", name: "bot", seed: base64 });
  const forms: [string, unknown][] = [
    ["the key file", keyFile],
    ["the key file, indented", JSON.stringify(JSON.parse(keyFile), undefined, 2)],
    ["base64 with a slash", base64],
    ["base64 without its padding", base64.slice(0, -1)],
    ["base64 without a slash", Buffer.alloc(32, 0x55).toString("base64")],
    ["base64url", seed.toString("base64url")],
    ["hex", seed.toString("hex")],
    ["hex in capitals", seed.toString("hex").toUpperCase()],
    ["base64 with the end of a line", `${base64}\n`],
    ["base64 in quotes", `"${base64}"`],
    ["base64 with a prefix", `ed25519:${base64}`],
    ["seed and public key", Buffer.concat([seed, seed]).toString("base64")],
    ["PEM", `-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI${base64}\n-----END PRIVATE KEY-----`],
    ["PKCS #8 in base64", pkcs8.toString("base64")],
    ["PKCS #8 in base64url", pkcs8.toString("base64url")],
    ["PKCS #8 in hex", pkcs8.toString("hex")],
    ["hex with a prefix", `0x${seed.toString("hex")}`],
    ["hex with colons", seed.toString("hex").replace(/..(?=.)/g, "$&:")],
    ["a list of bytes", seed.join(",")],
    ["a list of bytes in brackets", JSON.stringify([...seed])],
    ["a line of a key file", `"seed": "${base64}"`],
    ["an assignment", `seed=${base64}`],
    ["a signer that is the seed's text", { signer: base64, name: "bot" }],
    ["a signer that is the seed", { signer: seed, name: "bot" }],
    ["a public key that is the seed's text", { signer: agent, name: "bot", publicKey: base64 }],
  ];

  it.each(forms)("is refused and shown nowhere: %s", async (_, identity) => {
    const error: unknown = await openIdentity(identity).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: "invalid_option" });
    const shown = inspect(error, { depth: 9, showHidden: true });
    const needles = [
      base64.slice(0, 20),
      pkcs8.toString("base64").slice(0, 22),
      seed.join(",").slice(0, 20),
      seed
        .toString("hex")
        .replace(/..(?=.)/g, "$&:")
        .slice(0, 20),
      seed.toString("hex").slice(0, 20),
      "VVVVVVVVVV",
      "_o83WgQ1",
    ];
    for (const needle of needles) expect(shown.toLowerCase()).not.toContain(needle.toLowerCase());
  });

  it.each([
    ["in a folder that is there", (): string => join(tmpdir(), "a-key-of-some-length-without-any-dot-in-it")],
    ["with a dot", (): string => "/nowhere/that/is/there/a-key-of-some-length-in-it.key"],
  ])("is not what a path %s is taken for", async (_, path) => {
    await expect(openIdentity(path())).rejects.toMatchObject({
      code: "identity_not_found",
      message: expect.stringContaining(path()),
    });
  });

  it("may all the same be the name of a key that is there", async () => {
    const name = "a".repeat(64);
    const file = JSON.stringify({ v: 1, algorithm: "ed25519", name, seed: base64 });
    await writeFile(join(home, "keys", `${name}.key`), file, { mode: 0o600 });
    expect((await openIdentity(name)).name).toBe(name);
  });
});

describe("an identity that is a path", () => {
  it("is that key file", async () => {
    await install("plain-bot.key", "plain-bot.pub");
    const path = join(home, "keys", "plain-bot.key");
    await expect(openIdentity(path)).resolves.toMatchObject({ name: "plain-bot", owner: "acme" });
  });

  it.each([
    ["is of another key", "server.pub"],
    ["is no JSON", "{"],
    ["is no object", "[]"],
    ["has no key", "{}"],
    ["has an owner that is no text", `{"pubkey":"Q9w8RE0BOhx4Hm81Nrm8YkYxgBUtisF/sr9Gwz65G0o=","owner":{}}`],
    ["is too large", `{"pad":"${"x".repeat(70_000)}"}`],
  ])("is refused when the public file beside it %s", async (_, content) => {
    await install("plain-bot.key", "server.pub");
    const path = join(home, "keys", "plain-bot.pub");
    if (content === "server.pub") await copyFile(join(home, "keys", content), path);
    else await writeFile(path, content);
    await expect(openIdentity(join(home, "keys", "plain-bot.key"))).rejects.toMatchObject({
      code: "key_file_invalid",
    });
  });

  it("is refused when the public file beside it cannot be read", async () => {
    await install("plain-bot.key");
    await mkdir(join(home, "keys", "plain-bot.pub"));
    await expect(openIdentity(join(home, "keys", "plain-bot.key"))).rejects.toMatchObject({
      code: "key_file_unreadable",
    });
  });
});

describe("an identity that is a signer", () => {
  it("is taken as it is", async () => {
    const identity = { signer: agent, name: "bot", owner: "acme", principal: "agent://acme/bot" };
    await expect(openIdentity(identity)).resolves.toEqual(identity);
  });
});

describe("an identity of the wrong type", () => {
  it.each<[string, unknown, string]>([
    ["missing_option", undefined, "options.identity"],
    ["invalid_option", "", "options.identity"],
    ["invalid_option", "no such name", "options.identity"],
    ["invalid_option", 5, "options.identity"],
    ["invalid_option", null, "options.identity"],
    ["unknown_option", { signer: agent, name: "bot", key: "x" }, "options.identity.key"],
    ["invalid_option", { signer: "x", name: "bot" }, "options.identity.signer"],
    [
      "invalid_option",
      { signer: { publicKey: new Uint8Array(31), sign: () => undefined }, name: "bot" },
      "options.identity.signer",
    ],
    ["invalid_option", { signer: { publicKey: new Uint8Array(32) }, name: "bot" }, "options.identity.signer"],
    ["invalid_option", { signer: agent }, "options.identity.name"],
    ["invalid_option", { signer: agent, name: " " }, "options.identity.name"],
    ["invalid_option", { signer: agent, name: "x".repeat(1025) }, "options.identity.name"],
    ["invalid_option", { signer: agent, name: "bot", owner: 1 }, "options.identity.owner"],
    ["invalid_option", { signer: agent, name: "bot", principal: "" }, "options.identity.principal"],
  ])("is %s", (code, identity, option) => {
    expect(() => parseIdentityOption(identity)).toThrow(
      expect.objectContaining({ name: "OptionError", code, option }),
    );
  });
});
