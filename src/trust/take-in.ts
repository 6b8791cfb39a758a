import { TrustRegistryError } from "../errors.js";
import { quoted } from "../lib/text.js";
import { formatTime } from "../lib/time.js";
import { KeyRing } from "./key-ring.js";
import type { PlacedEntry } from "./read-registry.js";
import type { ReadVersion } from "./reading.js";
import { RegistryIndex } from "./registry-index.js";
import { TrustRegistry } from "./registry.js";
import type { TrustEntry, TrustRegistryOptions, TrustSection } from "./types.js";

/** The version that is in use, and every key that was revoked in it or in one before it. */
export interface InUse {
  readonly registry: TrustRegistry;
  readonly revoked: ReadonlySet<string>;
}

/**
 * Makes a registry of a version that was read, unless it takes back what the version in use says (wire format,
 * section 13): other tools drop the fields that restrict a key, and absent means "all".
 *
 * @throws `TrustRegistryError` `registry_regressed` when a key that stays loses `tools`, `targets` or `principal`, a key
 * that was ever revoked comes back as anything else, or `generated_at` is older.
 */
export async function takeIn(
  version: ReadVersion,
  before: InUse | undefined,
  options: TrustRegistryOptions,
  file: string,
): Promise<InUse> {
  if (before !== undefined) refuseOlder(version, before.registry, file);
  const index = new RegistryIndex();
  const keys = new KeyRing();
  const revoked = new Set<string>();
  const doubtful: PlacedEntry[] = [];
  for await (const { section, entries } of version.batches) {
    for (const placed of entries) {
      const { entry } = placed;
      index.add(section, entry);
      if (entry.status === "revoked") revoked.add(entry.pubkey);
      if (before === undefined) continue;
      refuseLost(section, placed, before.registry.find(section, entry.pubkey), file);
      if (entry.status !== "revoked" && before.revoked.has(entry.pubkey)) doubtful.push(placed);
      keys.carryOver(entry.pubkey, TrustRegistry.keysOf(before.registry));
    }
  }
  // A key may be active in one section and stay revoked by its entry in another.
  for (const placed of doubtful) {
    if (!revoked.has(placed.entry.pubkey))
      throw regressed(file, placed, "was revoked; to trust it again, restart");
  }
  for (const pubkey of before?.revoked ?? []) revoked.add(pubkey);
  return { registry: new TrustRegistry(version.header, index, options, keys), revoked };
}

function refuseOlder(version: ReadVersion, before: TrustRegistry, file: string): void {
  const { generatedAtMs } = version.header;
  const usedAtMs = before.header.generatedAtMs;
  if (generatedAtMs >= usedAtMs) return;
  const message = `${file}: generated_at ${formatTime(generatedAtMs)} is before that of the version in use, ${formatTime(usedAtMs)}; set it to the time of the change`;
  throw new TrustRegistryError("registry_regressed", message, { file });
}

function refuseLost(
  section: TrustSection,
  placed: PlacedEntry,
  before: TrustEntry | undefined,
  file: string,
): void {
  if (before === undefined) return;
  for (const name of ["tools", "targets", "principal"] as const) {
    if (before[name] === undefined || placed.entry[name] !== undefined) continue;
    const remedy =
      name === "principal" ? "put it back, or restart" : 'put it back, or write ["*"] to allow all';
    throw regressed(file, placed, `has lost its ${name} in ${section}; ${remedy}`);
  }
}

function regressed(file: string, { entry, line }: PlacedEntry, problem: string): TrustRegistryError {
  return new TrustRegistryError(
    "registry_regressed",
    `${file}:${line}: the key of ${quoted(entry.id)} ${problem}`,
    {
      file,
      line,
    },
  );
}
