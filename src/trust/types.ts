import type { VerifyKey } from "../crypto/ed25519.js";
import type { PublicKeyText } from "../crypto/key-text.js";

/** A list of the registry: keys that sign calls, keys whose delegations count, keys whose countersignatures count. */
export type TrustSection = "roots" | "agents" | "servers";

export type TrustStatus = "active" | "disabled" | "revoked";

/** One key of the registry and who it belongs to (wire format, section 13). Times are milliseconds since the Unix epoch. */
export interface TrustEntry {
  /** Unique within its section. */
  readonly id: string;
  /** What a receipt by this key must be signed as. Several entries share a name while a key is being rotated. */
  readonly name: string;
  readonly owner: string;
  readonly pubkey: PublicKeyText;
  readonly status: TrustStatus;
  /** The key is not valid before this instant. */
  readonly createdAtMs: number;
  /** The key is not valid at this instant and after it. Absent: never expires. */
  readonly expiresAtMs?: number;
  /** When it was disabled. There for every entry that is disabled. */
  readonly disabledAtMs?: number;
  /** When it was revoked. There for every entry that is revoked. */
  readonly revokedAtMs?: number;
  /** Patterns of the tools that an agent may call. Absent: all, unless `requireTools` is set. Empty: none. */
  readonly tools?: readonly string[];
  /** Patterns of the targets that an agent may call, or that a server may answer for. Absent: all. Empty: none. */
  readonly targets?: readonly string[];
  /** Who it is, as a URI (wire format, section 9a). */
  readonly principal?: string;
  /** How often an agent may call, at all guards that have the same targets and share a replay store. Absent: as often as it likes. */
  readonly limits?: CallLimits;
  readonly comment?: string;
}

/** No more than `maxCalls` calls within any span of `windowMs`. */
export interface CallLimits {
  /** 1 or more. */
  readonly maxCalls: number;
  /** Milliseconds, 1,000 to 31,622,400,000 (366 days). */
  readonly windowMs: number;
}

/** What a look-up of a key can end in. */
export type TrustLookup = TrustedKey | UntrustedKey;

export interface TrustedKey {
  readonly ok: true;
  readonly entry: TrustEntry;
  /** The key, ready to verify with. */
  readonly key: VerifyKey;
}

export interface UntrustedKey {
  readonly ok: false;
  readonly code: TrustRefusal;
  /** For the log. Never holds a key. */
  readonly detail: string;
}

export type TrustRefusal =
  "untrusted_signer" | "key_not_yet_valid" | "key_expired" | "key_disabled" | "key_revoked";

/** What a registry has to hold, and how it is read. */
export interface TrustRegistryOptions {
  /** An agent's entry without `tools` may call nothing, instead of everything. Default `false`. */
  readonly requireTools?: boolean;
  /** An empty list of agents is an error. Default `true`; a client that only looks up servers sets it to `false`. */
  readonly requireAgents?: boolean;
  /** An empty list of servers is an error. Default `false`. */
  readonly requireServers?: boolean;
}

/** The registry's own fields, apart from its lists of keys. */
export interface TrustRegistryHeader {
  readonly bundleId: string;
  readonly org: string;
  readonly env: string;
  readonly generatedAtMs: number;
  readonly description?: string;
  readonly source?: string;
}
