import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { createPostgresReplayStore, migratePostgresReplayStore } from "signet-mcp/replay/postgres";
import { createRedisReplayStore } from "signet-mcp/replay/redis";
import type { ReplayStore } from "signet-mcp/replay";
import { createGuard } from "signet-mcp/server";
import type { Guard, GuardEvent } from "signet-mcp/server";
import { signedCall, testIdentity, testRegistry } from "signet-mcp/testing";
import { afterEach, describe, expect, it } from "vitest";
import { isPostgresInstalled, startPostgres } from "../../scripts/services/postgres.mjs";
import { isRedisInstalled, startRedis } from "../../scripts/services/redis.mjs";
import { TcpProxy } from "../support/tcp-proxy.js";

/** What a call that is refused may take, with threefold slack. */
const REFUSED_WITHIN_MS = 3 * 300;
/** How soon service is back, with threefold slack. */
const BACK_WITHIN_MS = 3 * 2000;
/** How long a fault lasts, during which a call is sent every so many milliseconds. */
const FAULT_MS = 1500;
const EVERY_MS = 50;

const TARGET = "mcp://faulty";
const alice = testIdentity("alice");
const server = testIdentity("server");
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

interface Service {
  readonly kill: () => Promise<unknown>;
  readonly start: () => Promise<unknown>;
  readonly freeze: () => void;
  readonly thaw: () => void;
}

interface Stand {
  readonly service: Service;
  readonly proxy: TcpProxy;
  readonly store: ReplayStore;
}

async function redisStand(): Promise<Stand> {
  const redis = await startRedis({ args: ["--appendonly", "yes"] });
  cleanUps.push(() => redis.stop());
  const proxy = await proxyFor(redis.port);
  const client = new Redis({
    port: proxy.port,
    host: "127.0.0.1",
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 250,
    retryStrategy: () => 100,
  });
  client.on("error", () => {});
  cleanUps.push(async () => client.disconnect());
  const store = await createRedisReplayStore({ client, clockSkewMs: 0 });
  return { service: serviceOf(redis, () => redis.restart()), proxy, store };
}

async function postgresStand(): Promise<Stand> {
  const postgres = await startPostgres();
  cleanUps.push(() => postgres.stop());
  const proxy = await proxyFor(postgres.port);
  const connectionString = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
  const pool = new Pool({ connectionString, connectionTimeoutMillis: 1000 });
  pool.on("error", () => {});
  cleanUps.push(() => pool.end());
  await migratePostgresReplayStore(pool);
  const store = await createPostgresReplayStore({ pool, clockSkewMs: 0 });
  return { service: serviceOf(postgres, () => postgres.start()), proxy, store };
}

function serviceOf(server: Omit<Service, "start">, start: Service["start"]): Service {
  return {
    kill: () => server.kill(),
    freeze: () => {
      server.freeze();
    },
    thaw: () => {
      server.thaw();
    },
    start,
  };
}

async function proxyFor(port: number): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(port);
  cleanUps.push(() => proxy.stop());
  return proxy;
}

type Signed = Awaited<ReturnType<typeof signedCall>>;

/** A guard on the store, and every call that was sent to it. */
class Caller {
  readonly guard: Guard;
  readonly events: GuardEvent[];
  /** Calls that were accepted: they ran. */
  readonly accepted: Signed[] = [];
  readonly refused: { readonly params: Signed; readonly code: string; readonly ms: number }[] = [];

  private constructor(guard: Guard, events: GuardEvent[]) {
    this.guard = guard;
    this.events = events;
  }

  static async open(store: ReplayStore): Promise<Caller> {
    const events: GuardEvent[] = [];
    const guard = await createGuard({
      registry: testRegistry({ agents: [alice] }),
      identity: { signer: server.signer, name: server.name },
      target: TARGET,
      clockSkewMs: 0,
      replay: store,
      onEvent: (event) => void events.push(event),
    });
    cleanUps.push(() => guard.close());
    return new Caller(guard, events);
  }

  async send(params?: Signed): Promise<boolean> {
    const sent =
      params ?? (await signedCall({ identity: alice, tool: "echo", target: TARGET, arguments: {} }));
    const began = performance.now();
    const verdict = await this.guard.verify(sent);
    if (verdict.ok) this.accepted.push(sent);
    else this.refused.push({ params: sent, code: verdict.code, ms: performance.now() - began });
    return verdict.ok;
  }
}

