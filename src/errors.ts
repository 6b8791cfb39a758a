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

/** A signing key that cannot be read, is not a key, or gave a wrong signature. */
export class SignerError extends SignetError {
  declare readonly code: SignerErrorCode;

  constructor(code: SignerErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type SignerErrorCode =
  | "identity_not_found"
  | "key_file_unreadable"
  | "key_file_permissions"
  | "key_file_invalid"
  | "key_file_encrypted"
  | "key_invalid"
  | "signature_invalid"
  | "message_too_long"
  | "signer_failed";

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
  | "registry_closed";

/** A replay store that cannot say whether a nonce was seen. The guard denies the call. */
export class ReplayStoreError extends SignetError {
  declare readonly code: ReplayStoreErrorCode;

  constructor(code: ReplayStoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export type ReplayStoreErrorCode = "replay_full" | "issued_before_start" | "replay_unavailable";

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
  | "guard_closed"
  | "not_verified_here"
  | "already_countersigned"
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
