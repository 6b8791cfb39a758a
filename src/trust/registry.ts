import { quoted } from "../lib/text.js";
import { formatTime } from "../lib/time.js";
import { keyFaultText } from "./key-fault.js";
import { KeyRing } from "./key-ring.js";
import type { RegistryIndex } from "./registry-index.js";
import { compilePatterns } from "./scope.js";
import type {
  TrustEntry,
  TrustLookup,
  TrustRefusal,
  TrustRegistryHeader,
  TrustRegistryOptions,
  TrustSection,
  UntrustedKey,
} from "./types.js";

/**
 * A trust registry as it was at one time: whose keys are trusted, and for what. It never changes; a reload makes
 * another one. Made by `parseTrustRegistry` and `openTrustRegistry`.
 */
export class TrustRegistry {
  readonly header: TrustRegistryHeader;
  /** Whether an agent's entry without `tools` may call nothing, instead of everything. */
  readonly requireTools: boolean;
  readonly #index: RegistryIndex;
  readonly #keys: KeyRing;
  readonly #scopes = new WeakMap<TrustEntry, Scope>();

  /** Use `parseTrustRegistry` or `openTrustRegistry`. */
  constructor(
    header: TrustRegistryHeader,
    index: RegistryIndex,
    options: TrustRegistryOptions = {},
    keys: KeyRing = new KeyRing(),
  ) {
    this.header = Object.freeze(header);
    this.#index = index;
    this.#keys = keys;
    this.requireTools = options.requireTools ?? false;
  }

  /**
   * Finds out whether a key is trusted in a section, at an instant. A map look-up; the first time that a key is found
   * it is also checked for being on the curve (0.7 ms).
   *
   * A status counts from when it is written in the file, whatever time stands beside it: a key with a `revoked_at` in
   * the future is revoked. One that is revoked or disabled in any section is so in all, listed there or not.
   *
   * Never throws, whatever the key's text is.
   *
   * @param pubkey - Text of the key, as a receipt has it.
   * @param nowMs - Milliseconds since the Unix epoch.
   * @returns the entry and the key; or `key_revoked`, `key_disabled`, `untrusted_signer` (not in this section, or
   * not a key that may be trusted), `key_not_yet_valid` before `created_at`, `key_expired` from `expires_at` on.
   */
  lookUp(section: TrustSection, pubkey: string, nowMs: number): TrustLookup {
    const barred = this.#index.findBarred(pubkey);
    return barred === undefined ? this.#lookUpListed(section, pubkey, nowMs) : refuseBarred(barred);
  }

  /**
   * Finds out whether a key was trusted in a section at an instant that may be long past, as far as this version of the
   * registry tells: for records, never for calls.
   *
   * As {@link lookUp}, but a key counts as disabled or revoked only from its `disabled_at` or `revoked_at` on, in whatever
   * section that is written. When a status was taken back, or an entry taken out, the registry no longer says.
   *
   * Never throws, whatever the key's text is.
   *
   * @param atMs - Milliseconds since the Unix epoch.
   */
  lookUpAsOf(section: TrustSection, pubkey: string, atMs: number): TrustLookup {
    return this.#barredAsOf(pubkey, atMs) ?? this.#lookUpListed(section, pubkey, atMs);
  }

