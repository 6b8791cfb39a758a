import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { formatPublicKey } from "../../src/crypto/key-text.js";
import { openKeyFile } from "../../src/keystore/key-file.js";

const HOME = new URL("../vectors/home/keys/", import.meta.url);
const SEED = "MNIWlHyD7m72K9WhFvlsax03R445UPqNUv43F2TWq/E=";

let folder = "";
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signet-key-file-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function written(content: unknown, mode = 0o600): Promise<string> {
  const path = join(folder, `key-${count++}.key`);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  await chmod(path, mode);
  return path;
}

async function vector(name: string): Promise<string> {
  const path = join(folder, name);
  await copyFile(new URL(name, HOME), path);
  await chmod(path, 0o600);
  return path;
}

const plain = { v: 1, algorithm: "ed25519", name: "plain-bot", seed: SEED };

describe("openKeyFile", () => {
  it.each(["plain-bot", "server"])("reads the key of %s as another implementation wrote it", async (name) => {
    const key = await openKeyFile(await vector(`${name}.key`));
    const published: unknown = JSON.parse(await readFile(new URL(`${name}.pub`, HOME), "utf8"));
    expect(key.name).toBe(name);
    expect(published).toMatchObject({
      pubkey: formatPublicKey(key.signer.publicKey).slice("ed25519:".length),
    });
  });

  it("says that a file is missing", async () => {
    await expect(openKeyFile(join(folder, "none.key"))).rejects.toMatchObject({ code: "identity_not_found" });
    const file = await written(plain);
    await expect(openKeyFile(join(file, "within"))).rejects.toMatchObject({ code: "identity_not_found" });
  });

  it("says that a key is encrypted", async () => {
    await expect(openKeyFile(await vector("locked-bot.key"))).rejects.toMatchObject({
      code: "passphrase_missing",
    });
  });

  it("says that a folder is no file", async () => {
    const path = join(folder, "folder.key");
    await mkdir(path, { mode: 0o700 });
    await expect(openKeyFile(path)).rejects.toMatchObject({ code: "key_file_unreadable" });
  });

  it.skipIf(process.platform === "win32")("says so of a named pipe, without waiting at it", async () => {
    const path = join(folder, "pipe.key");
    execFileSync("mkfifo", ["-m", "600", path]);
    await expect(openKeyFile(path)).rejects.toMatchObject({ code: "key_file_unreadable" });
  });

  it.skipIf(process.platform === "win32").each([0o640, 0o604, 0o644, 0o620, 0o602, 0o666, 0o610])(
    "refuses a file with mode %o, and says what to run",
    async (mode) => {
      const path = await written(plain, mode);
      await expect(openKeyFile(path)).rejects.toMatchObject({
        code: "key_file_permissions",
        message: expect.stringContaining(`chmod 600 '${path}'`),
      });
    },
  );

  it.skipIf(process.platform === "win32")("judges the file that a link leads to", async () => {
    const [good, bad] = [join(folder, "good-link.key"), join(folder, "bad-link.key")];
    await symlink(await written(plain, 0o400), good);
    await symlink(await written(plain, 0o444), bad);
    expect((await openKeyFile(good)).name).toBe("plain-bot");
    await expect(openKeyFile(bad)).rejects.toMatchObject({ code: "key_file_permissions" });
  });

  it.each<[string, unknown]>([
    ["is empty", ""],
    ["is no JSON", `{"seed":"${SEED}`],
    ["is a list", [plain]],
    ["is null", "null"],
    ["has another version", { ...plain, v: 2 }],
    ["has the version as text", { ...plain, v: "1" }],
    ["has another algorithm", { ...plain, algorithm: "secp256k1" }],
    ["has no name", { v: 1, algorithm: "ed25519", seed: SEED }],
    ["has an empty name", { ...plain, name: "" }],
    ["has a name with a slash", { ...plain, name: "../bot" }],
    ["has a name that ends in a newline", { ...plain, name: "bot\n" }],
    ["has no seed", { v: 1, algorithm: "ed25519", name: "bot" }],
    ["has a short seed", { ...plain, seed: "AAAA" }],
    ["has an unpadded seed", { ...plain, seed: SEED.slice(0, -1) }],
    ["has a url-safe seed", { ...plain, seed: SEED.replace("/", "_") }],
    ["has a member that is not in the format", { ...plain, sede: SEED }],
    ["is too large", `${JSON.stringify(plain)}${" ".repeat(70_000)}`],
  ])("refuses a file that %s, and tells nothing of what is in it", async (_name, content) => {
    const error: unknown = await openKeyFile(await written(content)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "KeystoreError", code: "key_file_invalid" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(SEED.slice(0, 6));
  });
});
