import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { endPool } from "../replay/postgres/support/stand.js";
import { createPostgresReplayStore } from "signet-mcp/replay/postgres";
import { createRedisReplayStore } from "signet-mcp/replay/redis";
import { createGuard, REFUSALS } from "signet-mcp/server";
import type { GuardHealth, ReplayStore } from "signet-mcp/server";
import { testIdentity, testRegistry } from "signet-mcp/testing";
import { describe, expect, it } from "vitest";
import { isPostgresInstalled, startPostgres } from "../../scripts/services/postgres.mjs";
import { isRedisInstalled, startRedis } from "../../scripts/services/redis.mjs";
import { COMMANDS } from "../../src/replay/redis/faults.js";
import { parseTrustRegistry } from "../../src/trust/index.js";
import { ALICE } from "../replay/harness.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const path = join(root, "docs/operations.md");
const text = readFileSync(path, "utf8");
const nginx = ["nginx", "/usr/sbin/nginx"].find((program) => spawnSync(program, ["-v"]).status === 0);

/** The page's code blocks of a language. */
function blocks(language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, code]) => code ?? "",
  );
}

function block(language: string, mark: string): string {
  return blocks(language).find((code) => code.includes(mark)) ?? `no block of ${language} with ${mark}`;
}

/** Settings, one a line: name and value. */
function settings(code: string): [name: string, value: string][] {
  return code
    .trim()
    .split("\n")
    .map((line) => line.split(/ = | /))
    .map(([name = "", ...value]) => [name, value.join(" ")]);
}

