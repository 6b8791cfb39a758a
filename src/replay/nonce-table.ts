import { FINGERPRINT_WORDS } from "./fingerprint.js";
import { LineStore } from "./line-store.js";

/**
 * Where in a line things are, in words. The words that a claim reads come first and share one cache line: the link
 * to the line that this one spills into, then, slot by slot, the first word of each fingerprint and its time.
 */
const LINK = 0;
const FIRST = 1;
const SLOTS = 6;

/** How far from the first word of a fingerprint its time and its other words are. */
const TIME = 6;
const SECOND = 12;
const THIRD = 18;
const FOURTH = 24;

/** Nonces a line at which the table grows. Of lines with six slots that hold three on average few spill. */
const NONCES_A_LINE = 3;

const NONE = -1;

/**
 * A set of fingerprints, each of which lives until a time.
 *
 * A slot whose time is below `alive` is free, without anybody having emptied it: whoever comes by next reuses it. So
 * expiry costs nothing, and neither walks nor moves anything. Times count from 1, and so does `alive`: a slot that was
 * never used has time 0.
 *
 * The table grows by one line at a time (linear hashing: W. Litwin, VLDB 1980), which splits one other line, so no claim
 * ever waits for a rehash. Lines that are full spill into further ones, which are given back when all in them is dead.
 */
export class NonceTable {
  readonly #home = new LineStore();
  readonly #spill = new LineStore();
  readonly #moved = new Int32Array(FINGERPRINT_WORDS);
  #lines = 1;
  #mask = 0;
  #spillLines = 1;
  #freeSpill = 0;

  constructor() {
    this.#home.reach(0);
  }

  /** Lines in use for hashing; what they spill into is not counted. */
  get lines(): number {
    return this.#lines;
  }

  /** Lines that others spilt into, at the most so far. */
  get spillLines(): number {
    return this.#spillLines - 1;
  }

  /** Tells whether the fingerprint is there and alive. */
  has(print: Int32Array, alive: number): boolean {
    let lines = this.#home;
    let line = this.#homeLine(print);
    do {
      const words = lines.words(line);
      const at = lines.offset(line);
      for (let slot = at + FIRST; slot < at + FIRST + SLOTS; slot++) {
        if (holds(words, slot, print) && isAlive(words, slot, alive)) return true;
      }
      lines = this.#spill;
      line = words[at + LINK] ?? 0;
    } while (line !== 0);
    return false;
  }

  /**
   * Adds a fingerprint until `time`, unless it is there and alive.
   *
   * @returns Whether it was added.
   */
  add(print: Int32Array, time: number, alive: number): boolean {
    const home = this.#homeLine(print);
    let words = this.#home.words(home);
    let at = this.#home.offset(home);
    if ((words[at + LINK] ?? 0) !== 0) this.#dropDeadLink(words, at, alive);
    let freeWords = words;
    let free = NONE;
    for (;;) {
      for (let slot = at + FIRST; slot < at + FIRST + SLOTS; slot++) {
        if (isAlive(words, slot, alive)) {
          if (holds(words, slot, print)) return false;
        } else if (free === NONE) {
          freeWords = words;
          free = slot;
        }
      }
      let link = words[at + LINK] ?? 0;
      if (link === 0) {
        if (free !== NONE) break;
        link = this.#takeSpill();
        words[at + LINK] = link;
      }
      words = this.#spill.words(link);
      at = this.#spill.offset(link);
    }
    freeWords[free] = print[0] ?? 0;
    freeWords[free + TIME] = time;
    freeWords[free + SECOND] = print[1] ?? 0;
    freeWords[free + THIRD] = print[2] ?? 0;
    freeWords[free + FOURTH] = print[3] ?? 0;
    return true;
  }

  /** Grows by at most one line if it is too small for `live` nonces: to be called after each {@link add}. */
  fit(live: number, alive: number): void {
    if (live <= this.#lines * NONCES_A_LINE) return;
    const added = this.#lines;
    this.#lines = added + 1;
    if (added > this.#mask) this.#mask = this.#mask * 2 + 1;
    this.#home.reach(added);
    this.#split(added & (this.#mask >>> 1), alive);
  }

  #homeLine(print: Int32Array): number {
    const first = print[0] ?? 0;
    const line = first & this.#mask;
    return line < this.#lines ? line : line & (this.#mask >>> 1);
  }

  /** Puts what is alive in a line, and in those that it spills into, where it belongs now. */
  #split(line: number, alive: number): void {
    const words = this.#home.words(line);
    const at = this.#home.offset(line);
    let link = words[at + LINK] ?? 0;
    words[at + LINK] = 0;
    this.#rehome(words, at, line, alive);
    while (link !== 0) {
      const spilt = this.#spill.words(link);
      const from = this.#spill.offset(link);
      const next = spilt[from + LINK] ?? 0;
      this.#rehome(spilt, from, NONE, alive);
      this.#giveBackSpill(link);
      link = next;
    }
  }

  /** Moves what is alive in the line at `at` to its home line, except what is at home in `here`. */
  #rehome(words: Int32Array, at: number, here: number, alive: number): void {
    for (let slot = at + FIRST; slot < at + FIRST + SLOTS; slot++) {
      if (!isAlive(words, slot, alive)) continue;
      this.#moved[0] = words[slot] ?? 0;
      this.#moved[1] = words[slot + SECOND] ?? 0;
      this.#moved[2] = words[slot + THIRD] ?? 0;
      this.#moved[3] = words[slot + FOURTH] ?? 0;
      if (this.#homeLine(this.#moved) === here) continue;
      const time = words[slot + TIME] ?? 0;
      words[slot + TIME] = 0;
      this.add(this.#moved, time, alive);
    }
  }

  /** Cuts off the line that the one at `at` spills into, if nothing in it is alive. */
  #dropDeadLink(words: Int32Array, at: number, alive: number): void {
    const link = words[at + LINK] ?? 0;
    const next = this.#spill.words(link);
    const from = this.#spill.offset(link);
    for (let slot = from + FIRST; slot < from + FIRST + SLOTS; slot++) if (isAlive(next, slot, alive)) return;
    words[at + LINK] = next[from + LINK] ?? 0;
    this.#giveBackSpill(link);
  }

  /** A line with nothing alive in it. Line 0 is never used: as a link, 0 says that there is none. */
  #takeSpill(): number {
    const link = this.#freeSpill;
    if (link !== 0) {
      const words = this.#spill.words(link);
      const at = this.#spill.offset(link);
      this.#freeSpill = words[at + LINK] ?? 0;
      words[at + LINK] = 0;
      return link;
    }
    const fresh = this.#spillLines++;
    this.#spill.reach(fresh);
    return fresh;
  }

  #giveBackSpill(link: number): void {
    const words = this.#spill.words(link);
    words[this.#spill.offset(link) + LINK] = this.#freeSpill;
    this.#freeSpill = link;
  }
}

function isAlive(words: Int32Array, slot: number, alive: number): boolean {
  return (words[slot + TIME] ?? 0) >= alive;
}

function holds(words: Int32Array, slot: number, print: Int32Array): boolean {
  return (
    words[slot] === print[0] &&
    words[slot + SECOND] === print[1] &&
    words[slot + THIRD] === print[2] &&
    words[slot + FOURTH] === print[3]
  );
}
