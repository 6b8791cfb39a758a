import { invalidOption, missingOption } from "../../lib/option.js";

/** What the store uses of a `Pool` of the package `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  on?(event: "error", listener: (error: Error) => void): unknown;
  removeListener?(event: "error", listener: (error: Error) => void): unknown;
  /** Its settings, if it shows them. The store looks at `connectionTimeoutMillis`. */
  readonly options?: object;
}

/** What the store uses of a client that a pool has lent. */
export interface PostgresClient {
  /** Runs SQL in the simple protocol, in which one text may hold several statements. */
  query(text: string): Promise<unknown>;
  /** Gives it back; with `true`, to be closed rather than used again. */
  release(destroy?: boolean): void;
  on?(event: "error", listener: (error: Error) => void): unknown;
  removeListener?(event: "error", listener: (error: Error) => void): unknown;
}

const WANTED = "a Pool of the package pg";

/** @throws `OptionError` for what has no `connect`. */
export function poolOption(value: unknown, path: string): PostgresPool {
  if (value === undefined) throw missingOption(path, WANTED);
  if (!isPool(value)) throw invalidOption(path, WANTED, value);
  return value;
}

/** A connection that breaks emits an error, and one that nobody listens to ends the process. */
export function ignoreErrors(emitter: PostgresPool | PostgresClient): () => void {
  const ignore = (): void => {};
  emitter.on?.("error", ignore);
  return () => {
    emitter.removeListener?.("error", ignore);
  };
}

function isPool(value: unknown): value is PostgresPool {
  return (
    typeof value === "object" && value !== null && "connect" in value && typeof value.connect === "function"
  );
}
