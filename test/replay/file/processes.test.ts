import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createFileReplayStore } from "signet-mcp/replay/file";
import { describe, expect, it } from "vitest";
import { ALICE } from "../harness.js";
import { startClaimer, startLooper, temporaryPath } from "./support.js";

const ROUNDS = 300;
const isRoot = process.getuid?.() === 0;

describe("several processes on one file store", () => {
  it("have one winner for each of 1,000 nonces that 4 of them claim 8 times at once", async () => {
    const path = temporaryPath();
    const claimers = await Promise.all([1, 2, 3, 4].map(() => startClaimer(path, "all", "n", "1000")));
    for (const { child } of claimers) child.stdin?.write("go\n");
    const won = await Promise.all(claimers.map(({ line }) => line((text) => text.startsWith("["))));
    const winners = won.flatMap((text) => JSON.parse(text) as number[]);
    expect(winners.sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  it(`lose none, take none twice and wait for nobody while one of four is killed ${ROUNDS} times`, async () => {
    const path = temporaryPath();
    const others = await Promise.all([1, 2, 3].map(() => startLooper(path, "n")));
    const all = [...others];
    for (let round = 0; round < ROUNDS; round++) {
      const victim = await startLooper(path, "n");
      all.push(victim);
      await victim.busy();
      victim.child.kill("SIGKILL");
      await victim.ended;
    }
    for (const { child, ended } of others) {
      expect(child.exitCode, "the others went on").toBeNull();
      child.kill("SIGKILL");
      await ended;
    }
    const claims = all.flatMap((looper) => looper.claims());
    const claimed = claims.filter(({ outcome }) => outcome === "claimed").map(({ nonce }) => nonce);
    expect(new Set(claimed).size).toBe(claimed.length);
    expect(claimed.length).toBeGreaterThan(ROUNDS);
    expect(claims.filter(({ outcome }) => outcome !== "claimed" && outcome !== "replayed")).toEqual([]);
    const longest = Math.max(...others.map((other) => other.claims().at(-1)?.longestMs ?? Infinity));
    expect(longest, "no stall over a second, threefold slack").toBeLessThan(3000);
    const store = await createFileReplayStore({ path });
    const now = Date.now();
    const again = claimed.slice(-500);
    const outcomes = await Promise.all(again.map((nonce) => store.claim(ALICE, nonce, now + 600_000, now)));
    expect(outcomes.filter((outcome) => outcome !== "replayed")).toEqual([]);
    await store.close();
  }, 300_000);

  it.each([
    ["in the middle of their claims", "exit"],
    ["while they open it", "start"],
  ])(
    "end by process.exit %s, and hold up nobody by it",
    async (_, mode) => {
      const path = temporaryPath();
      for (let round = 0; round < 40; round++) {
        const { child, ended } = await startClaimer(path, mode, `n${round}`, String(round));
        await ended;
        expect(child.exitCode).toBe(7);
      }
      const store = await createFileReplayStore({ path });
      const now = Date.now();
      expect(await store.claim(ALICE, "after", now + 600_000, now)).toBe("claimed");
      await store.close();
    },
    120_000,
  );

  it("end by process.exit while another holds the lock and does not move", async () => {
    const path = temporaryPath();
    await startClaimer(path, "exit", "first", "0").then(({ ended }) => ended);
    const { child, ended } = await startClaimer(path, "told", "m");
    const holder = await startClaimer(path, "hold", "n", "4000");
    // By now a claim of it waits for the lock.
    await pause(200);
    child.stdin?.write("go\n");
    await ended;
    // Its thread waits for the lock and cannot be ended, so it has the kernel end it.
    expect([child.exitCode, child.signalCode]).toEqual([null, "SIGKILL"]);
    expect(holder.child.exitCode).toBeNull();
    await holder.ended;
    const store = await createFileReplayStore({ path });
    const now = Date.now();
    expect(await store.claim(ALICE, "after", now + 600_000, now)).toBe("claimed");
    await store.close();
  });

  it("answer again when one that was stopped in a transaction goes on", async () => {
    const path = temporaryPath();
    const store = await createFileReplayStore({ path });
    const other = await startLooper(path, "n");
    await other.busy();
    let stopped = 0;
    // Whether it holds the lock when it is stopped is chance: it does in most of the tries.
    for (let attempt = 0; attempt < 20; attempt++) {
      other.child.kill("SIGSTOP");
      const now = Date.now();
      let isAnswered = false;
      const claim = store.claim(ALICE, `mine ${attempt}`, now + 600_000, now).then((outcome) => {
        isAnswered = true;
        return outcome;
      });
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (!isAnswered) stopped += 1;
      other.child.kill("SIGCONT");
      expect(await claim).toBe("claimed");
    }
    expect(stopped).toBeGreaterThan(0);
    await store.close();
  });

  it.runIf(isRoot)(
    "refuse on a full disk, lose nothing, and take claims again when there is room",
    async () => {
      const path = temporaryPath("disk");
      mkdirSync(path);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", path]);
      try {
        const dir = join(path, "replay");
        const store = await createFileReplayStore({ path: dir });
        const claimOne = (nonce: string) => {
          const now = Date.now();
          return store.claim(ALICE, nonce, now + 600_000, now).catch((error: { code: string }) => error.code);
        };
        expect(await claimOne("first")).toBe("claimed");
        writeFileSync(join(path, "ballast"), Buffer.alloc(1_200_000));
        const claimed: string[] = [];
        let code: unknown = "claimed";
        for (let batch = 0; code === "claimed" && batch < 1000; batch++) {
          const names = Array.from({ length: 50 }, (_, index) => `${batch} ${index}`);
          const outcomes = await Promise.all(names.map(claimOne));
          code = outcomes.find((outcome) => outcome !== "claimed") ?? "claimed";
          claimed.push(...names.filter((_, index) => outcomes[index] === "claimed"));
        }
        expect(code).toBe("replay_full");
        rmSync(join(path, "ballast"));
        expect(await claimOne("after")).toBe("claimed");
        expect(await Promise.all(claimed.map(claimOne))).toEqual(claimed.map(() => "replayed"));
        await store.close();
      } finally {
        execFileSync("umount", ["-l", path]);
      }
    },
  );
});
