import type { KernelLocks } from "../../lib/kernel-locks.js";
import { AuditLogError } from "../../errors.js";
import { systemCode } from "../file-system.js";

/**
 * Tries to lock a file.
 *
 * @throws `AuditLogError` `audit_not_writable` where the file system has no locks, as over some network mounts.
 */
export function lockOrNot(locks: KernelLocks, fd: number, path: string): boolean {
  try {
    return locks.tryLock(fd);
  } catch (cause) {
    const code = systemCode(cause) ?? "no code";
    throw new AuditLogError(
      "audit_not_writable",
      `${path} cannot be locked (${code}): keep the log on a local file system`,
      { cause },
    );
  }
}
