import { TrustRegistryError } from "../errors.js";
import { quoted } from "../lib/text.js";
import { formatTime } from "../lib/time.js";
import { FLAGS } from "./batches.js";
import type { EntryBatch } from "./batches.js";
import { KeyRing } from "./key-ring.js";
import { PackedEntry } from "./packed-entry.js";
import type { ReadVersion } from "./reading.js";
import { RegistryIndex } from "./registry-index.js";
import { TrustRegistry } from "./registry.js";
import type { TrustRegistryHeader, TrustRegistryOptions, TrustSection } from "./types.js";

/** A version that was taken in, and what the next one has to know of it. */
export interface InUse {
  readonly registry: TrustRegistry;
  readonly index: RegistryIndex;
  readonly keys: KeyRing;
  /** Every key that was revoked in this version or one before it. */
  readonly revoked: ReadonlySet<string>;
}

/**
 * Makes a registry of a version that was read, unless it takes back what the version in use says (wire format,
 * section 13): other tools drop the fields that restrict a key, and absent means "all".
 *
 * @throws `TrustRegistryError` `registry_regressed` when a key that stays loses `tools`, `targets`, `limits` or `principal`,
 * a key that was ever revoked comes back as anything else, or `generated_at` is older.
 */
export async function takeIn(
  version: ReadVersion,
  before: InUse | undefined,
  options: TrustRegistryOptions,
  file: string,
): Promise<InUse> {
  const { header, batches } = version;
  if (before !== undefined) refuseOlder(header, before.registry.header, file);
  const intake = new Intake(before, file);
  for await (const batch of batches) intake.add(batch);
  const { index, keys } = intake;
  const revoked = intake.finish();
  return { registry: new TrustRegistry(header, index, options, keys), index, keys, revoked };
}

/** A version that is being taken in, a batch at a time. */
class Intake {
  readonly index: RegistryIndex = new RegistryIndex();
  readonly keys: KeyRing = new KeyRing();
  readonly #before: InUse | undefined;
  readonly #file: string;
  readonly #revoked = new Set<string>();
  readonly #doubtful: { readonly pubkey: string; readonly packed: PackedEntry }[] = [];

  constructor(before: InUse | undefined, file: string) {
    this.#before = before;
    this.#file = file;
  }

  add(batch: EntryBatch): void {
    for (const [at, pubkey] of batch.pubkeys.entries()) {
      const packed = new PackedEntry(batch, at);
      this.index.add(batch.section, pubkey, packed);
      const isRevoked = (packed.flags & FLAGS.revoked) !== 0;
      if (isRevoked) this.#revoked.add(pubkey);
      if (this.#before === undefined) continue;
      refuseLost(this.#file, batch.section, packed, this.#before.index.flagsOf(batch.section, pubkey));
      if (!isRevoked && this.#before.revoked.has(pubkey)) this.#doubtful.push({ pubkey, packed });
      this.keys.carryOver(pubkey, this.#before.keys);
    }
  }

  /** @returns the keys revoked now or before. */
  finish(): ReadonlySet<string> {
    for (const { pubkey, packed } of this.#doubtful) {
      // A key may be active in one section and stay revoked by its entry in another.
      if (!this.index.isRevoked(pubkey)) {
        throw regressed(this.#file, packed, "was revoked; to trust it again, restart");
      }
    }
    for (const pubkey of this.#before?.revoked ?? []) this.#revoked.add(pubkey);
    return this.#revoked;
  }
}

function refuseOlder(next: TrustRegistryHeader, before: TrustRegistryHeader, file: string): void {
  if (next.generatedAtMs >= before.generatedAtMs) return;
  const [nextText, beforeText] = [formatTime(next.generatedAtMs), formatTime(before.generatedAtMs)];
  const message = `${file}: generated_at ${nextText} is before that of the version in use, ${beforeText}; set it to the time of the change, and if the version in use is dated in the future to a time after that, or restart`;
  throw new TrustRegistryError("registry_regressed", message, { file });
}

function refuseLost(file: string, section: TrustSection, packed: PackedEntry, flagsBefore: number): void {
  for (const name of ["tools", "targets", "limits", "principal"] as const) {
    if ((flagsBefore & ~packed.flags & FLAGS[name]) === 0) continue;
    const remedy =
      name === "tools" || name === "targets"
        ? 'put it back, or write ["*"] to allow all'
        : "put it back, or restart";
    throw regressed(file, packed, `has lost its ${name} in ${section}; ${remedy}`);
  }
}

function regressed(file: string, packed: PackedEntry, problem: string): TrustRegistryError {
  const { line } = packed;
  const message = `${file}:${line}: the key of ${quoted(packed.unpack().id)} ${problem}`;
  return new TrustRegistryError("registry_regressed", message, { file, line });
}
