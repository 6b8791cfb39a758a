import { setTimeout } from "node:timers/promises";
import * as fc from "fast-check";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Keyspace } from "../../../src/replay/redis/keyspace.js";
import { createRedisReplayStore } from "../../../src/replay/redis/index.js";
import type { RedisReplayStore, RedisReplayStoreOptions } from "../../../src/replay/redis/index.js";
import { ALICE, BOB } from "../harness.js";
import { claim, isInstalled, NEEDS_SERVER, newPrefix, outcome, Stand } from "./support/stand.js";

const SPAN_MS = 5000;
const DAY_MS = 86_400_000;

describe.skipIf(!isInstalled)(`the claims of the Redis store ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  let client: Redis;
  beforeAll(async () => {
    client = await stand.ioredis((await stand.server()).port);
  });
  afterAll(() => stand.clear());

  async function open(options: Omit<RedisReplayStoreOptions, "client"> = {}): Promise<Opened> {
    const keyPrefix = newPrefix();
    const keyspace = new Keyspace(keyPrefix);
    const store = await createRedisReplayStore({ client, keyPrefix, clockSkewMs: 0, ...options });
    const { bucket, countKey } = keyspace.placeOf(ALICE);
    return {
      store,
      headKey: keyspace.head(bucket),
      countKey,
      nonceKey: (nonce) => keyspace.nonceKey(bucket, ALICE, nonce),
    };
  }

  interface Opened {
    readonly store: RedisReplayStore;
    readonly headKey: string;
    readonly countKey: string;
    readonly nonceKey: (nonce: string) => string;
  }

  it("of one turn of the event loop go to the server together, 32 at most", async () => {
    const { store } = await open();
    await claim(store, "first");
    await client.config("RESETSTAT");
    const now = Date.now();
    const all = Array.from({ length: 300 }, (_, index) => store.claim(ALICE, `n${index}`, now + 1000, now));
    expect(new Set(await Promise.all(all))).toEqual(new Set(["claimed"]));
    expect(await client.info("commandstats")).toMatch(/cmdstat_evalsha:calls=10,/);
  });

  it("keep a nonce until no host's clock can be before its expiry, however the clocks differ", async () => {
    const skewMs = 60_000;
    let offMs = 0;
    const { store, nonceKey } = await open({ clock: () => Date.now() + offMs, storeClockSkewMs: skewMs });
    const lives = fc.oneof(
      fc.integer({ min: -70_000, max: 400_000 }),
      fc.constantFrom(0, 1, -1, 331_000, 366 * DAY_MS),
    );
    let turn = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -59_000, max: 59_000 }), lives, async (off, lifeMs) => {
        offMs = off;
        const nonce = `n${turn++}`;
        const issuedAtMs = Date.now();
        const expiresAtMs = issuedAtMs + lifeMs;
        expect(await store.claim(ALICE, nonce, expiresAtMs, issuedAtMs)).toBe("claimed");
        // The host whose clock is furthest behind is at this time when the nonce goes.
        const hostTime = (await client.pexpiretime(nonceKey(nonce))) - skewMs;
        expect(hostTime).toBeGreaterThanOrEqual(expiresAtMs);
        expect(hostTime).toBeGreaterThanOrEqual(issuedAtMs);
        expect(hostTime).toBeLessThan(Math.max(expiresAtMs, issuedAtMs) + 2000);
      }),
      { numRuns: 200 },
    );
  });

  it("count every live nonce of the signer, and none that was refused or there before", async () => {
    const { store, countKey } = await open();
    const lives = [1000, 331_000, 331_000, 60_000, -5000, -100_000, 331_000];
    for (const [index, lifeMs] of lives.entries()) {
      expect(await claim(store, `n${index}`, { lifeMs })).toBe("claimed");
    }
    const together = lives.map((lifeMs, index) =>
      claim(store, `n${index % 2 === 0 ? index : `+${index}`}`, { lifeMs }),
    );
    const outcomes = await Promise.all(together);
    expect(outcomes.filter((one) => one === "claimed")).toHaveLength(3);
    expect(await claim(store, "before the start", { issuedAtMs: 0, lifeMs: Date.now() + 1000 })).toBe(
      "issued_before_start",
    );
    const { t, lo, hi, ...spans } = await client.hgetall(countKey);
    expect(Number(t)).toBe(lives.length + 3);
    expect(Object.values(spans).reduce((sum, size) => sum + Number(size), 0)).toBe(lives.length + 3);
    const names = Object.keys(spans).map(Number);
    expect(Math.min(...names)).toBeGreaterThanOrEqual(Number(lo));
    expect(Math.max(...names)).toBe(Number(hi));
    // The count goes with the last nonce, not before it.
    const gone = await client.pexpiretime(countKey);
    expect(gone).toBeGreaterThan(Date.now() + 391_000);
    expect(gone).toBeLessThan(Date.now() + 391_000 + 4 * SPAN_MS);
  });

  it.each([2, 1000])("take what expired %i spans ago off the signer's count", async (spansAgo) => {
    const { store, countKey } = await open({ perSignerShare: 10 });
    for (let index = 0; index < 9; index++) expect(await claim(store, `n${index}`)).toBe("claimed");
    const long = Math.floor(Date.now() / SPAN_MS) + 1 - spansAgo;
    await client.hset(countKey, { [long]: 3, [long + 1]: 4, lo: long, t: 16 });
    expect(await claim(store, "n9")).toBe("claimed");
    expect(await claim(store, "n10")).toBe("replay_full");
    expect(await claim(store, "n9")).toBe("replayed");
    const { t, [long]: first, [long + 1]: second } = await client.hgetall(countKey);
    expect([t, first, second]).toEqual(["10", undefined, undefined]);
  });

  it("hold the share exactly when they come together, and burn nothing of what is refused", async () => {
    const { store, nonceKey } = await open({ perSignerShare: 100 });
    const now = Date.now();
    const claims = Array.from({ length: 250 }, (_, index) =>
      outcome(store.claim(ALICE, `n${index}`, now + 1000 + index * 100, now)),
    );
    const outcomes = await Promise.all(claims);
    expect(outcomes.filter((one) => one === "claimed")).toHaveLength(100);
    expect(outcomes.filter((one) => one === "replay_full")).toHaveLength(150);
    for (const [index, one] of outcomes.entries()) {
      expect(await client.exists(nonceKey(`n${index}`))).toBe(one === "claimed" ? 1 : 0);
    }
    expect(await claim(store, "n0", { key: BOB })).toBe("claimed");
  });

  it("are refused alone when others of the batch are not", async () => {
    const { store } = await open();
    const now = Date.now();
    expect(
      await Promise.all([
        outcome(store.claim(ALICE, "n", now + 1000, now)),
        outcome(store.claim(ALICE, "old", now + 1000, now - 60_000)),
        outcome(store.claim(ALICE, "n", now + 1000, now)),
        outcome(store.claim(ALICE, "ahead", now + 1000, now + 5000)),
        outcome(store.claim(ALICE, "m", now + 1000, now)),
      ]),
    ).toEqual(["claimed", "issued_before_start", "replayed", "replay_unavailable", "claimed"]);
  });

  it("refuse what is at the key of a count and is none, and burn nothing by it", async () => {
    const { store, countKey } = await open();
    await client.set(countKey, "x");
    expect(await claim(store, "n")).toBe("replay_unavailable");
    await client.del(countKey);
    expect(await claim(store, "n")).toBe("claimed");
  });

  it("begin anew where the head of a bucket is none of the store's", async () => {
    const { store, headKey } = await open();
    expect(await claim(store, "before")).toBe("claimed");
    expect(await client.get(headKey)).toMatch(/^\d{13} master_replid:\w{40} run_id:\w{40}$/);
    await setTimeout(20);
    const issuedAtMs = Date.now();
    await client.set(
      headKey,
      `${"9".repeat(13)} something else of the same length as the head of a bucket has`,
    );
    expect(await claim(store, "n", { issuedAtMs: issuedAtMs - 1 })).toBe("issued_before_start");
    expect(await claim(store, "n", { issuedAtMs: Date.now() })).toBe("claimed");
  });
});
