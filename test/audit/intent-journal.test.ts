import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { nodeFileSystem } from "../../src/audit/file-system.js";
import { takeGoneWriters } from "../../src/audit/intents/gone-writers.js";
import { IntentJournal, readJournal } from "../../src/audit/intents/intent-journal.js";
import { loadKernelLocks } from "../../src/lib/kernel-locks.js";
import { FaultyFileSystem } from "./support/faulty-file-system.js";
import { newLogDir } from "./support/log-dir.js";

const id = (n: number): string => `rec_${n.toString(16).padStart(32, "0")}`;
const place = { file: "2026-11-26.jsonl", offset: 7 };
const some = (from: number, count: number): Map<string, typeof place> =>
  new Map(Array.from({ length: count }, (_, n) => [id(from + n), place]));

const journalsIn = (dir: string): string[] =>
  readdirSync(join(dir, "writers")).filter((name) => name.endsWith(".open"));

async function journalIn(dir: string, files = nodeFileSystem): Promise<IntentJournal> {
  mkdirSync(dir, { recursive: true });
  return new IntentJournal(dir, files, await loadKernelLocks("a test"));
}

describe("the journal of what a process has let through", () => {
  it("says where what is not ended is in the log", async () => {
    const dir = newLogDir();
    const journal = await journalIn(dir);
    await journal.add(some(1, 3));
    journal.end(id(2));
    await journal.add(some(4, 1));
    const [name = ""] = journalsIn(dir);
    const text = readFileSync(join(dir, "writers", name), "utf8");
    expect(readJournal(text)).toEqual(new Map([1, 3, 4].map((n) => [id(n), place])));
    await journal.close();
  });

  it("is not there before there is something to say, and not after all has ended", async () => {
    const dir = newLogDir();
    const journal = await journalIn(dir);
    await journal.close();
    expect(readdirSync(dir)).toEqual([]);
    const other = await journalIn(dir);
    await other.add(some(1, 1));
    other.end(id(1));
    await other.close();
    expect(journalsIn(dir)).toEqual([]);
  });

  it("is begun anew when it has grown and little of it is open", async () => {
    const dir = newLogDir();
    const journal = await journalIn(dir);
    await journal.add(some(0, 1));
    for (let n = 1; n < 30_000; n += 100) {
      await journal.add(some(n, 100));
      for (let m = n; m < n + 100; m++) journal.end(id(m));
    }
    expect(journalsIn(dir)).toHaveLength(1);
    const [name = ""] = journalsIn(dir);
    const text = readFileSync(join(dir, "writers", name), "utf8");
    expect(text.length).toBeLessThan(1_500_000);
    expect(readJournal(text).has(id(0))).toBe(true);
    await journal.close();
  });

  it("is left to others when its process ends with something open, and to nobody before", async () => {
    const dir = newLogDir();
    const locks = await loadKernelLocks("a test");
    const journal = await journalIn(dir);
    await journal.add(some(1, 2));
    const take = (): ReturnType<typeof takeGoneWriters> =>
      takeGoneWriters(dir, nodeFileSystem, locks, (work) => work());
    const none = await take();
    expect(none.writers).toEqual([]);
    await none.release();
    await journal.close();
    const { writers, release } = await take();
    expect(writers.map(({ open }) => open)).toEqual([some(1, 2)]);
    let isTaken = false;
    const second = take().then((later) => {
      isTaken = true;
      return later;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isTaken).toBe(false);
    await writers[0]?.release(new Map());
    await release();
    const later = await second;
    expect(later.writers).toEqual([]);
    await later.release();
    expect(journalsIn(dir)).toEqual([]);
  });

  it("leaves no file when it cannot be begun", async () => {
    for (let at = 0; ; at++) {
      const dir = newLogDir();
      const files = new FaultyFileSystem(at, "ENOSPC");
      const journal = await journalIn(dir, files);
      const added = await journal.add(some(1, 1)).then(
        () => true,
        () => false,
      );
      if (added) break;
      // One that could be begun stays, and is written to by the next.
      const begun = files.hit?.startsWith("write") === true ? 1 : 0;
      expect(readdirSync(dir).includes("writers") ? journalsIn(dir) : []).toHaveLength(begun);
      await journal.add(some(1, 1));
      expect(journalsIn(dir)).toHaveLength(1);
      await journal.close();
    }
  });

  it("passes over lines that are none, such as one that was cut off", () => {
    const text = `+${id(1)} 2026-11-26.jsonl 7\n+${id(2)} 2026-11-2\n\nnonsense\n-${id(9)}\n+${id(3)} 2026-11-26.jsonl 7\n+rec_`;
    expect([...readJournal(text).keys()]).toEqual([id(1), id(3)]);
  });
});
