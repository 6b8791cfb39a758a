import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ReplayHealth, SharedReplayStore } from "../../../replay/types.js";
import { signetHome } from "../../../lib/signet-home.js";
import { faultOf, look, ok, wrong } from "./finding.js";
import type { Finding } from "./finding.js";

/** What may be missing on a machine, and what it is for. */
const NATIVE = {
  lmdb: "the replay store in a file",
  "fs-native-extensions": "writing an audit log",
} as const;

/** Which stores are looked at beside the one in a file. */
export interface StoreUrls {
  readonly redis?: string | undefined;
  readonly postgres?: string | undefined;
}

/** Looks at the stores of nonces, and at the packages that they need. */
export async function checkStores({ redis, postgres }: StoreUrls): Promise<readonly Finding[]> {
  return [
    ...(await checkPackages()),
    await checkFileStore(),
    ...(redis === undefined ? [] : [await checkRedis(redis)]),
    ...(postgres === undefined ? [] : [await checkPostgres(postgres)]),
  ];
}

async function checkPackages(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [name, use] of Object.entries(NATIVE)) {
    try {
      await import(name);
    } catch {
      findings.push(
        wrong(
          "packages",
          `${name} does not load on this machine, and ${use} needs it`,
          "install again with optional dependencies",
        ),
      );
    }
  }
  return findings.length === 0 ? [ok("packages", `${Object.keys(NATIVE).join(" and ")} load`)] : findings;
}

async function checkFileStore(): Promise<Finding> {
  const path = join(signetHome(), "replay");
  // What is not there is not made.
  if (!existsSync(join(path, "data.mdb")))
    return look("store", `there is none in ${path} yet: the first server over stdio makes it`);
  const { createFileReplayStore } = await import("../../../replay/file/create.js");
  return await examine("store", path, () => createFileReplayStore({ path }));
}

async function checkRedis(url: string): Promise<Finding> {
  return await examine("store", "Redis", async (later) => {
    const { Redis } = await import("ioredis");
    const client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 1000,
    });
    // What is wrong is told by the store.
    client.on("error", () => {});
    later(async () => client.disconnect());
    const { createRedisReplayStore } = await import("../../../replay/redis/index.js");
    return await createRedisReplayStore({ client });
  });
}

async function checkPostgres(url: string): Promise<Finding> {
  return await examine("store", "PostgreSQL", async (later) => {
    const { Pool } = await import("pg");
    const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 1000 });
    later(() => pool.end());
    const { createPostgresReplayStore } = await import("../../../replay/postgres/index.js");
    return await createPostgresReplayStore({ pool });
  });
}

type Later = (cleanUp: () => Promise<unknown>) => void;

async function examine(
  about: string,
  name: string,
  open: (later: Later) => Promise<SharedReplayStore>,
): Promise<Finding> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  try {
    const store = await open((cleanUp) => cleanUps.push(cleanUp));
    cleanUps.push(() => store.close());
    return said(about, name, store.health());
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing) return faultOf(about, error);
    const package_ = name === "Redis" ? "ioredis" : "pg";
    return wrong(
      about,
      `${name} cannot be looked at, as ${package_} is not installed`,
      `npm install ${package_}`,
    );
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
}

function said(about: string, name: string, { ready, problem }: ReplayHealth): Finding {
  return ready && problem === undefined
    ? ok(about, `${name} is ready`)
    : wrong(about, `${name}: ${problem ?? "it is not ready"}`);
}