  #barredAsOf(pubkey: string, atMs: number): UntrustedKey | undefined {
    if (this.#index.findBarred(pubkey) === undefined) return undefined;
    const entries = SECTIONS.map((section) => this.#index.find(section, pubkey));
    const barred = entries.filter((entry) => entry !== undefined && entry.status !== "active");
    const revoked = barred.find((entry) => isFrom(entry?.revokedAtMs, atMs));
    // One that was disabled first and revoked later has both times.
    const disabled = barred.find((entry) => isFrom(entry?.disabledAtMs, atMs));
    if (revoked !== undefined) return refuseFrom("key_revoked", revoked.id, revoked.revokedAtMs);
    return disabled && refuseFrom("key_disabled", disabled.id, disabled.disabledAtMs);
  }

  #lookUpListed(section: TrustSection, pubkey: string, nowMs: number): TrustLookup {
    const entry = this.#index.find(section, pubkey);
    if (entry === undefined) return refuse("untrusted_signer", `the key is not listed in ${section}`);
    const { createdAtMs, expiresAtMs } = entry;
    // Written so that a clock that gives NaN is refused too.
    if (!(nowMs >= createdAtMs))
      return refuse("key_not_yet_valid", `${quoted(entry.id)} is valid from ${formatTime(createdAtMs)} on`);
    if (expiresAtMs !== undefined && !(nowMs < expiresAtMs)) {
      return refuse("key_expired", `${quoted(entry.id)} expired at ${formatTime(expiresAtMs)}`);
    }
    const checked = this.#keys.use(entry.pubkey);
    if ("fault" in checked)
      return refuse("untrusted_signer", `the key of ${quoted(entry.id)} ${keyFaultText(checked.fault)}`);
    return { ok: true, entry, key: checked.key };
  }

  /**
   * Tells whether an entry may call a tool at a target. In `tools` and `targets`, `*` stands for any run of characters.
   * A list that is absent allows all (`tools` under `requireTools`: none), an empty one none.
   *
   * @param entry - From this registry.
   */
  allows(entry: TrustEntry, tool: string, target: string): boolean {
    const { tools, targets } = this.#scopeOf(entry);
    return (
      (tools === undefined ? !this.requireTools : tools(tool)) && (targets === undefined || targets(target))
    );
  }

  /**
   * Tells whether a server's entry covers a target: a trusted server may not answer for another.
   *
   * @param entry - From this registry.
   */
  answersFor(entry: TrustEntry, target: string): boolean {
    const { targets } = this.#scopeOf(entry);
    return targets === undefined || targets(target);
  }

  /** The entry of a key in a section, whatever its status and times are. Says nothing of trust: see {@link lookUp}. */
  find(section: TrustSection, pubkey: string): TrustEntry | undefined {
    return this.#index.find(section, pubkey);
  }

  /** The entry that disables or revokes a key, in whatever section it is. */
  findBarred(pubkey: string): TrustEntry | undefined {
    return this.#index.findBarred(pubkey);
  }

  /** All entries of a section, in the order of the file. */
  entries(section: TrustSection): Iterable<TrustEntry> {
    return this.#index.entries(section);
  }

  /** How many entries a section has. */
  count(section: TrustSection): number {
    return this.#index.count(section);
  }

  #scopeOf(entry: TrustEntry): Scope {
    const known = this.#scopes.get(entry);
    if (known !== undefined) return known;
    const scope = {
      tools: entry.tools && compilePatterns(entry.tools),
      targets: entry.targets && compilePatterns(entry.targets),
    };
    this.#scopes.set(entry, scope);
    return scope;
  }
}

const SECTIONS: readonly TrustSection[] = ["agents", "servers", "roots"];

/** Written so that an instant that is none counts as past. */
function isFrom(fromMs: number | undefined, atMs: number): boolean {
  return fromMs !== undefined && !(atMs < fromMs);
}

interface Scope {
  readonly tools: ((name: string) => boolean) | undefined;
  readonly targets: ((name: string) => boolean) | undefined;
}

function refuseBarred({ id, status, disabledAtMs, revokedAtMs }: TrustEntry): UntrustedKey {
  return status === "revoked"
    ? refuseFrom("key_revoked", id, revokedAtMs)
    : refuseFrom("key_disabled", id, disabledAtMs);
}

function refuseFrom(
  code: "key_revoked" | "key_disabled",
  id: string,
  fromMs: number | undefined,
): UntrustedKey {
  const status = code === "key_revoked" ? "revoked" : "disabled";
  const since = fromMs === undefined ? "" : `, since ${formatTime(fromMs)}`;
  return refuse(code, `${quoted(id)} is ${status}${since}`);
}

function refuse(code: TrustRefusal, detail: string): UntrustedKey {
  return { ok: false, code, detail };
}
