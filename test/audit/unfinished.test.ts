import { describe, expect, it } from "vitest";

import { receiptOf } from "../../src/audit/intents/unfinished.js";

describe("the receipt of a line", () => {
  it("is there in whatever layout", () => {
    expect(receiptOf(Buffer.from(' { "receipt" : {"a":"ü"} }\r'))).toEqual({ a: "ü" });
  });

  it.each([
    ["no JSON", Buffer.from("{")],
    ["no record", Buffer.from("[1]")],
    ["no UTF-8", Buffer.from('{"receipt":{"a":"ü"}}', "latin1")],
    [
      "nested deeper than any record",
      Buffer.from(`{"receipt":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`),
    ],
  ])("is none where it is %s", (_, line) => {
    expect(receiptOf(line)).toBeUndefined();
  });
});
