/**
 * Exceptions for operators and callers. What a peer sends never becomes one of these: it comes back as a
 * value with a code (see `verify/refusals.ts`).
 */

/** Base class of every exception that this package throws on purpose, except {@link OptionError}. */
export class SignetError extends Error {
  /** Stable, machine-readable name of the fault. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A value that has no canonical JSON form: RFC 8785, and the stricter rules of the Signet format. */
export class CanonicalJsonError extends SignetError {
  declare readonly code: CanonicalJsonErrorCode;

  constructor(code: CanonicalJsonErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type CanonicalJsonErrorCode =
  "not_json" | "non_finite" | "unsafe_integer" | "lone_surrogate" | "too_deep" | "too_large";

/** A signer that is no key, or cannot sign, or gave a wrong signature. */
export class SignerError extends SignetError {
  declare readonly code: SignerErrorCode;

  constructor(code: SignerErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type SignerErrorCode = "key_invalid" | "signature_invalid" | "message_too_long" | "signer_failed";

/** A key on disk that cannot be found, read, opened or written. Never holds a private key or a passphrase. */
export class KeystoreError extends SignetError {
  declare readonly code: KeystoreErrorCode;

  constructor(code: KeystoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type KeystoreErrorCode =
  /** There is no key of that name, or no such file. */
  | "identity_not_found"
  /** There is a key of that name, and none is ever overwritten. */
  | "identity_exists"
  | "key_file_unreadable"
  /** Others than its owner have access to the file. */
  | "key_file_permissions"
  /** It is no key file, or not one of this version. */
  | "key_file_invalid"
  /** The directory cannot be made or written to, or is full. */
  | "keystore_not_writable"
  /** The key is encrypted, and no passphrase was given. */
  | "passphrase_missing"
  /** The key does not open with the passphrase, or its file is damaged: nobody can tell which. */
  | "passphrase_wrong"
  /** What was to be imported is no Ed25519 private key, or in no form that can be read. */
  | "import_invalid";

/** Where in a registry file a fault is. Lines and columns count from 1. */
export interface FilePlace {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A trust registry that cannot be read or does not hold. Names the file and the line. */
export class TrustRegistryError extends SignetError implements FilePlace {
  declare readonly code: TrustRegistryErrorCode;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(code: TrustRegistryErrorCode, message: string, options: FilePlace & { cause?: unknown } = {}) {
    super(code, message, options);
    this.file = options.file;
    this.line = options.line;
    this.column = options.column;
  }
}

export type TrustRegistryErrorCode =
  | "registry_not_found"
  | "registry_unreadable"
  | "registry_too_large"
  | "registry_syntax"
  | "registry_invalid"
  | "registry_empty"
  | "registry_unsupported"
  | "registry_regressed"
  | "registry_edit_invalid"
  | "registry_closed";

/** A replay store that cannot say whether a nonce was seen. The guard denies the call. */
export class ReplayStoreError extends SignetError {
  declare readonly code: ReplayStoreErrorCode;

  constructor(code: ReplayStoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type ReplayStoreErrorCode =
  /** No live nonce may be dropped to make room: for all signers, or for this one. */
  | "replay_full"
  /** The receipt is older than what the store remembers. */
  | "issued_before_start"
  /** The store cannot be asked, or gave no answer in time. */
  | "replay_unavailable"
  /** At start: the client, the server behind it or a setting of either is not as replay protection needs it. */
  | "replay_misconfigured"
  /** At start: the store's files cannot be read or written. */
  | "replay_not_writable"
  /** At start: the store's files are damaged, or are not the store's. */
  | "replay_corrupt";

/** A place in an audit log. */
export interface AuditPlace {
  /**
   * Name of the file within the log's directory, such as `2026-11-26.jsonl`. As it is: of a file that somebody else put there it may
   * hold what a terminal obeys, so escape it where you show it. In messages and details it is escaped.
   */
  readonly file: string;
  /** Counts from 1; a compressed file's lines are counted as they were before. */
  readonly line: number;
}

/** An audit log that cannot be opened, read or written. What is wrong with its records is a finding of `verify`, not an exception. */
export class AuditLogError extends SignetError {
  declare readonly code: AuditLogErrorCode;
  /** Where in the log the fault is, if it is at a place. */
  readonly place: AuditPlace | undefined;

  constructor(
    code: AuditLogErrorCode,
    message: string,
    options: { readonly place?: AuditPlace | undefined; readonly cause?: unknown } = {},
  ) {
    super(code, message, options);
    this.place = options.place;
  }
}

export type AuditLogErrorCode =
  /** There is no such directory. */
  | "audit_not_found"
  /** The directory or a file in it cannot be read. */
  | "audit_unreadable"
  /** The directory or a file in it cannot be written to. */
  | "audit_not_writable"
  /** The disk is full. Appending goes on by itself once there is room. */
  | "audit_full"
  /** Reading, writing or syncing failed in a way after which nothing is certain. The log has to be opened again. */
  | "audit_io"
  /** Another process is at the same work, and only one may be. */
  | "audit_busy"
  /** The log's clock gives what is no time. Appending goes on once it does. */
  | "audit_clock"
  /** The lock file is not there any more, or is another one: somebody else may be writing. */
  | "audit_lock_lost"
  /** The newest record is not what it should be, so nothing can be chained to it. */
  | "audit_corrupt"
  /** The log was opened for reading only. */
  | "audit_read_only"
  /** The log is closed. */
  | "audit_closed"
  /** What was to be appended is no record of a kind that a log holds. */
  | "record_invalid"
  /** What was to be appended is longer than a line may be. */
  | "record_too_large"
  /** Encrypted params that are not a v1 envelope of the receipt's own signer, or do not open with the key. */
  | "params_undecryptable"
  /** An evidence bundle that cannot be written where it should, or is none. */
  | "bundle_exists"
  | "bundle_empty"
  | "bundle_invalid";

/** A guard that is used in a way that it cannot be. */
export class GuardError extends SignetError {
  declare readonly code: GuardErrorCode;

  constructor(code: GuardErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type GuardErrorCode =
  | "already_connected"
  | "already_protected"
  | "not_a_server"
  | "wrap_under_protect"
  | "replay_not_chosen"
  | "guard_closed"
  | "not_verified_here"
  | "already_countersigned"
  | "audit_unavailable"
  | "countersign_unavailable";

/**
 * A signing transport that is used in a way that it cannot be, and, given to the transport's `onerror`, an answer that
 * it did not hand on because no request fits it.
 */
export class SigningTransportError extends SignetError {
  declare readonly code: SigningTransportErrorCode;

  constructor(code: SigningTransportErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type SigningTransportErrorCode =
  "duplicate_request" | "batch_not_signable" | "transport_closed" | "unexpected_answer" | "unreadable_answer";

/** A `SigningAgent` that is used in a way that it cannot be. */
export class AgentError extends SignetError {
  declare readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type AgentErrorCode = "agent_closed";

/** A package that a feature needs, and that is installed only where the feature is used, cannot be loaded. */
export class DependencyError extends SignetError {
  declare readonly code: DependencyErrorCode;

  constructor(code: DependencyErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type DependencyErrorCode = "dependency_missing";

/** An option, argument or receipt field of the wrong type or range, or one whose feature is not built yet. The caller's mistake. */
export class OptionError extends TypeError {
  /** `invalid_option`, `missing_option`, `unknown_option`, or `unsupported_option` for a feature that is not there yet. */
  readonly code: OptionErrorCode;
  /** Path of the option, such as `limits.receiptBytes`. */
  readonly option: string;

  constructor(code: OptionErrorCode, option: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "OptionError";
    this.code = code;
    this.option = option;
  }
}

export type OptionErrorCode = "invalid_option" | "missing_option" | "unknown_option" | "unsupported_option";
