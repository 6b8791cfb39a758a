import { hash } from "node:crypto";
import type { Connection } from "./client/types.js";
import { isScriptMissing } from "./faults.js";

/** A script that a server keeps under its hash. */
export class Script {
  readonly #text: string;
  readonly #sha: string;

  constructor(text: string) {
    this.#text = text;
    this.#sha = hash("sha1", text, "hex");
  }

  /**
   * Runs the script, and sends all of it where the server does not have it yet, or not any more. No other error is tried again: what was
   * sent may have been done.
   */
  run(connection: Connection, keys: readonly string[], args: readonly string[]): Promise<string> {
    return connection.run("EVALSHA", this.#sha, keys, args).then(String, async (error: unknown) => {
      if (!isScriptMissing(error)) throw error;
      return String(await connection.run("EVAL", this.#text, keys, args));
    });
  }
}
