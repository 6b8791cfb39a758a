import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { startPostgres } from "../../../scripts/services/postgres.mjs";
import { createPostgresReplayStore, migratePostgresReplayStore } from "../../../src/replay/postgres/index.js";
import { ALICE } from "../harness.js";
import { endPool, isInstalled, outcome } from "./support/stand.js";

const LIFE_MS = 331_000;

/** Small, but with room for two segments of the write-ahead log, so that it is the tables that find no room. */
const SETTINGS = { min_wal_size: "32MB", max_wal_size: "32MB", wal_recycle: "on" };

const disk = mkdtempSync(join(tmpdir(), "signet-postgres-disk-"));

/** Whether a disk of this test's own can be had, which takes root. */
function canMount(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=110m", "tmpfs", disk], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

const isMounted = isInstalled && canMount();

afterAll(() => {
  if (isMounted) execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true });
});

function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let size = 1 << 20; size >= 1 << 12; size >>= 1) {
      try {
        while (writeSync(file, Buffer.alloc(size)) === size);
      } catch {
        // A smaller piece may still find room.
      }
    }
  } finally {
    closeSync(file);
  }
}

describe.skipIf(!isMounted)(
  "a database whose disk is full (skipped unless PostgreSQL is installed and a disk can be mounted)",
  () => {
    it("refuses claims as full, keeps what it has, and takes more once there is room", async () => {
      const server = await startPostgres({ dataDirectory: disk, settings: SETTINGS });
      const pool = new Pool({ connectionString: server.url, max: 5, connectionTimeoutMillis: 1000 });
      try {
        await migratePostgresReplayStore(pool);
        const store = await createPostgresReplayStore({ pool, clockSkewMs: 0 });
        const now = Date.now();
        const claim = (nonce: string): Promise<unknown> =>
          outcome(store.claim(ALICE, nonce, now + LIFE_MS, now));
        const filler = join(disk, "filler");
        const outcomes: unknown[] = [await claim("n0")];
        fill(filler);
        for (let n = 1; n < 20_000 && outcomes.at(-1) !== "replay_full"; n++)
          outcomes.push(await claim(`n${n}`));
        expect(outcomes.at(-1)).toBe("replay_full");
        expect(new Set(outcomes.slice(0, -1))).toEqual(new Set(["claimed"]));
        expect(await claim("n0")).toBe("replayed");
        rmSync(filler);
        expect(await claim(`n${outcomes.length - 1}`)).toBe("claimed");
        await store.close();
      } finally {
        await endPool(pool);
        await server.stop();
      }
    });
  },
);
