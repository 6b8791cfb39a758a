import type { Sha256Text } from "../../crypto/digest.js";
import { quoted } from "../../lib/text.js";
import { GENESIS_HASH } from "../record/types.js";
import type { PieceResult } from "./check-piece.js";
import type { Finding } from "./findings.js";

/** A record that follows another than the one before it, and is the first of its file. What that means the other files tell. */
export interface FileBreak {
  readonly file: string;
  /** The file before; `undefined` for the first one. */
  readonly fileBefore: string | undefined;
  readonly line: number;
  readonly prev: Sha256Text;
  readonly expected: Sha256Text;
}

/** A link that does not hold, as it comes up. */
export type BrokenLink = { readonly finding: Finding } | { readonly fileBreak: FileBreak };

/**
 * Follows the chain over the pieces of a log, in their order. One fault is one finding: after it, records may follow those
 * before it or those in it.
 */
export class Chain {
  readonly start: Sha256Text;
  /** What the next record should follow; `undefined` when that is not known. */
  #next: readonly Sha256Text[] | undefined;
  /** What it should have followed if the last break had not been. */
  #resume: readonly Sha256Text[] = [];
  #file = "";
  #fileBefore: string | undefined;
  #lines = 0;
  #records = 0;

  constructor(start: Sha256Text) {
    this.start = start;
    this.#next = [start];
  }

  beginFile(name: string): void {
    this.#fileBefore = this.#file === "" ? undefined : this.#file;
    this.#file = name;
    this.#lines = 0;
    this.#records = 0;
  }

  /** Passes over lines, or the rest of a file, of which nothing is known. */
  skip(lines: number): void {
    this.#lines += lines;
    this.#next = undefined;
  }

  /** @returns the links that do not hold. */
  add(piece: PieceResult): BrokenLink[] {
    const broken: BrokenLink[] = [];
    const isBroken = (prev: Sha256Text, expected: readonly Sha256Text[]): boolean => {
      const isNew = !this.#resume.includes(prev);
      this.#resume = expected;
      return isNew;
    };
    if (piece.first !== undefined && this.#next?.includes(piece.first.prev) === false) {
      const { prev, line } = piece.first;
      const expected = this.#next;
      if (isBroken(prev, expected)) broken.push(this.#describe(prev, expected, line, this.#records === 0));
    }
    for (const { prev, expected, line } of piece.breaks) {
      if (isBroken(prev, expected)) broken.push(this.#describe(prev, expected, line, false));
    }
    if (piece.hasContent) this.#next = piece.next;
    this.#lines += piece.lines;
    this.#records += piece.records;
    return broken;
  }

  #describe(
    prev: Sha256Text,
    expectedHashes: readonly Sha256Text[],
    line: number,
    isFirst: boolean,
  ): BrokenLink {
    const file = this.#file;
    const expected = expectedHashes[0] ?? this.start;
    const at = this.#lines + line;
    if (isFirst) return { fileBreak: { file, fileBefore: this.#fileBefore, line: at, prev, expected } };
    const place = { file, line: at };
    const finding: Finding =
      prev === GENESIS_HASH
        ? { code: "other_chain", place, detail: "a chain begins here", expected, found: prev }
        : {
            code: "link_broken",
            place,
            detail: "prev_hash is not the hash of the record before",
            expected,
            found: prev,
          };
    return { finding };
  }
}

/** Says what it means that a file does not follow the one before, once the ends of all files are known. */
export function explainFileBreak(
  { file, fileBefore, line, prev, expected }: FileBreak,
  lastHashes: ReadonlyMap<Sha256Text, string>,
): Finding {
  const place = { file, line };
  const hashes = { expected, found: prev };
  const follows = lastHashes.get(prev);
  if (follows !== undefined) {
    const after = fileBefore === undefined ? "and is the first here" : `not ${quoted(fileBefore)}`;
    return { code: "day_out_of_order", place, detail: `it follows ${quoted(follows)}, ${after}`, ...hashes };
  }
  if (fileBefore === undefined) {
    return { code: "start_missing", place, detail: "what the first record follows is not here", ...hashes };
  }
  if (prev === GENESIS_HASH) {
    return {
      code: "other_chain",
      place,
      detail: `a chain begins here, after ${quoted(fileBefore)}`,
      ...hashes,
    };
  }
  const between = `${quoted(fileBefore)} and ${quoted(file)}`;
  const detail = `records are missing between ${between}: the end of the one, or days between`;
  return { code: "records_missing", place, detail, ...hashes };
}
