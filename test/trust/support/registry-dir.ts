import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openTrustRegistry } from "../../../src/trust/open.js";
import type { OpenTrustRegistryOptions } from "../../../src/trust/open.js";
import type { TrustRegistryChange, WatchedTrustRegistry } from "../../../src/trust/watched-registry.js";

/** A directory of its own with a registry file in it, and the registry that follows it. */
export interface RegistryDir extends AsyncDisposable {
  readonly directory: string;
  readonly file: string;
  readonly registry: WatchedTrustRegistry;
  /** Writes another file and renames it over the registry. */
  replace(text: string): Promise<void>;
  /** Waits for the next change that `wanted` is true of, the ones before it being passed over. */
  change(wanted: (change: TrustRegistryChange) => boolean): Promise<TrustRegistryChange>;
}

/** Makes a directory that is gone at the end of the scope. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "signet-trust-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export async function openRegistryDir(
  text: string,
  options: OpenTrustRegistryOptions = {},
): Promise<RegistryDir> {
  const directory = await mkdtemp(join(tmpdir(), "signet-trust-"));
  const file = join(directory, "registry.yaml");
  await writeFile(file, text);
  const registry = await openTrustRegistry(file, options);
  const changes = followChanges(registry);
  return {
    directory,
    file,
    registry,
    replace: async (next) => {
      await writeFile(`${file}.new`, next);
      await rename(`${file}.new`, file);
    },
    change: changes,
    [Symbol.asyncDispose]: async () => {
      await registry.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Collects the changes of a registry. The function that it gives waits for one, those that came before included. */
export function followChanges(
  registry: WatchedTrustRegistry,
): (wanted: (change: TrustRegistryChange) => boolean) => Promise<TrustRegistryChange> {
  const seen: TrustRegistryChange[] = [];
  let wake = (): void => undefined;
  registry.onChange((change) => {
    seen.push(change);
    wake();
  });
  return async (wanted) => {
    for (;;) {
      const change = seen.shift();
      if (change !== undefined && wanted(change)) return change;
      if (change === undefined) await new Promise<void>((resolve) => (wake = resolve));
    }
  };
}

/** True of the change to a registry with such an agent. */
export function hasAgent(name: string): (change: TrustRegistryChange) => boolean {
  return (change) =>
    change.type !== "refused" && [...change.registry.entries("agents")].some((entry) => entry.name === name);
}

/** True of the refusal with such a code. */
export function isRefused(code: string): (change: TrustRegistryChange) => boolean {
  return (change) => change.type === "refused" && change.error.code === code;
}
