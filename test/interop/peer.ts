import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { isPlainObject } from "../../src/lib/json.js";

/** The released Python package, in a process of its own that answers questions in order. */
export interface Peer {
  /** Asks, and returns what the package returned. Rejects with what it raised. */
  ask(op: string, call?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** As `ask`, for what is a text. */
  text(op: string, call: Readonly<Record<string, unknown>>): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts it.
 *
 * @param python - Path of an interpreter that has `signet-auth` installed.
 */
export function startPeer(python: string): Peer {
  const script = fileURLToPath(new URL("signet_auth_peer.py", import.meta.url));
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting: { resolve: (value: unknown) => void; reject: (reason: Error) => void }[] = [];
  const failAll = (reason: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(reason);
  };
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      failAll(new Error("the peer has ended"));
      resolve();
    });
    child.once("error", (error) => {
      failAll(error);
      resolve();
    });
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer: unknown = JSON.parse(line);
    const question = waiting.shift();
    if (question === undefined) throw new Error("an answer without a question");
    if (isPlainObject(answer) && "ok" in answer) question.resolve(answer["ok"]);
    else question.reject(new Error(isPlainObject(answer) ? String(answer["error"]) : line));
  });
  const ask = (op: string, call: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify({ op, ...call })}\n`);
    });
  return {
    ask,
    async text(op, call) {
      const answer = await ask(op, call);
      if (typeof answer !== "string") throw new TypeError(`${op} gave no text`);
      return answer;
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
