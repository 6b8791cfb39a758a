import { AuditLogError } from "../errors.js";
import { quotedError } from "../lib/text.js";
import { systemCode } from "./file-system.js";

const FULL: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT"];
const NOT_ALLOWED: readonly (string | undefined)[] = ["EACCES", "EPERM", "EROFS"];

/** Says what it means that a file or directory cannot be opened for writing, and what to do. */
export function openFault(path: string, cause: unknown): AuditLogError {
  const code = systemCode(cause);
  if (cause instanceof AuditLogError) return cause;
  if (FULL.includes(code)) return fullFault(path, cause);
  if (NOT_ALLOWED.includes(code)) {
    return new AuditLogError(
      "audit_not_writable",
      `${path} cannot be written to (${code}): give this user the right to write there, or choose another directory`,
      { cause },
    );
  }
  if (code === "ENOTDIR" || code === "EEXIST" || code === "EISDIR") {
    return new AuditLogError(
      "audit_not_writable",
      `${path} is in the way (${code}): the log is a directory, of files that are none`,
      { cause },
    );
  }
  return ioFault(path, "cannot be opened", cause);
}

/** Says what it means that a write failed. */
export function writeFault(path: string, cause: unknown): AuditLogError {
  if (cause instanceof AuditLogError) return cause;
  return FULL.includes(systemCode(cause))
    ? fullFault(path, cause)
    : ioFault(path, "cannot be written", cause);
}

export function fullFault(path: string, cause?: unknown): AuditLogError {
  return new AuditLogError(
    "audit_full",
    `there is no room for ${path}: free some, and the log goes on by itself`,
    { cause },
  );
}

export function ioFault(path: string, what: string, cause: unknown): AuditLogError {
  const code = systemCode(cause) ?? quotedError(cause);
  return new AuditLogError(
    "audit_io",
    `${path} ${what} (${code}): look at the disk, then open the log again`,
    {
      cause,
    },
  );
}

/** Says why what is there cannot be read. */
export function readFault(path: string, cause: unknown): AuditLogError {
  if (cause instanceof AuditLogError) return cause;
  const code = systemCode(cause) ?? quotedError(cause);
  return new AuditLogError("audit_unreadable", `${path} cannot be read (${code})`, { cause });
}
