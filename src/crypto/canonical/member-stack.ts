import { isOwn, isOwnEnumerable } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";

/** So many entries are kept room for; after an object with more the columns start anew. */
const KEEP_ENTRIES = 4096;

/**
 * The members of the objects that a walk is in: a stack in three columns, as a list for each object would cost more than
 * the members do.
 */
export class MemberStack {
  keys: string[] = [];
  values: unknown[] = [];
  /** The values of the objects that are compared with those at work, in the same places. */
  others: unknown[] = [];
  #top = 0;
  #highest = 0;

  /** Where the members of the next object begin. */
  get top(): number {
    return this.#top;
  }

  /** Adds an object's members. @returns where they end. */
  push(object: JsonRecord): number {
    const { keys, values } = this;
    let end = this.#top;
    for (const key in object) {
      if (!isOwn(object, key)) continue;
      keys[end] = key;
      values[end] = object[key];
      end++;
    }
    this.#top = end;
    if (end > this.#highest) this.#highest = end;
    return end;
  }

  /**
   * Puts the values of another object beside those from `base` up to `end`, if it has the same keys. All keys are
   * compared before any value: to descend on a guess and start over is exponential in the depth.
   */
  match(other: JsonRecord, base: number, end: number): boolean {
    const { keys, others } = this;
    let at = base;
    let count = 0;
    for (const key in other) {
      if (!isOwn(other, key)) continue;
      count++;
      if (at < end && key === keys[at]) others[at++] = other[key];
    }
    if (count !== end - base) return false;
    if (at === end) return true;
    // As many keys: others, or the same in another order.
    for (at = base; at < end; at++) {
      const key = keys[at] ?? "";
      if (!isOwnEnumerable(other, key)) return false;
      others[at] = other[key];
    }
    return true;
  }

  /** Takes the members from `base` on off the stack. */
  pop(base: number): void {
    this.#top = base;
  }

  /** Lets go of all keys and values: what a stranger sends must not stay. */
  clear(): void {
    this.#top = 0;
    if (this.#highest === 0) return;
    if (this.#highest > KEEP_ENTRIES) {
      this.keys = [];
      this.values = [];
      this.others = [];
    } else {
      this.keys.fill("", 0, this.#highest);
      this.values.fill(undefined, 0, this.#highest);
      this.others.fill(undefined, 0, this.#highest);
    }
    this.#highest = 0;
  }
}
