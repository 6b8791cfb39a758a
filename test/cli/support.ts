import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

/** The built command. */
export const SIGNET: string = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const GOLDEN_HOME = fileURLToPath(new URL("../vectors/home", import.meta.url));

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own, removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "signet-cli-"));
  folders.push(folder);
  return folder;
}

/** A copy of the golden `SIGNET_HOME`, with the permissions that keys have. */
export function goldenHome(): string {
  const home = join(temporaryFolder(), "home");
  cpSync(GOLDEN_HOME, home, { recursive: true });
  for (const dir of ["", "keys", "audit"]) chmodSync(join(home, dir), 0o700);
  for (const file of readdirSync(join(home, "keys"))) chmodSync(join(home, "keys", file), 0o600);
  for (const file of readdirSync(join(home, "audit"))) chmodSync(join(home, "audit", file), 0o600);
  return home;
}

/** What a command left. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly cwd?: string;
}

/** Runs the built command with a home of its own, and no passphrase in the environment unless one is given. */
export function signet(home: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { env = {}, input = "", cwd } = options;
  const { SIGNET_PASSPHRASE: _, ...rest } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SIGNET, ...args], {
      env: { ...rest, SIGNET_HOME: home, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, out, err });
    });
    child.stdin.end(input);
  });
}

/** The JSON value that a command prints. */
export async function signetJson<T>(home: string, args: readonly string[], options?: RunOptions): Promise<T> {
  const { code, out, err } = await signet(home, [...args, "--json"], options);
  if (code === 2) throw new Error(`signet ${args.join(" ")}: ${err}`);
  return JSON.parse(out) as T;
}
