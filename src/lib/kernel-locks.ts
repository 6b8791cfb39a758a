import { DependencyError } from "../errors.js";
import { quotedError } from "./text.js";

/** Locks of the kernel's: one holder for a file, over all processes of the machine, and none once the holder is gone. */
export interface KernelLocks {
  /** @returns `false` when somebody else holds it. */
  tryLock(fd: number): boolean;
  unlock(fd: number): void;
}

/**
 * Loads the package that locks files.
 *
 * @param what - Needs it, for the message.
 * @throws `DependencyError` `dependency_missing` when it does not load on this machine.
 */
export async function loadKernelLocks(what: string): Promise<KernelLocks> {
  try {
    const { default: locks } = await import("fs-native-extensions");
    return locks;
  } catch (cause) {
    throw new DependencyError(
      "dependency_missing",
      `${what} needs fs-native-extensions, which does not load on this machine (${quotedError(cause)}): ` +
        "install again with optional dependencies, on a platform that it has a build for",
      { cause },
    );
  }
}
