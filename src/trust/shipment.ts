import { cutIntoBatches } from "./batches.js";
import type { EntryBatch } from "./batches.js";
import { PackedEntry } from "./packed-entry.js";
import type { PlacedEntry } from "./read-registry.js";
import { RegistryIndex } from "./registry-index.js";
import { TrustRegistry } from "./registry.js";
import type { TrustRegistryHeader, TrustSection } from "./types.js";

/** A registry as plain data, for another thread. */
export interface RegistryShipment {
  readonly header: TrustRegistryHeader;
  readonly requireTools: boolean;
  readonly batches: readonly EntryBatch[];
}

/** Packs a registry up. */
export function shipRegistry(registry: TrustRegistry): RegistryShipment {
  const { header, requireTools } = registry;
  const sections = {
    roots: placed(registry, "roots"),
    agents: placed(registry, "agents"),
    servers: placed(registry, "servers"),
  };
  return { header: { ...header }, requireTools, batches: [...cutIntoBatches({ header, sections })] };
}

/** Makes the registry of a shipment. */
export function unpackRegistry({ header, requireTools, batches }: RegistryShipment): TrustRegistry {
  const index = new RegistryIndex();
  for (const batch of batches) {
    for (const [at, pubkey] of batch.pubkeys.entries()) {
      index.add(batch.section, pubkey, new PackedEntry(batch, at));
    }
  }
  return new TrustRegistry(header, index, { requireTools });
}

/** The lines of the file are told in messages about the file alone. */
function placed(registry: TrustRegistry, section: TrustSection): PlacedEntry[] {
  return Array.from(registry.entries(section), (entry) => ({ entry, line: 0 }));
}
