import { describe, expect, it } from "vitest";

import { andThen, isPromise } from "../../src/lib/maybe-promise.js";

describe("andThen", () => {
  it("goes on at once with a value that is there", () => {
    expect(andThen(1, (n) => n + 1)).toBe(2);
    expect(andThen(null, () => "null is a value")).toBe("null is a value");
  });

  it("waits for a value that comes later", async () => {
    const result = andThen(Promise.resolve(1), (n) => n + 1);
    expect(isPromise(result)).toBe(true);
    expect(await result).toBe(2);
  });

  it("waits when what follows does", async () => {
    expect(await andThen(1, async (n) => n + 1)).toBe(2);
  });

  it("throws at once what is thrown at once, and rejects what comes later", async () => {
    const fail = (): never => {
      throw new Error("no");
    };
    expect(() => andThen(1, fail)).toThrow("no");
    await expect(andThen(Promise.resolve(1), fail)).rejects.toThrow("no");
    await expect(andThen(Promise.reject(new Error("before")), () => 1)).rejects.toThrow("before");
  });
});
