import type { CallLimits, TrustEntry, TrustSection } from "../types.js";

/** One change of a registry. Plain data. */
export type RegistryEdit = AddEntry | DisableEntry | RevokeEntry | RotateEntry;

/** Lists one more key, active. */
export interface AddEntry {
  readonly kind: "add";
  readonly section: TrustSection;
  readonly entry: NewTrustEntry;
}

/** What a new entry says; the same names as in `TrustEntry`. */
export interface NewTrustEntry {
  /** Not used in the section yet. */
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** `ed25519:` and base64. Not listed in the section yet, and revoked in none. */
  readonly pubkey: string;
  /** Default now. Milliseconds since the Unix epoch. */
  readonly createdAtMs?: number;
  /** Milliseconds since the Unix epoch, not before `createdAtMs`. Default never. */
  readonly expiresAtMs?: number;
  /** Patterns. Agents only. Default all. */
  readonly tools?: readonly string[];
  /** Patterns. Agents and servers only. Default all. */
  readonly targets?: readonly string[];
  readonly principal?: string;
  /** Agents only; `windowMs` in whole seconds. Default as often as it likes. */
  readonly limits?: CallLimits;
  readonly comment?: string;
}

/** Cuts an active key off, for a time. */
export interface DisableEntry {
  readonly kind: "disable";
  readonly section: TrustSection;
  readonly id: string;
  /** What `disabled_at` says, in milliseconds since the Unix epoch. Default now. */
  readonly atMs?: number;
}

/**
 * Cuts a key off for good, in every section. One that is disabled keeps its `disabled_at`. One that is revoked already can only be
 * dated back.
 */
export interface RevokeEntry {
  readonly kind: "revoke";
  readonly section: TrustSection;
  readonly id: string;
  /** What `revoked_at` says, in milliseconds since the Unix epoch. Default now. */
  readonly atMs?: number;
}

/**
 * Lists a second key for whom an active entry stands for, with the same `tools`, `targets`, `limits` and `principal`, and sees the
 * first one off: at the end of an overlap, or at once.
 */
export interface RotateEntry {
  readonly kind: "rotate";
  readonly section: TrustSection;
  /** Of the entry whose key is replaced. It must be active. */
  readonly id: string;
  readonly newId: string;
  /** `ed25519:` and base64. Not listed in the section yet, and revoked in none. */
  readonly newPubkey: string;
  /** Default the name of the first. */
  readonly newName?: string;
  /** Default the owner of the first. */
  readonly newOwner?: string;
  /**
   * What `expires_at` of the first is set to, unless it ends sooner already; milliseconds since the Unix epoch, later than `atMs`.
   * Default none: the first is disabled.
   */
  readonly overlapUntilMs?: number;
  /** What `created_at` of the second and `disabled_at` of the first say, in milliseconds since the Unix epoch. Default now. */
  readonly atMs?: number;
}

/** What became of a registry file. */
export interface RegistryEditResult {
  /** Absolute path of the file that was written, links followed. */
  readonly path: string;
  readonly section: TrustSection;
  /** The `id` that the edit named. */
  readonly id: string;
  /** The entry as it was. Absent for `add`. */
  readonly before?: TrustEntry;
  /** The same entry as it is now; for `add` the new one. */
  readonly after: TrustEntry;
  /** The second entry that `rotate` made. */
  readonly added?: TrustEntry;
  /** What `generated_at` says now, in milliseconds since the Unix epoch. */
  readonly generatedAtMs: number;
}
