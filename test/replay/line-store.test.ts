import { describe, expect, it } from "vitest";
import { LINE_WORDS, LineStore } from "../../src/replay/line-store.js";

describe("the line store", () => {
  it("has a place of its own for every line, over all segments", () => {
    const store = new LineStore();
    const lines = 5000;
    store.reach(lines - 1);
    for (let line = 0; line < lines; line++) {
      for (let word = 0; word < LINE_WORDS; word++) store.words(line)[store.offset(line) + word] = line;
    }
    for (let line = 0; line < lines; line++) {
      const at = store.offset(line);
      const words = store.words(line).subarray(at, at + LINE_WORDS);
      expect(words.length).toBe(LINE_WORDS);
      expect(words.every((word) => word === line)).toBe(true);
    }
  });

  it("grows without moving or changing what is there", () => {
    const store = new LineStore();
    store.reach(0);
    const words = store.words(0);
    words[3] = 7;
    store.reach(100_000);
    expect(store.words(0)).toBe(words);
    expect(store.words(0)[3]).toBe(7);
    expect(store.words(100_000)[store.offset(100_000)]).toBe(0);
  });

  it("refuses a line that was not reached", () => {
    const store = new LineStore();
    store.reach(31);
    expect(() => store.words(32)).toThrow(RangeError);
  });
});
