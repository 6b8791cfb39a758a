import { describe, expect, it } from "vitest";
import type { Connection } from "../../../src/replay/redis/client/types.js";
import { Script } from "../../../src/replay/redis/script.js";
import { outcome } from "./support/stand.js";

/** A server that answers each command in turn, and what it was sent. */
function serverThat(...answers: readonly (string | Error)[]) {
  const sent: string[] = [];
  const connection: Connection = {
    state: () => ({ is: "ready", name: "ready" }),
    findMisuse: () => Promise.resolve(undefined),
    run: (command) => {
      const answer = answers[sent.push(command) - 1];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return { connection, sent };
}

const MISSING = new Error("NOSCRIPT No matching script. Please use EVAL.");

describe("a script", () => {
  it("is sent whole where the server does not have it", async () => {
    const { connection, sent } = serverThat(MISSING, "done");
    expect(await new Script("return 1").run(connection, [], [])).toBe("done");
    expect(sent).toEqual(["EVALSHA", "EVAL"]);
  });

  it.each([
    "Connection is closed.",
    "Command timed out",
    "ERR no",
    "TRYAGAIN later",
    "LOADING Redis is loading",
  ])("is never run again when the answer is %j: it may have been run", async (message) => {
    const { connection, sent } = serverThat(Object.assign(new Error(message), { code: "first" }), "done");
    expect(await outcome(new Script("return 1").run(connection, [], []))).toBe("first");
    expect(sent).toEqual(["EVALSHA"]);
  });
});
