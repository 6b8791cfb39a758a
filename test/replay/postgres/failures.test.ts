import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../src/replay/postgres/failures.js";

describe("what the PostgreSQL store says of a failure", () => {
  it("never holds a password, whatever the error of the pool holds", () => {
    const error = Object.assign(new Error("cannot connect to postgres://me:secret@host/db or //x:secret@y"), {
      code: "ERR_INVALID_URL",
      input: "postgres://me:secret@host/db",
    });
    const failure = failureOf(error);
    expect(failure.code).toBe("replay_unavailable");
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain("secret");
    expect(failure.cause).toMatchObject({ code: "ERR_INVALID_URL" });
  });

  it.each([
    ["53100", "replay_full"],
    ["53200", "replay_unavailable"],
    ["53300", "replay_unavailable"],
    ["57P01", "replay_unavailable"],
    ["25006", "replay_unavailable"],
    ["57014", "replay_unavailable"],
    ["ECONNREFUSED", "replay_unavailable"],
    ["__proto__", "replay_unavailable"],
  ])("is of the right code: %s is %s", (code, expected) => {
    expect(failureOf(Object.assign(new Error("x"), { code })).code).toBe(expected);
  });

  it("is there for whatever is thrown", () => {
    const odd: readonly unknown[] = [undefined, null, "x", 5, {}, new Error("x"), Object.create(null)];
    for (const thrown of odd) expect(failureOf(thrown).code).toBe("replay_unavailable");
  });
});
