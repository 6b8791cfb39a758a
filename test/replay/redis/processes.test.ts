import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { isInstalled, NEEDS_SERVER, Stand } from "./support/stand.js";

const PROCESSES = 4;
const NONCES = 1000;
const COPIES = 8;

const script = fileURLToPath(new URL("children/claimer.mjs", import.meta.url));

describe.skipIf(!isInstalled)(`several processes on one Redis store ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  afterEach(() => stand.clear());

  it("have one winner for each nonce that all of them claim at once", async () => {
    const { port } = await stand.server();
    const running = Array.from({ length: PROCESSES }, () => {
      const args = [script, String(port), String(NONCES), String(COPIES)];
      const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
      stand.add(child, () => child.kill("SIGKILL"));
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return { child, lines, ended: once(child, "close") };
    });
    for (const { lines } of running) expect((await lines.next()).value).toBe("ready");
    for (const { child } of running) child.stdin.write("go\n");
    const outcomes = new Map<string, unknown[]>();
    for (const { lines, ended } of running) {
      const results: Record<string, unknown[]> = JSON.parse(String((await lines.next()).value));
      for (const [nonce, of] of Object.entries(results)) {
        outcomes.set(nonce, [...(outcomes.get(nonce) ?? []), ...of]);
      }
      await ended;
    }
    expect(outcomes.size).toBe(NONCES);
    for (const of of outcomes.values()) {
      expect(of.filter((one) => one === "claimed")).toHaveLength(1);
      expect(of.filter((one) => one === "replayed")).toHaveLength(PROCESSES * COPIES - 1);
    }
  });
});
