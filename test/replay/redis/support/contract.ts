import { vi } from "vitest";
import { replayStoreContract } from "../../../../src/replay/contract.js";
import type { ReplayStoreCase, ReplayStoreHarness } from "../../../../src/replay/contract.js";
import { createRedisReplayStore } from "../../../../src/replay/redis/index.js";
import type {
  RedisReplayClient,
  RedisReplayStore,
  RedisReplayStoreOptions,
} from "../../../../src/replay/redis/index.js";
import { delay } from "../../../../src/lib/delay.js";
import { newPrefix } from "./stand.js";

/** More than the claims of a case take that are made at once, on a machine that has other things to do. */
const STORE_CLOCK_SKEW_MS = 1500;

/** A span of the signer's count, and what is added to a nonce's time in it. */
const COUNTED_LONGER_MS = 6000;

/** The cases of the contract on what `connect` gives. Time is real, so they are to wait beside each other: each has its own harness. */
export function contractCases(connect: () => Promise<RedisReplayClient>): ReplayStoreCase[] {
  vi.setConfig({ maxConcurrency: 20 });
  return replayStoreContract(realTimeHarness(connect)).map(({ name }, index) => ({
    name,
    run: async () => {
      await replayStoreContract(realTimeHarness(connect))[index]?.run();
    },
  }));
}

function realTimeHarness(connect: () => Promise<RedisReplayClient>): ReplayStoreHarness {
  let keyPrefix = "";
  let limits: Pick<RedisReplayStoreOptions, "perSignerShare"> = {};
  const openStore = async (): Promise<RedisReplayStore> => {
    const client = await connect();
    const storeClockSkewMs = STORE_CLOCK_SKEW_MS;
    return await createRedisReplayStore({ client, keyPrefix, clockSkewMs: 0, storeClockSkewMs, ...limits });
  };
  return {
    open: async (given) => {
      keyPrefix = newPrefix();
      limits = given.perSignerShare === undefined ? {} : { perSignerShare: given.perSignerShare };
      return await openStore();
    },
    openAgain: openStore,
    now: Date.now,
    advance: async (ms) => {
      await delay(ms);
    },
    pinned: false,
    keptLongerMs: STORE_CLOCK_SKEW_MS + COUNTED_LONGER_MS,
    limited: "share",
    counts: true,
  };
}
