import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createFileReplayStore } from "signet-mcp/replay/file";
import type { FileReplayStore, FileReplayStoreOptions } from "signet-mcp/replay/file";
import { replayStoreContract } from "signet-mcp/testing";
import { afterEach, describe, expect, it } from "vitest";
import { ALICE, BOB, PinnedClock } from "../harness.js";
import { temporaryPath } from "./support.js";

const LIFE_MS = 331_000;
const opened: FileReplayStore[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function open(path: string, options: FileReplayStoreOptions = {}): Promise<FileReplayStore> {
  const store = await createFileReplayStore({ path, ...options });
  opened.push(store);
  return store;
}

const claim = (store: FileReplayStore, nonce: string, now: number = Date.now(), key = ALICE) =>
  store.claim(key, nonce, now + LIFE_MS, now);

describe("the file store", () => {
  const clock = new PinnedClock();
  let path = "";
  const harness = {
    open: (limits: FileReplayStoreOptions) => {
      path = temporaryPath();
      return createFileReplayStore({ path, clock: clock.read, ...limits });
    },
    openAgain: () => createFileReplayStore({ path, clock: clock.read }),
    now: clock.read,
    advance: (ms: number) => {
      clock.now += ms;
    },
    keptLongerMs: 10_000,
    limited: true,
    counts: true,
  } as const;

  it.each(replayStoreContract(harness))("$name", ({ run }) => run());

  it("remembers over a restart", async () => {
    const path = temporaryPath();
    const first = await open(path);
    const limit = { id: "r", max: 1, windowMs: 3_600_000 };
    expect(await claim(first, "n")).toBe("claimed");
    expect(await first.charge([limit])).toBe("charged");
    await first.close();
    const second = await open(path);
    expect(await claim(second, "n")).toBe("replayed");
    expect(await second.charge([limit])).toEqual({ exhausted: "r" });
  });

  it("keeps its files from others", async () => {
    const path = temporaryPath("a/b/replay");
    await open(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const file of ["data.mdb", "lock.mdb"]) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
  });

  it("refuses what is older than the store, which may have been another one before", async () => {
    const store = await open(temporaryPath());
    await expect(claim(store, "old", Date.now() - 20_000)).rejects.toMatchObject({
      code: "issued_before_start",
    });
    expect(await claim(store, "new")).toBe("claimed");
  });

  it("stays bounded: takes out what has expired, a little with each claim", async () => {
    const clock = new PinnedClock();
    const path = temporaryPath();
    const store = await open(path, { clock: clock.read });
    const round = async (name: string): Promise<void> => {
      await Promise.all(
        Array.from({ length: 2000 }, (_, index) => claim(store, `${name} ${index}`, clock.now)),
      );
    };
    for (const name of ["a", "b", "c", "d"]) {
      await round(name);
      clock.now += LIFE_MS + 20_000;
    }
    const { size } = statSync(join(path, "data.mdb"));
    for (const name of ["e", "f", "g", "h", "i", "j", "k", "l"]) {
      await round(name);
      clock.now += LIFE_MS + 20_000;
    }
    expect(statSync(join(path, "data.mdb")).size).toBeLessThan(size * 1.5);
  });

  it("does not take what it has forgotten when the clock is set back", async () => {
    const clock = new PinnedClock();
    const store = await open(temporaryPath(), { clock: clock.read });
    const then = clock.now;
    expect(await claim(store, "n", then)).toBe("claimed");
    clock.now += 3_600_000;
    for (let index = 0; index < 50; index++) await claim(store, `later ${index}`, clock.now);
    clock.now = then;
    await expect(claim(store, "n", then)).rejects.toMatchObject({ code: "replay_unavailable" });
    await expect(claim(store, "another of that time", then)).rejects.toMatchObject({
      code: "replay_unavailable",
    });
    expect(await claim(store, "newer", then + 1)).toBe("claimed");
  });

  it("says how it is", async () => {
    const store = await open(temporaryPath(), { capacity: 10 });
    expect(store.health()).toEqual({ kind: "file", ready: true, capacity: 10, perSignerShare: 5 });
    await store.close();
    expect(store.health()).toMatchObject({ ready: false });
  });

  it("keeps a process alive that waits for an answer, and no longer", async () => {
    const store = await open(temporaryPath());
    const answers = await Promise.all([
      claim(store, "a"),
      claim(store, "a"),
      claim(store, "a", Date.now(), BOB),
    ]);
    expect(answers.filter((answer) => answer === "claimed")).toHaveLength(2);
  });
});

describe("the thread of a file store", () => {
  it("gives each its own answer, whatever else is in a charge", async () => {
    const store = await open(temporaryPath());
    expect(await claim(store, "n1")).toBe("claimed");
    const odd = { id: "r", max: 5, windowMs: 1000, note: () => "cannot be sent" };
    const [charged, replayed, fresh] = await Promise.all([
      store.charge([odd]),
      claim(store, "n1"),
      claim(store, "n2"),
    ]);
    expect([charged, replayed, fresh]).toEqual(["charged", "replayed", "claimed"]);
  });

  it("answers what was asked before it was closed, and then ends", async () => {
    const store = await createFileReplayStore({ path: temporaryPath() });
    const asked = Array.from({ length: 200 }, (_, index) => claim(store, `n${index}`));
    const began = performance.now();
    const [, ...outcomes] = await Promise.all([store.close(), ...asked]);
    expect(new Set(outcomes)).toEqual(new Set(["claimed"]));
    expect(performance.now() - began, "it did not have to be given up").toBeLessThan(900);
  });

  it("tells whoever asks when the clock throws, and nobody else", async () => {
    let isBroken = false;
    const clock = (): number => {
      if (isBroken) throw new Error("no time");
      return Date.now();
    };
    const store = await open(temporaryPath(), { clock });
    isBroken = true;
    await expect(claim(store, "n")).rejects.toThrow("no time");
    isBroken = false;
    expect(await claim(store, "n")).toBe("claimed");
  });
});

describe("a file store whose files are not as they should be", () => {
  /** Writes something into a store's file, and opens it. */
  async function damage(change: (file: string, path: string) => void): Promise<unknown> {
    const path = temporaryPath();
    const store = await createFileReplayStore({ path });
    for (let index = 0; index < 500; index++) await claim(store, `${index}`);
    await store.close();
    change(join(path, "data.mdb"), path);
    return open(path).catch((error: unknown) => error);
  }

  it.each<[string, (file: string, path: string) => void]>([
    ["is another program's", (file) => writeFileSync(file, "SQLite format 3\0".repeat(1024))],
    ["is a few bytes", (file) => writeFileSync(file, "x")],
    ["lacks its last byte", (file) => truncateSync(file, statSync(file).size - 1)],
    ["lacks its half", (file) => truncateSync(file, 4096 * 20 + 1)],
    ["has only its head", (file) => truncateSync(file, 4096)],
    [
      "is a directory",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      "has a lock that is none",
      (_, path) => {
        rmSync(join(path, "lock.mdb"));
        mkdirSync(join(path, "lock.mdb"));
      },
    ],
  ])("does not open when it %s", async (_, change) => {
    expect(await damage(change)).toMatchObject({ name: "ReplayStoreError", code: "replay_corrupt" });
  });

  it("takes an emptied file for a new store, which refuses what is older", async () => {
    const before = Date.now() - 15_000;
    const store = await damage((file) => truncateSync(file, 0));
    if (!(typeof store === "object" && store !== null && "claim" in store)) throw new Error("it opened");
    await expect(claim(store as FileReplayStore, "0", before)).rejects.toMatchObject({
      code: "issued_before_start",
    });
  });

  it("does not open where others may write", async () => {
    const path = temporaryPath();
    mkdirSync(path, { mode: 0o777 });
    chmodSync(path, 0o777);
    const error: unknown = await open(path).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: "replay_not_writable",
      message: expect.stringContaining("chmod 700") as unknown,
    });
  });

  it("does not open in a directory that others may replace, but in /tmp", async () => {
    const parent = temporaryPath();
    mkdirSync(parent);
    chmodSync(parent, 0o777);
    const error: unknown = await open(join(parent, "replay")).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: "replay_not_writable",
      message: expect.stringContaining(`chmod go-w '${parent}'`) as unknown,
    });
    chmodSync(parent, 0o1777);
    await open(join(parent, "replay"));
  });

  it.runIf(process.getuid?.() === 0)("does not open in another user's directory", async () => {
    const path = temporaryPath();
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 1234, 1234);
    const error: unknown = await open(path).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: "replay_not_writable",
      message: expect.stringContaining("another user's") as unknown,
    });
  });

  it.each(["relative", "./x"])("has no default place where SIGNET_HOME is %s", async (home) => {
    const before = process.env["SIGNET_HOME"];
    process.env["SIGNET_HOME"] = home;
    try {
      const error: unknown = await createFileReplayStore().catch((error: unknown) => error);
      expect(error).toMatchObject({
        code: "replay_misconfigured",
        message: expect.stringContaining("set SIGNET_HOME to an absolute path") as unknown,
      });
    } finally {
      process.env["SIGNET_HOME"] = before;
    }
  });

  it("does not open where nothing can be made", async () => {
    const path = temporaryPath();
    writeFileSync(path, "a file");
    const error: unknown = await open(join(path, "replay")).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: "replay_not_writable",
      message: expect.stringContaining("mkdir") as unknown,
    });
  });

  it.each<[string, unknown]>([
    ["capacity", 0],
    ["perSignerShare", 2_000_000],
    ["path", 7],
    ["clock", 7],
  ])("does not open with %s %s", async (name, value) => {
    const options = { path: temporaryPath(), [name]: value } as FileReplayStoreOptions;
    await expect(createFileReplayStore(options)).rejects.toMatchObject({ name: "OptionError" });
  });

  it("fails when its file is taken away while it is in use, and begins anew without what is older", async () => {
    const path = temporaryPath();
    const store = await open(path);
    const captured = Date.now();
    expect(await claim(store, "n", captured)).toBe("claimed");
    rmSync(path, { recursive: true });
    await expect(claim(store, "n", captured)).rejects.toMatchObject({ code: "replay_unavailable" });
    expect(store.health().ready).toBe(false);
    const outcomes: unknown[] = [];
    for (let tries = 0; tries < 100 && outcomes.at(-1) !== "claimed"; tries++) {
      const again = await claim(store, "n", captured).catch((error: unknown) => error);
      expect(again).not.toBe("claimed");
      outcomes.push(await claim(store, `new ${tries}`, Date.now() + 31_000).catch((error: unknown) => error));
      if (outcomes.at(-1) !== "claimed") await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(outcomes.at(-1)).toBe("claimed");
    await expect(claim(store, "n", captured)).rejects.toMatchObject({ code: "issued_before_start" });
    expect(store.health()).toMatchObject({ ready: true });
  });

  it("takes nothing any more when its lock file is gone, without which two would write at once", async () => {
    const path = temporaryPath();
    const store = await open(path);
    await claim(store, "n");
    rmSync(join(path, "lock.mdb"));
    await expect(claim(store, "m")).rejects.toMatchObject({ code: "replay_unavailable" });
  });

  it("fails when its file is replaced by a copy", async () => {
    const path = temporaryPath();
    const store = await open(path);
    await claim(store, "n");
    copyFileSync(join(path, "data.mdb"), join(path, "copy"));
    renameSync(join(path, "copy"), join(path, "data.mdb"));
    await expect(claim(store, "m")).rejects.toMatchObject({ code: "replay_unavailable" });
  });
});
