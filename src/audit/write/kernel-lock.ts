import { AuditLogError, DependencyError } from "../../errors.js";
import { quotedError } from "../../lib/text.js";
import { systemCode } from "../file-system.js";

/** Locks of the kernel's: one holder for a file, over all processes of the machine, and none once the holder is gone. */
export interface KernelLocks {
  /** @returns `false` when somebody else holds it. */
  tryLock(fd: number): boolean;
  unlock(fd: number): void;
}

/**
 * Loads the package that locks files.
 *
 * @throws `DependencyError` `dependency_missing` when it does not load on this machine.
 */
export async function loadKernelLocks(): Promise<KernelLocks> {
  try {
    const { default: locks } = await import("fs-native-extensions");
    return locks;
  } catch (cause) {
    throw new DependencyError(
      "dependency_missing",
      `an audit log needs fs-native-extensions, which does not load on this machine (${quotedError(cause)}): ` +
        "install again with optional dependencies, on a platform that it has a build for",
      { cause },
    );
  }
}

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
