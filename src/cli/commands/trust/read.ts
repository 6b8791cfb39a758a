import type { TrustRegistry } from "../../../trust/registry.js";

/** Reads a registry that is looked at: it may be one that lists nobody yet. */
export async function readRegistry(path: string): Promise<TrustRegistry> {
  const { loadRegistry } = await import("../../../audit/verify/load-registry.js");
  const registry = await loadRegistry(path);
  if (registry === undefined) throw new Error("a path gives a registry");
  return registry;
}