/** Inside the package, so that its own name resolves to what was built. */
function withFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(root, "test/package/operations-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function shell(code: string, cwd: string, env: Readonly<Record<string, string>>): void {
  execFileSync("sh", ["-e", "-c", code], { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
}

/** What a store says of a nonce that was signed at a time: `claimed`, or the code with which it refuses. */
function claim(store: ReplayStore, nonce: string, issuedAtMs: number): Promise<string> {
  return Promise.resolve(store.claim(ALICE, nonce, issuedAtMs + 600_000, issuedAtMs)).catch(
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
  );
}

describe("docs/operations.md", () => {
  it("shows code that compiles against the built package", () => {
    expect(blocks("ts").length).toBeGreaterThan(0);
    withFolder((folder) => {
      for (const [index, code] of blocks("ts").entries()) {
        writeFileSync(join(folder, `block-${index}.ts`), code);
      }
      const compilerOptions = { isolatedDeclarations: false, declaration: false };
      const tsconfig = { extends: "../../../tsconfig.json", compilerOptions, include: ["*.ts"] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      const compile = (): unknown =>
        execFileSync("npx", ["--no-install", "tsc", "-p", folder], { cwd: root, encoding: "utf8" });
      expect(compile).not.toThrow();
    });
  });

  it("names codes, events and fields of health that there are", async () => {
    const events = readFileSync(join(root, "src/mcp/guard/events.ts"), "utf8");
    const faults = readFileSync(join(root, "src/errors.ts"), "utf8");
    const names = [...text.matchAll(/`((?:replay|issued|rate|refund)_\w+)`/g)].map(([, name]) => name ?? "");
    expect(new Set(names).size).toBeGreaterThan(7);
    const isKnown = (name: string): boolean =>
      Object.hasOwn(REFUSALS, name) ||
      events.includes(`readonly type: "${name}"`) ||
      faults.includes(`"${name}"`);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);

    const server = testIdentity("server");
    const guard = await createGuard({
      registry: testRegistry({ agents: [testIdentity("agent")] }),
      identity: { signer: server.signer, name: server.name },
      target: "mcp://x",
      replay: "memory",
    });
    const { replay } = guard.health();
    for (const field of ["ready", "circuit", "pendingClaims"]) expect(replay).toHaveProperty(field);
    await guard.close();
  });

  it("gives a Redis user the commands that the store runs", () => {
    expect(text).toContain(COMMANDS);
  });

  it("has a row for each field of health().replay", () => {
    const fields: Record<keyof GuardHealth["replay"], true> = {
      kind: true,
      ready: true,
      problem: true,
      circuit: true,
      pendingClaims: true,
      liveNonces: true,
      capacity: true,
      perSignerShare: true,
    };
    const [, table = ""] = text.split("| field of `health().replay`");
    const [rows = ""] = table.split("\n\n");
    const named = [...rows.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name ?? "");
    expect(named.sort()).toEqual(Object.keys(fields).sort());
  });

  it("shows an entry of a registry that parses", () => {
    const head = "version: 1\nbundle_id: tb_x\norg: acme\nenv: prod\ngenerated_at: 2026-11-23T00:00:00Z\n";
    expect(parseTrustRegistry(head + block("yaml", "limits:")).count("agents")).toBe(1);
  });

  it.skipIf(!isRedisInstalled())(
    "sets Redis up so that the store opens, as a user with few rights, and begins anew (skipped unless redis-server is installed)",
    async () => {
      const args = settings(block("conf", "maxmemory-policy")).flatMap(([name, value]) => [
        `--${name}`,
        value,
      ]);
      const server = await startRedis({ args });
      const acl = block("text", "ACL SETUSER").trim().replace("PASSWORD", "secret").split(" ");
      expect(await server.cli(...acl)).toBe("OK");
      const options = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000 };
      const login = { username: "signet", password: "secret" };
      const client = new Redis({ port: server.port, ...login, ...options });
      const replay = await createRedisReplayStore({ client, clockSkewMs: 0 });
      const before = Date.now();
      expect(await claim(replay, "first", before)).toBe("claimed");
      shell(block("sh", "redis-cli"), root, { REDIS_URL: server.url });
      while (Date.now() <= before);
      expect(await claim(replay, "second", before)).toBe("issued_before_start");
      expect(await claim(replay, "third", Date.now())).toBe("claimed");
      for (const [name, value] of settings(block("conf", "min-replicas"))) {
        expect(await server.cli("CONFIG", "SET", name, value)).toBe("OK");
      }
      expect(await claim(replay, "fourth", Date.now())).toBe("replay_unavailable");
      client.disconnect();
      await server.stop();
    },
  );

  it.skipIf(!isPostgresInstalled())(
    "sets PostgreSQL up so that the store opens, as a role with few rights, and begins anew (skipped unless PostgreSQL is installed)",
    async () => {
      const server = await startPostgres();
      await server.sql(block("sql", "CREATE ROLE"));
      withFolder((folder) => {
        shell(block("sh", "psql"), folder, { DATABASE_URL: server.url });
      });
      await server.sql(block("sql", "GRANT"));
      const connectionString = server.url.replace("postgres@", "github_mcp@");
      const pool = new Pool({ connectionString, connectionTimeoutMillis: 1000, max: 5 });
      const replay = await createPostgresReplayStore({ pool, clockSkewMs: 0 });
      const before = Date.now();
      expect(await claim(replay, "first", before)).toBe("claimed");
      expect(await server.sql(block("sql", "signet_replay_identity"))).toMatch(/^\d+\/\w+\/\d+$/);
      while (Date.now() <= before);
      await server.sql(block("sql", "UPDATE"));
      expect(await claim(replay, "second", before)).toBe("issued_before_start");
      expect(await claim(replay, "third", Date.now())).toBe("claimed");
      for (const [name, value] of settings(block("ini", "synchronous_commit"))) {
        await server.sql(`ALTER SYSTEM SET ${name} = ${value}`);
      }
      await replay.close();
      await endPool(pool);
      await server.stop();
    },
  );

  it.skipIf(nginx === undefined)("shows what nginx takes (skipped unless nginx is installed)", () => {
    const folder = mkdtempSync(join(tmpdir(), "signet-nginx-"));
    const config = join(folder, "nginx.conf");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const http = `http { access_log off; ${temporary.join(" ")}\n${block("nginx", "upstream")} }`;
    writeFileSync(config, `pid ${folder}/pid;\nevents {}\n${http}`);
    const { status, stderr } = spawnSync(nginx ?? "", ["-t", "-e", join(folder, "log"), "-c", config], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    rmSync(folder, { recursive: true });
  });

  it("links to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
  });
});
