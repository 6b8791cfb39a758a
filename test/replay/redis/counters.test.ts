import { afterEach, describe, expect, it } from "vitest";
import type { Charge } from "../../../src/replay/counters/charge.js";
import { connectionOf } from "../../../src/replay/redis/client/connection.js";
import { CallCounters } from "../../../src/replay/redis/call-counters.js";
import { Keyspace } from "../../../src/replay/redis/keyspace.js";
import { isInstalled, NEEDS_SERVER, outcome, Stand } from "./support/stand.js";

const rate = (id: string, max: number): Charge => ({ id, max, windowMs: 600_000 });

/** Counters of different buckets. */
const keyspace = new Keyspace("signet:");
const [FIRST, SECOND, THIRD] = ["a", "b", "c", "d", "e", "f", "g"].filter(
  (id, at, all) =>
    all.findIndex((other) => keyspace.counterBucket(other) === keyspace.counterBucket(id)) === at,
) as [string, string, string];

describe.skipIf(!isInstalled)(`charges on several buckets ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  afterEach(() => stand.clear());

  it("are taken back from the earlier ones when a later one has no room", async () => {
    const store = await stand.open(await stand.ioredis((await stand.server()).port));
    expect(await store.charge([rate(SECOND, 1)])).toBe("charged");
    const all = [rate(FIRST, 1), rate(SECOND, 1), rate(THIRD, 1)];
    expect(await store.charge(all)).toEqual({ exhausted: SECOND });
    expect(await store.charge([rate(FIRST, 1)])).toBe("charged");
    expect(await store.charge([rate(THIRD, 1)])).toBe("charged");
    await store.refund(all);
    expect(await store.charge(all)).toBe("charged");
  });

  it("stay counted, and it is said so, when they cannot be taken back", async () => {
    const connection = connectionOf(await stand.ioredis((await stand.server()).port));
    let left = Number.POSITIVE_INFINITY;
    const counters = new CallCounters(
      {
        ...connection,
        run: async (...parameters) => {
          if (left-- <= 0) throw new Error("Connection is closed.");
          return await connection.run(...parameters);
        },
      },
      keyspace,
      0,
    );
    expect(await counters.charge([rate(FIRST, 5), rate(SECOND, 1)])).toBe("charged");
    left = 2;
    const failed = counters.charge([rate(FIRST, 5), rate(SECOND, 1)]);
    await expect(failed).rejects.toMatchObject({ code: "replay_unavailable" });
    await expect(failed).rejects.toThrow(/stays counted/);
    left = 1;
    expect(await outcome(counters.charge([rate(FIRST, 5), rate(THIRD, 1)]))).toBe("replay_unavailable");
    left = Number.POSITIVE_INFINITY;
    for (let call = 0; call < 2; call++) expect(await counters.charge([rate(FIRST, 5)])).toBe("charged");
    expect(await counters.charge([rate(FIRST, 5)])).toEqual({ exhausted: FIRST });
  });

  it("refuse what is at the counter's key and is none", async () => {
    const server = await stand.server();
    const store = await stand.open(await stand.ioredis(server.port));
    const key = keyspace.counterKey(keyspace.counterBucket(FIRST), FIRST);
    await server.cli("SET", key, "not a counter");
    expect(await outcome(store.charge([rate(FIRST, 1)]))).toBe("replay_unavailable");
    await server.cli("DEL", key);
    await server.cli("HSET", key, "a", "b");
    expect(await outcome(store.charge([rate(FIRST, 1)]))).toBe("replay_unavailable");
  });
});
