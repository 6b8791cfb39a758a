import type { Pool } from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { replayStoreContract } from "../../../src/replay/contract.js";
import type { ReplayStoreHarness } from "../../../src/replay/contract.js";
import { PinnedClock } from "../harness.js";
import { isInstalled, NEEDS_SERVER, pinDatabaseClock, setDatabaseClock, Stand } from "./support/stand.js";

const BUCKET_MS = 5000;

let stand: Stand;

/** Time is the test's, in the process and in the database. */
function pinned(): ReplayStoreHarness {
  const clock = new PinnedClock(Date.now() + 60_000);
  let schema = "";
  let pool: Pool;
  return {
    open: async ({ perSignerShare }) => {
      await stand.clear();
      pool = stand.pool();
      schema = await stand.migrate(pool);
      await pinDatabaseClock(pool, schema, clock.now);
      const share = perSignerShare === undefined ? {} : { perSignerShare };
      return await stand.open(schema, { clock: clock.read, ...share }, pool);
    },
    openAgain: () => stand.open(schema, { clock: clock.read }),
    now: clock.read,
    advance: async (ms) => {
      clock.now += ms;
      await setDatabaseClock(pool, schema, clock.now);
    },
    keptLongerMs: 60_000 + BUCKET_MS,
    limited: "share",
    counts: true,
  };
}

describe.skipIf(!isInstalled)(
  `the PostgreSQL store holds the contract, with a pinned clock ${NEEDS_SERVER}`,
  () => {
    beforeAll(async () => {
      stand = await Stand.start();
    });
    afterAll(() => stand.stop());

    it.each(replayStoreContract(pinned()))("$name", ({ run }) => run());
  },
);
