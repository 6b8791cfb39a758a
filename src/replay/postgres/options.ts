import { clockOption, integerOption, invalidOption, optionRecord } from "../../lib/option.js";
import type { OptionRecord } from "../../lib/option.js";
import { poolOption } from "./pool.js";
import type { PostgresPool } from "./pool.js";

/** Where the tables of a replay store are. */
export interface PostgresReplayMigrationOptions {
  /**
   * Schema of the store's tables and functions: a lower-case letter or `_`, then up to 62 of these and digits. Default is `signet`. The
   * migration creates it when it is not there.
   */
  readonly schema?: string;
}

/** Options of a PostgreSQL store. All but `pool` have a default. */
export interface PostgresReplayStoreOptions extends PostgresReplayMigrationOptions {
  /**
   * Your `Pool` of the package `pg`; it may be shared with the rest of the application. The store uses at most five connections of it at once,
   * and never ends it. Set its `connectionTimeoutMillis`, 1 to 5,000 (1,000 is good).
   */
  readonly pool: PostgresPool;
  /** How many live nonces one signer may have, 1 to 100,000,000. Default is 500,000. */
  readonly perSignerShare?: number;
  /** How far ahead of the database's clock a receipt may be dated, in milliseconds, up to 600,000. At least the guard's. Default is 30,000. */
  readonly clockSkewMs?: number;
  /**
   * How far the clocks of hosts and database may be apart, in milliseconds, 100 to 600,000. A nonce is kept so much longer. When they are further apart,
   * every claim is refused. Default is 60,000. Keep it the same in all processes.
   */
  readonly storeClockSkewMs?: number;
  /** How long the server may work on a statement, in milliseconds, 10 to 10,000. Default is 250. One that has no answer 750 ms later is given up. */
  readonly statementTimeoutMs?: number;
  /** The time of this host, in milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: () => number;
}

/** Options that were checked. */
export interface StoreSettings {
  readonly pool: PostgresPool;
  readonly schema: string;
  readonly perSignerShare: number;
  readonly clockSkewMs: number;
  readonly storeClockSkewMs: number;
  readonly statementTimeoutMs: number;
  readonly clock: () => number;
}

const DEFAULT_SCHEMA = "signet";
/** Such a name needs no quotes, so what it is put into needs no escaping. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** @throws `OptionError` for an option that is unknown, missing, of the wrong type or out of range. */
export function storeSettings(options: unknown): StoreSettings {
  const path = "options";
  const record = optionRecord(options, path, [
    "pool",
    "schema",
    "perSignerShare",
    "clockSkewMs",
    "storeClockSkewMs",
    "statementTimeoutMs",
    "clock",
  ]);
  const ms = (name: string, min: number, max: number, fallback: number): number =>
    integerOption(record, path, name, { min, max, fallback });
  return {
    pool: poolOption(record["pool"], `${path}.pool`),
    schema: schemaOption(record, path),
    perSignerShare: integerOption(record, path, "perSignerShare", {
      min: 1,
      max: 100_000_000,
      fallback: 500_000,
    }),
    clockSkewMs: ms("clockSkewMs", 0, 600_000, 30_000),
    storeClockSkewMs: ms("storeClockSkewMs", 100, 600_000, 60_000),
    statementTimeoutMs: ms("statementTimeoutMs", 10, 10_000, 250),
    clock: clockOption(record, path),
  };
}

/** @throws `OptionError` as {@link storeSettings}. */
export function migrationSchema(options: unknown): string {
  return schemaOption(optionRecord(options, "options", ["schema"]), "options");
}

function schemaOption(options: OptionRecord, path: string): string {
  const schema = options["schema"] ?? DEFAULT_SCHEMA;
  // PostgreSQL keeps names with `pg_` to itself.
  if (typeof schema !== "string" || !SCHEMA.test(schema) || schema.startsWith("pg_")) {
    throw invalidOption(
      `${path}.schema`,
      "a name of a-z, 0-9 and _ that does not begin with a digit or pg_",
      schema,
    );
  }
  return schema;
}
