import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The built command line, and shells in real terminals to try it in. */

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Tells whether a program is there. */
export function hasProgram(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
}

/** What is said of tests that are passed over for want of programs; nothing if they are there. */
export function skippedWithout(...names: readonly string[]): string {
  const missing = names.filter((name) => !hasProgram(name));
  return missing.length === 0 ? "" : ` (skipped: there is no ${missing.join(", no ")})`;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `signet` where there is no terminal. */
export function signet(home: string, ...args: readonly string[]): Ended {
  const env = { ...process.env, SIGNET_HOME: home };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

/** Makes an empty directory. */
export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), "signet-cli-"));
}

/** Puts `signet` into a directory of programs. @returns a `PATH` with it. */
export function pathWithSignet(dir: string): string {
  const file = join(dir, "signet");
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(file, 0o755);
  return `${dir}:${process.env["PATH"] ?? ""}`;
}

let started = 0;

/** How long something may take to show. */
const PATIENCE_MS = 15_000;
const LOOK_AGAIN_MS = 50;

/** A shell in a terminal of tmux. */
export class Terminal {
  readonly #socket: string;
  readonly #dir: string;

  constructor(
    shell: readonly string[],
    env: Readonly<Record<string, string>>,
    size: { readonly columns: number; readonly rows: number } = { columns: 100, rows: 40 },
  ) {
    this.#dir = newDirectory();
    this.#socket = join(this.#dir, `tmux-${++started}`);
    const settings = Object.entries({ ...env, PS1: "READY$ " }).map(([name, value]) => `${name}=${value}`);
    const [columns, rows] = [String(size.columns), String(size.rows)];
    const start = ["new-session", "-d", "-x", columns, "-y", rows, "env", ...settings, ...shell];
    this.#tmux("-f", "/dev/null", ...start);
  }

  /** Presses keys, as tmux names them. */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  /** Types text. */
  type(text: string): void {
    this.#tmux("send-keys", "-l", text);
  }

  /** What can be seen, with what was scrolled away. */
  screen(): string {
    return this.#tmux("capture-pane", "-p", "-J", "-S", "-200")
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  }

  /** A fact that tmux knows of the terminal. */
  fact(name: string): string {
    return this.#tmux("display-message", "-p", `#{${name}}`).trim();
  }

  /** Waits until something can be seen, and gives what can be seen then. */
  async sees(text: RegExp, patienceMs: number = PATIENCE_MS): Promise<string> {
    const until = Date.now() + patienceMs;
    for (;;) {
      const screen = this.screen();
      if (text.test(screen)) return screen;
      if (Date.now() > until) throw new Error(`${text} is not to be seen in\n${screen}`);
      await setTimeout(LOOK_AGAIN_MS);
    }
  }

  /** Forgets what was shown. */
  clear(): void {
    this.#tmux("send-keys", "-R");
    this.#tmux("clear-history");
  }

  close(): void {
    this.#tmux("kill-server");
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-S", this.#socket, ...args], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8", TERM: "xterm-256color" },
    });
  }
}
