import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterEach } from "vitest";

const GOLDEN_KEYS = fileURLToPath(new URL("../vectors/home/keys", import.meta.url));

/** Opens `locked-bot` of the golden keys. */
export const GOLDEN_PASSPHRASE = "correct horse battery staple";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A path in a folder of its own, which is removed after the test. */
export function temporaryPath(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "signet-keystore-"));
  folders.push(folder);
  return join(folder, name);
}

/** A copy of the golden keys, with the permissions that keys have. */
export function goldenKeys(): string {
  const dir = temporaryPath("keys");
  cpSync(GOLDEN_KEYS, dir, { recursive: true });
  chmodSync(dir, 0o700);
  for (const file of readdirSync(dir)) chmodSync(join(dir, file), file.endsWith(".key") ? 0o600 : 0o644);
  return dir;
}

/** The forms in which a seed could get into a text. */
export function formsOf(seed: Uint8Array): readonly string[] {
  const bytes = Buffer.from(seed);
  return [
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    bytes.toString("base64"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.join(","),
    bytes.join(", "),
    bytes.toString("latin1"),
  ];
}

/** All that can be seen of a value, by whoever prints it in whatever way. */
export function shownText(value: unknown): string {
  const shown = [inspect(value, { depth: 20, showHidden: true, getters: true }), String(value)];
  const causes: string[] = [];
  for (let error = value; error instanceof Error; error = error.cause) {
    causes.push(error.message, error.stack ?? "", JSON.stringify(Object.entries(error)));
  }
  return [...shown, ...causes, JSON.stringify(value) ?? ""].join("\n");
}
