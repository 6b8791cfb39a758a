import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

const CLAIMER = fileURLToPath(new URL("./children/claimer.mjs", import.meta.url));
const folders: string[] = [];
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A path in a folder of its own, which is removed after the test. */
export function temporaryPath(name: string = "replay"): string {
  const folder = mkdtempSync(join(tmpdir(), "signet-file-store-"));
  folders.push(folder);
  return join(folder, name);
}

/** A process that claims. */
export interface Claimer {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Once it has printed a line that `fits`. */
  line(fits: (line: string) => boolean): Promise<string>;
  readonly ended: Promise<void>;
}

/** One claim that a process made in its loop. */
export interface LoopClaim {
  readonly outcome: string;
  readonly nonce: string;
  /** The longest that any claim of the process took up to here. */
  readonly longestMs: number;
}

/** A process that claims on and on, and the file that it writes. */
export interface Looper {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly claims: () => readonly LoopClaim[];
  /** Once it has made a claim. */
  readonly busy: () => Promise<void>;
}

export async function startLooper(path: string, name: string): Promise<Looper> {
  const file = temporaryPath("claims");
  const { child, ended } = await startClaimer(path, "loop", name, file);
  const claims = (): LoopClaim[] =>
    readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => {
        const [outcome = "", nonce = "", longest = ""] = line.split("\t");
        return { outcome, nonce, longestMs: Number(longest) };
      });
  const busy = async (): Promise<void> => {
    while (!existsSync(file) || statSync(file).size === 0) await setTimeout(2);
  };
  return { child, ended, claims, busy };
}

/** Starts a process that claims, and waits until its store is open. */
export async function startClaimer(...args: readonly string[]): Promise<Claimer> {
  const child = spawn(process.execPath, [CLAIMER, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let isGone = false;
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      isGone = true;
      for (const look of waiting) look();
      resolve();
    });
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const line = (fits: (text: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(fits);
        if (found !== undefined) resolve(found);
        else if (isGone) reject(new Error("the process has ended"));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  await line((text) => text === "ready");
  return { child, lines, line, ended };
}
