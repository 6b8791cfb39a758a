import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openKeystore } from "../../src/keystore/index.js";
import { temporaryPath } from "./support.js";

const GENERATOR = fileURLToPath(new URL("children/generator.mjs", import.meta.url));
const KILLS = 100;

describe("a keystore whose writer is killed", () => {
  it(`at ${KILLS} moments has whole files only, and every key that was made`, async () => {
    const dir = temporaryPath("keys");
    const made: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [GENERATOR, dir], { stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      const begun = new Promise<void>((resolve) => {
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          out += text;
          resolve();
        });
      });
      const ended = new Promise((resolve) => child.once("close", resolve));
      await begun;
      await setTimeout(kill % 25);
      child.kill("SIGKILL");
      await ended;
      made.push(...out.split("\n").slice(0, -1));
    }
    const files = readdirSync(dir);
    for (const file of files.filter((name) => /\.(?:key|pub)$/.test(name))) {
      expect(() => JSON.parse(readFileSync(join(dir, file), "utf8")) as unknown).not.toThrow();
    }
    const keystore = openKeystore({ dir });
    const keys = await keystore.list();
    const whole = new Set(keys.filter(({ problem }) => problem === undefined).map(({ name }) => name));
    expect(made.filter((name) => !whole.has(name))).toEqual([]);
    // One may have been killed between its two files: it opens all the same, and its public file is made again.
    for (const { name, problem = "" } of keys.filter((key) => key.problem !== undefined)) {
      expect(problem).toContain("signet identity export");
      await keystore.exportPublic(name);
    }
    expect((await keystore.list()).filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(made.length).toBeGreaterThan(KILLS);
  }, 120_000);
});
