import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NonceTable } from "../../src/replay/nonce-table.js";

const print = (first: number, second = 0, third = 0, fourth = 0): Int32Array =>
  Int32Array.of(first, second, third, fourth);

/** The fingerprint of the nth nonce: the finaliser of MurmurHash3 spreads first words as SHA-256 would. */
function nth(index: number): Int32Array {
  let first = Math.imul(index ^ (index >>> 16), 0x85eb_ca6b);
  first = Math.imul(first ^ (first >>> 13), 0xc2b2_ae35);
  return print(first ^ (first >>> 16), index);
}

/** A table next to a plain map that does the same, with the time below which all is dead. */
class Twins {
  readonly #table = new NonceTable();
  readonly #times = new Map<string, number>();
  #alive = 1;

  get lines(): number {
    return this.#table.lines;
  }

  claim(words: Int32Array, time: number): void {
    const expected = (this.#times.get(words.join()) ?? 0) >= this.#alive;
    assert.equal(this.#table.has(words, this.#alive), expected);
    if (expected || time < this.#alive) return;
    this.#table.add(words, time, this.#alive);
    this.#times.set(words.join(), time);
    this.#table.fit(this.#live(), this.#alive);
    assert.ok(this.#table.has(words, this.#alive));
  }

  forget(steps: number): void {
    this.#alive += steps;
  }

  checkAll(): void {
    for (const [words, time] of this.#times) {
      const print = Int32Array.from(words.split(","), Number);
      assert.equal(this.#table.has(print, this.#alive), time >= this.#alive);
    }
  }

  #live(): number {
    return [...this.#times.values()].filter((time) => time >= this.#alive).length;
  }
}

describe("the nonce table", () => {
  it("agrees with a map, over growth, spilling and expiry", () => {
    const word = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer());
    // A narrow first word makes fingerprints gather in few lines, which then spill.
    const words = fc.tuple(fc.oneof(fc.constantFrom(0, 1, 2, 64, -1), word), word, word, word);
    const step = fc.record({ words, time: fc.nat({ max: 20 }), forget: fc.constantFrom(0, 0, 0, 0, 1, 5) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (taken) => {
        const twins = new Twins();
        for (const {
          words: [a, b, c, d],
          time,
          forget,
        } of taken) {
          twins.claim(print(a, b, c, d), time + 1);
          twins.forget(forget);
        }
        twins.checkAll();
      }),
      { numRuns: 500 },
    );
  });

  it("tells fingerprints apart that differ in any one word", () => {
    const table = new NonceTable();
    table.add(print(1, 2, 3, 4), 1, 1);
    const others = [print(0, 2, 3, 4), print(1, 0, 3, 4), print(1, 2, 0, 4), print(1, 2, 3, 0)];
    expect(others.map((other) => table.has(other, 1))).toEqual([false, false, false, false]);
    expect(table.has(print(1, 2, 3, 4), 1)).toBe(true);
  });

  it("holds what was added before each step of its growth", () => {
    const table = new NonceTable();
    const count = 20_000;
    for (let index = 0; index < count; index++) {
      table.add(nth(index), 1, 1);
      table.fit(index + 1, 1);
    }
    for (let index = 0; index < count; index++) expect(table.has(nth(index), 1)).toBe(true);
    expect(table.has(nth(count), 1)).toBe(false);
    expect(table.lines).toBe(Math.ceil(count / 3));
  });

  it("grows by one line a nonce at most", () => {
    const table = new NonceTable();
    table.fit(1_000_000, 1);
    expect(table.lines).toBe(2);
  });

  it("reuses the room of the dead, so that nonces that come and go do not make it grow", () => {
    const table = new NonceTable();
    for (let index = 0; index < 200_000; index++) {
      const alive = Math.floor(index / 100) + 1;
      table.add(nth(index), alive + 10, alive);
      table.fit(Math.min(index + 1, 1000), alive);
    }
    expect(table.lines).toBe(334);
    expect(table.spillLines).toBeLessThan(100);
  });

  it("keeps working when all fingerprints are made to share one line", () => {
    const table = new NonceTable();
    for (let index = 0; index < 300; index++) {
      table.add(print(0, index), 1, 1);
      table.fit(index + 1, 1);
    }
    for (let index = 0; index < 300; index++) expect(table.has(print(0, index), 1)).toBe(true);
    expect(table.has(print(0, 300), 1)).toBe(false);
  });
});
