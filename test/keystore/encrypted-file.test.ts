import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keyFileText, openKeyFile } from "../../src/keystore/key-file.js";
import { sealSeed } from "../../src/keystore/seal.js";
import { GOLDEN_PASSPHRASE, goldenKeys, temporaryPath } from "./support.js";

/** Costs next to nothing, so that every byte can be tried. */
const CHEAP = { t: 1, m: 8, p: 1 };
const SEED = new Uint8Array(32).fill(7);
const PASSPHRASE = "x";

async function cheapFile(): Promise<string> {
  return keyFileText({ name: "bot", sealed: await sealSeed("bot", SEED, PASSPHRASE, CHEAP) });
}

function written(text: string): string {
  const path = temporaryPath("bot.key");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function codeOf(text: string, passphrase: string = PASSPHRASE): Promise<unknown> {
  return await openKeyFile(written(text), passphrase).then(
    () => "opened",
    (error: { code: string }) => error.code,
  );
}

/** Where the values of a JSON text are, quotes left out. */
function valuePlaces(text: string): readonly number[] {
  const places: number[] = [];
  for (const match of text.matchAll(/(?<=": )(?:"([^"]*)"|(\d+))/g)) {
    const [whole, inner = whole] = match;
    const start = match.index + whole.indexOf(inner);
    for (let at = start; at < start + inner.length; at++) places.push(at);
  }
  return places;
}

describe("an encrypted key file", () => {
  it("opens", async () => {
    expect(await codeOf(await cheapFile())).toBe("opened");
  });

  it("does not open when any byte of its values is another", async () => {
    const text = await cheapFile();
    const places = valuePlaces(text);
    expect(places.length).toBeGreaterThan(150);
    const opened: string[] = [];
    for (const at of places) {
      for (const character of new Set([
        "A",
        "b",
        "0",
        "9",
        "/",
        "=",
        "-",
        " ",
        '"',
        "\\",
        String.fromCharCode(text.charCodeAt(at) ^ 1),
      ])) {
        if (character === text[at]) continue;
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        if ((await codeOf(changed)) === "opened") opened.push(`${at}: ${text[at]} ${character}`);
      }
    }
    expect(opened).toEqual([]);
  }, 120_000);

  it("tells of damage that only the cipher can see what it tells of another passphrase", async () => {
    const path = `${goldenKeys()}/locked-bot.key`;
    const text = readFileSync(path, "utf8");
    const wrong: unknown = await openKeyFile(path, "wrong").catch((error: unknown) => error);
    for (const [from, to] of [
      ["1C0X", "1C0Y"],
      ["NyEl", "NyEk"],
      ["6SnW", "6SnX"],
      ["ZqDm", "ZqDn"],
    ] as const) {
      writeFileSync(path, text.replace(from, to));
      chmodSync(path, 0o600);
      const damaged: unknown = await openKeyFile(path, GOLDEN_PASSPHRASE).catch((error: unknown) => error);
      expect(damaged).toEqual(wrong);
      expect(damaged).toMatchObject({ code: "passphrase_wrong", message: (wrong as Error).message });
    }
  });

  it("takes as long for the one as for the other", async () => {
    const text = keyFileText({
      name: "bot",
      sealed: await sealSeed("bot", SEED, PASSPHRASE, { t: 2, m: 4096, p: 1 }),
    });
    const damaged = written(
      text.replace(/"ciphertext": "(.)/, (whole, first) => whole.slice(0, -1) + (first === "A" ? "B" : "A")),
    );
    const whole = written(text);
    const took = { damaged: [] as number[], wrong: [] as number[] };
    for (let round = 0; round < 41; round++) {
      for (const [kind, path, passphrase] of [
        ["damaged", damaged, PASSPHRASE],
        ["wrong", whole, "y"],
      ] as const) {
        const began = performance.now();
        await expect(openKeyFile(path, passphrase)).rejects.toMatchObject({ code: "passphrase_wrong" });
        took[kind].push(performance.now() - began);
      }
    }
    const [one, other] = [took.damaged, took.wrong].map((times) => times.sort((a, b) => a - b)[20] ?? 0);
    expect(Math.abs((one ?? 0) - (other ?? 0)) / Math.min(one ?? 0, other ?? 0)).toBeLessThan(0.5);
  });

  it.each([
    ['"t": 1', '"t": 0'],
    ['"t": 1', '"t": 11'],
    ['"t": 1', '"t": 1.5'],
    ['"t": 1', '"t": "1"'],
    ['"t": 1', '"t": 1e9'],
    ['"m": 8', '"m": 7'],
    ['"m": 8', '"m": 262145'],
    ['"m": 8', '"m": 4294967296'],
    ['"p": 1', '"p": 0'],
    ['"p": 1', '"p": 5'],
    ['"p": 1', '"p": 2'],
    ['"p": 1', '"p": 1, "x": 1'],
    ['"argon2id"', '"argon2i"'],
    ['"argon2id"', "null"],
    ['"xchacha20poly1305"', '"aes-256-gcm"'],
    ['"v": 1', '"v": 2'],
    ['"algorithm"', '"algo"'],
  ])("is not opened, and runs no KDF, with %s as %s", async (from, to) => {
    const text = await cheapFile();
    expect(text).toContain(from);
    const began = performance.now();
    expect(await codeOf(text.replace(from, to))).toBe("key_file_invalid");
    expect(performance.now() - began, "a hundredth of what is asked for").toBeLessThan(3000);
  });

  it("is not opened where there is a seed beside what is encrypted", async () => {
    const text = (await cheapFile()).replace("{", '{"seed": "AAAA",');
    expect(await codeOf(text)).toBe("key_file_invalid");
  });
});
