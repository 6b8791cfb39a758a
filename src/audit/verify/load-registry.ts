import { resolve } from "node:path";

import { readHere } from "../../trust/reading.js";
import type { TrustRegistry } from "../../trust/registry.js";
import { takeIn } from "../../trust/take-in.js";

/**
 * Loads the registry that a log is verified against.
 *
 * @throws `TrustRegistryError`
 */
export async function loadRegistry(
  registry: TrustRegistry | string | undefined,
): Promise<TrustRegistry | undefined> {
  if (typeof registry !== "string") return registry;
  // One may list servers or roots alone.
  const options = { requireAgents: false };
  const request = { path: resolve(registry), file: registry, options, knownDigest: undefined };
  return readHere(request, async ({ version }) => {
    if (version === undefined) throw new Error("a first version cannot be unchanged");
    return (await takeIn(version, undefined, options, registry)).registry;
  });
}
