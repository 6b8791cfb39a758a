import { DependencyError } from "../errors.js";
import { chooseBackend } from "./chosen-backend.js";
import { createSodiumBackend } from "./sodium-backend.js";
import type { Sodium } from "./sodium-backend.js";

/**
 * Has libsodium do the Ed25519 arithmetic of this process, through the package `sodium-native`: less than half of the
 * time that `node:crypto` takes for a call of usual size. What is accepted does not change, nor does a signature.
 *
 * It holds for keys that are taken in afterwards: call it before guards, transports and signers are made. Again is
 * the same as once.
 *
 * @throws `DependencyError` `dependency_missing`, as a rejection, when `sodium-native` is not installed or does not
 * load on this machine; all stays with `node:crypto` then.
 *
 * @example
 * ```ts
 * import { createGuard } from "signet-mcp/server";
 * import { useSodium } from "signet-mcp/sodium";
 *
 * await useSodium();
 * const guard = await createGuard({ registry: "config/registry.yaml", identity: "github-mcp", target: "mcp://github" });
 * ```
 */
export async function useSodium(): Promise<void> {
  chooseBackend(createSodiumBackend(await loadSodium()));
}

async function loadSodium(): Promise<Sodium> {
  try {
    const { default: sodium } = await import("sodium-native");
    return sodium;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new DependencyError(
      "dependency_missing",
      `sodium-native cannot be loaded (${detail}): install it with \`npm install sodium-native\``,
      { cause },
    );
  }
}
