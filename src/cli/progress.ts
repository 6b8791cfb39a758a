import { styled } from "./output.js";

/** A bar on long work, on the terminal's other stream; nothing in a pipe. */
export class ProgressBar {
  readonly #label: string;
  #shownMs = 0;
  #isShown = false;

  constructor(label: string) {
    this.#label = label;
  }

  /** @param done - Of `total`. */
  show(done: number, total: number): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#shownMs < REFRESH_MS || total === 0) return;
    this.#shownMs = now;
    this.#isShown = true;
    const share = Math.min(1, done / total);
    const full = Math.round(share * WIDTH);
    const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
    process.stderr.write(
      `\r${this.#label} ${styled("cyan", bar, process.stderr)} ${Math.floor(share * 100)} %`,
    );
  }

  /** Takes it off. */
  end(): void {
    if (this.#isShown) process.stderr.write("\r\u001b[K");
    this.#isShown = false;
  }
}

const WIDTH = 32;
const REFRESH_MS = 100;