const STANDS = [
  { name: "Redis", open: redisStand, isInstalled: isRedisInstalled(), program: "redis-server" },
  { name: "PostgreSQL", open: postgresStand, isInstalled: isPostgresInstalled(), program: "PostgreSQL" },
];

const FAULTS: readonly (readonly [string, (stand: Stand) => unknown, (stand: Stand) => unknown])[] = [
  ["is killed", ({ service }) => service.kill(), ({ service }) => service.start()],
  ["is frozen", ({ service }) => service.freeze(), ({ service }) => service.thaw()],
  ["cuts its replies", ({ proxy }) => proxy.cutReplies(true), ({ proxy }) => proxy.cutReplies(false)],
  [
    "is slow by a second",
    ({ proxy }) => void (proxy.delayMs = 1000),
    ({ proxy }) => void (proxy.delayMs = 0),
  ],
];

describe.each(STANDS)("a guard whose $name", ({ open, isInstalled, program }) => {
  describe.runIf(isInstalled)(`(skipped unless ${program} is installed)`, () => {
    it.each(FAULTS)(
      "%s: refuses at once, runs nothing twice, and is back by itself",
      async (_, breakIt, repairIt) => {
        const stand = await open();
        const caller = await Caller.open(stand.store);
        while (!(await caller.send())) await wait(20);
        for (let call = 0; call < 20; call++) await caller.send();
        const before = caller.refused.length;

        await breakIt(stand);
        const sent: Promise<boolean>[] = [];
        for (let ms = 0; ms < FAULT_MS; ms += EVERY_MS) {
          sent.push(caller.send());
          await wait(EVERY_MS);
        }
        await Promise.all(sent);
        const during = caller.refused.slice(before);
        expect(during.length, "a store that cuts one reply may answer the next").toBeGreaterThan(10);
        expect(new Set(during.map(({ code }) => code))).toEqual(new Set(["replay_unavailable"]));
        expect(Math.max(...during.map(({ ms }) => ms))).toBeLessThan(REFUSED_WITHIN_MS);

        await repairIt(stand);
        const repaired = performance.now();
        while (!(await caller.send())) await wait(20);
        expect(performance.now() - repaired).toBeLessThan(BACK_WITHIN_MS);
        expect(caller.guard.health()).toMatchObject({ ok: true, replay: { ready: true, circuit: "closed" } });

        const ran = [...caller.accepted];
        for (const params of ran) expect(await caller.send(params)).toBe(false);
        expect(new Set(caller.refused.slice(-ran.length).map(({ code }) => code))).toEqual(
          new Set(["replayed"]),
        );
      },
      60_000,
    );

    it.each(FAULTS)(
      "%s: is found well again by whoever asks for the health, without a call",
      async (...fault) => {
        const [, breakIt, repairIt] = fault;
        const stand = await open();
        const caller = await Caller.open(stand.store);
        while (!(await caller.send())) await wait(20);
        await breakIt(stand);
        while (caller.guard.health().ok) await caller.send();
        await repairIt(stand);
        const repaired = performance.now();
        while (!caller.guard.health().ok) await wait(20);
        expect(performance.now() - repaired).toBeLessThan(BACK_WITHIN_MS);
        while (!(await caller.send())) await wait(20);
      },
    );

    it("is frozen: takes no call that it refused in that time, whether the store heard of it or not", async () => {
      const stand = await open();
      const caller = await Caller.open(stand.store);
      while (!(await caller.send())) await wait(20);
      stand.service.freeze();
      await Promise.all(Array.from({ length: 10 }, () => caller.send()));
      const burnt = caller.refused.filter(({ code }) => code === "replay_unavailable");
      expect(burnt.length).toBeGreaterThanOrEqual(10);
      expect(caller.events.map(({ type }) => type)).toContain("replay_stopped");
      stand.service.thaw();
      while (!(await caller.send())) await wait(20);
      expect(caller.events.map(({ type }) => type)).toContain("replay_resumed");
      for (const { params } of burnt.slice(-10)) {
        expect(await caller.send(params)).toBe(false);
        expect(caller.refused.at(-1)?.code).toBe("replayed");
      }
    });
  });
});
