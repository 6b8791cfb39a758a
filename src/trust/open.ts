import { resolve } from "node:path";

import { booleanOption, functionOption, integerOption, textOption } from "../lib/option.js";
import { readOptions } from "./options.js";
import type { TrustRegistryOptions } from "./types.js";
import { WatchedTrustRegistry } from "./watched-registry.js";

export type { WatchedTrustRegistry } from "./watched-registry.js";

export interface OpenTrustRegistryOptions extends TrustRegistryOptions {
  /** Follow changes of the file. Default `true`; with `false`, only `reload` reads it again. */
  readonly watch?: boolean;
  /**
   * How often the file is looked at where the platform sends no event, in milliseconds: 1,000 to 3,600,000. Default
   * `2000`. Where events work a change is seen within a fifth of a second.
   */
  readonly pollMs?: number;
  /** Time source for `health()`, milliseconds since the Unix epoch. Default the system's clock. */
  readonly clock?: () => number;
}

/** How long a file has to stay as it is before it is read. */
const SETTLE_MS = 50;

/** Larger files are read by a worker. One of this size is read in a few milliseconds, and starting a worker takes longer. */
const MAX_BYTES_HERE = 16 * 1024;

const WORKER_URL = new URL("./worker.js", import.meta.url);

/**
 * Opens a trust registry file, YAML or JSON, and follows its changes.
 *
 * Once it is open it never goes without a registry: a version that is bad, takes back a restriction or a revocation, or
 * is gone leaves the old one in use, and says so by `onChange` and `health()`. A large file is read in another thread.
 * Watching does not keep the process alive.
 *
 * @param path - Of the file, from the working directory. Links are followed, also when they are swapped later.
 * @throws `TrustRegistryError` with file, line and column, the operator's fault: `registry_not_found`,
 * `registry_unreadable`, `registry_too_large` (more than 64 MiB) and all that `parseTrustRegistry` throws.
 * @throws `OptionError` for an option of the wrong type or range: the caller's fault.
 */
export async function openTrustRegistry(
  path: string,
  options: OpenTrustRegistryOptions = {},
): Promise<WatchedTrustRegistry> {
  const file = textOption(path, "path", "the path of a registry file");
  const { record, options: registryOptions } = readOptions(options, ["watch", "pollMs", "clock"]);
  return WatchedTrustRegistry.open({
    path: resolve(file),
    file,
    options: registryOptions,
    watch: booleanOption(record, "options", "watch", true),
    times: {
      settleMs: SETTLE_MS,
      pollMs: integerOption(record, "options", "pollMs", { min: 1000, max: 3_600_000, fallback: 2000 }),
    },
    clock: functionOption<() => number>(record, "options", "clock", Date.now),
    maxBytesHere: MAX_BYTES_HERE,
    workerUrl: WORKER_URL,
  });
}
