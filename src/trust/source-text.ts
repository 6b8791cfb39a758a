import { TrustRegistryError } from "../errors.js";
import type { TrustRegistryErrorCode } from "../errors.js";

const ODD_BREAK = /\r(?!\n)|[\u0085\u2028\u2029]/;

/** The text of a registry, able to say where in it something is. */
export class SourceText {
  readonly text: string;
  readonly file: string | undefined;
  #lineStarts: readonly number[] | undefined;

  /** @param file - Name for error messages. */
  constructor(text: string, file?: string) {
    // A byte order mark is allowed at the start of a YAML file and stands for nothing.
    this.text = text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.file = file;
  }

  /**
   * Refuses what some readers of YAML take as the end of a line, and others not: what one reads as a comment is a field for the other.
   *
   * @throws `TrustRegistryError` `registry_syntax`.
   */
  refuseOddBreaks(): void {
    const at = this.text.search(ODD_BREAK);
    if (at < 0) return;
    const problem =
      "this character ends a line for some readers of YAML and not for others; end lines with LF or CR LF";
    throw this.fault("registry_syntax", at, problem);
  }

  /** Line of the character at `offset`, from 1. */
  lineAt(offset: number): number {
    const starts = (this.#lineStarts ??= findLineStarts(this.text));
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** Makes the error for a fault at `offset`. `problem` says what is wrong there and what to do. */
  fault(code: TrustRegistryErrorCode, offset: number, problem: string, cause?: unknown): TrustRegistryError {
    const line = this.lineAt(offset);
    const column = offset - (this.#lineStarts?.[line - 1] ?? 0) + 1;
    const message = `${this.file ?? "trust registry"}:${line}:${column}: ${problem}`;
    return new TrustRegistryError(code, message, { file: this.file, line, column, cause });
  }
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
