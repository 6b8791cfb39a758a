import { describe, expect, it } from "vitest";

import { MemberStack } from "../../src/crypto/canonical/member-stack.js";

describe("the stack of members", () => {
  it.each([1, 100, 4096, 5000])("keeps nothing of %i members once it is cleared", (count) => {
    const stack = new MemberStack();
    const object = Object.fromEntries(Array.from({ length: count }, (_, at) => [`key ${at}`, { at }]));
    const end = stack.push(object);
    expect(end).toBe(count);
    expect(stack.match({ ...object }, 0, end)).toBe(true);
    stack.clear();
    expect(stack.top).toBe(0);
    expect(stack.keys.every((key) => key === "")).toBe(true);
    expect([...stack.values, ...stack.others].every((value) => value === undefined)).toBe(true);
    expect(stack.push({ a: 1 })).toBe(1);
  });
});
