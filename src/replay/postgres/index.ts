/** `signet-mcp/replay/postgres`: the memory of used nonces in a PostgreSQL database that many hosts share. */
export { migratePostgresReplayStore, postgresReplayMigration } from "./migrate.js";
export type { PostgresReplayMigrationOptions, PostgresReplayStoreOptions } from "./options.js";
export type { PostgresClient, PostgresPool } from "./pool.js";
export { createPostgresReplayStore } from "./store.js";
export type { PostgresReplayStore } from "./store.js";
