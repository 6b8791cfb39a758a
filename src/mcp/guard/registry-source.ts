import type { TrustRegistry } from "../../trust/registry.js";
import { openTrustRegistry } from "../../trust/open.js";
import type { WatchedTrustRegistry } from "../../trust/watched-registry.js";
import type { EventLog } from "./events.js";

/** The state of the registry that a guard works with. */
export interface RegistryHealth {
  /** Path of the watched file; absent for a registry that was passed in. */
  readonly file?: string;
  readonly agents: number;
  /** The registry's own `generated_at`, in milliseconds since the Unix epoch. */
  readonly generatedAtMs: number;
  /** Since when the file has been missing or bad, in milliseconds since the Unix epoch. Absent while it is good. */
  readonly staleSinceMs?: number;
  /** What is wrong with the file, while it is. */
  readonly fault?: string;
}

/** Where a guard has its registry from: a file that may change under it, or an object that does not. */
export interface RegistrySource {
  readonly current: () => TrustRegistry;
  /** Whether agents of the registry have `limits`. */
  readonly hasLimits: () => boolean;
  /** Why the registry may not be used any more, if so. */
  readonly fault: () => string | undefined;
  readonly reload: () => Promise<void>;
  readonly health: () => RegistryHealth;
  readonly problems: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** A registry that was passed in: never changes, never goes stale. */
export function fixedRegistry(registry: TrustRegistry): RegistrySource {
  return {
    current: () => registry,
    hasLimits: limitsFinder(() => registry),
    fault: () => undefined,
    reload: () => Promise.resolve(),
    health: () => ({ agents: registry.count("agents"), generatedAtMs: registry.header.generatedAtMs }),
    problems: () => [],
    close: () => Promise.resolve(),
  };
}

/**
 * Opens a registry file and follows its changes.
 *
 * @throws `TrustRegistryError` when the file cannot be read, does not hold, or lists no agents.
 */
export async function openRegistryFile(
  path: string,
  options: { readonly maxStaleMs: number | undefined; readonly clock: () => number },
  events: EventLog,
): Promise<RegistrySource> {
  const { clock, maxStaleMs } = options;
  const watched = await openTrustRegistry(path, { clock });
  watched.onChange((change) => {
    if (change.type === "refused") {
      const { error } = change;
      events.report({ type: "registry_rejected", detail: error.message, error });
    } else events.report({ type: "registry_reloaded" });
  });
  const fault = (): string | undefined => {
    const { staleSinceMs } = watched.health();
    if (maxStaleMs === undefined || staleSinceMs === undefined) return undefined;
    const staleMs = clock() - staleSinceMs;
    return staleMs > maxStaleMs ? `the registry file has been missing or bad for ${staleMs} ms` : undefined;
  };
  return {
    current: () => watched.current,
    hasLimits: limitsFinder(() => watched.current),
    // Asked for every call: without `maxStaleMs` there is nothing to find out.
    fault: maxStaleMs === undefined ? () => undefined : fault,
    reload: () => watched.reload(),
    health: () => readHealth(watched),
    problems: () => {
      const ahead = datedAhead(watched.current, clock());
      const { staleSinceMs, lastError } = watched.health();
      if (staleSinceMs === undefined) return ahead;
      const effect = fault() === undefined ? "its last good version is in force" : "every call is refused";
      return [`the registry file is missing or bad, and ${effect}: ${lastError?.message ?? ""}`, ...ahead];
    },
    close: () => watched.close(),
  };
}

/** Looks through a registry once, however often it is asked. */
function limitsFinder(current: () => TrustRegistry): () => boolean {
  let seen: TrustRegistry | undefined;
  let found = false;
  return () => {
    const registry = current();
    if (registry !== seen) {
      seen = registry;
      found = [...registry.entries("agents")].some(({ limits }) => limits !== undefined);
    }
    return found;
  };
}

/** A version that is dated ahead stands in the way of every change that is dated rightly. */
function datedAhead(registry: TrustRegistry, nowMs: number): readonly string[] {
  const aheadMs = registry.header.generatedAtMs - nowMs;
  if (!(aheadMs > DATED_AHEAD_MS)) return [];
  return [
    `the registry's generated_at is ahead of this clock by ${Math.round(aheadMs / 1000)} s: until then a change, a ` +
      "revocation too, has to be dated later still, or be followed by a restart",
  ];
}

/** Less is the drift of clocks. */
const DATED_AHEAD_MS = 60_000;

function readHealth(watched: WatchedTrustRegistry): RegistryHealth {
  const { file, staleSinceMs, lastError } = watched.health();
  const { current } = watched;
  return {
    file,
    agents: current.count("agents"),
    generatedAtMs: current.header.generatedAtMs,
    ...(staleSinceMs === undefined ? {} : { staleSinceMs }),
    ...(lastError === undefined ? {} : { fault: lastError.message }),
  };
}
