import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const process of running) process.kill("SIGKILL");
  running.clear();
});

/** A script of `test/audit/children`, and what it has written. */
export class Child {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #rest = "";
  #told: () => void = () => {};

  constructor(script: string, ...args: readonly (number | string)[]) {
    const path = fileURLToPath(new URL(`../children/${script}`, import.meta.url));
    this.process = spawn(process.execPath, [path, ...args.map(String)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    running.add(this.process);
    this.#ended = once(this.process, "close").then(() => {
      running.delete(this.process);
      this.#told();
    });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      this.lines.push(...lines);
      this.#told();
    });
  }

  /** Numbers that it has written. */
  get numbers(): number[] {
    return this.lines.filter((line) => /^\d+$/.test(line)).map(Number);
  }

  /** Waits for a line. */
  async says(wanted: string): Promise<void> {
    while (!this.lines.includes(wanted)) {
      if (this.process.exitCode !== null) throw new Error(`it ended without saying ${wanted}`);
      await this.next();
    }
  }

  /** Waits until it says something more, or ends. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#told = resolve;
    });
  }

  /** Kills it, and waits until all is read that it has written. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#ended;
  }

  async ended(): Promise<number | null> {
    await this.#ended;
    return this.process.exitCode;
  }
}
