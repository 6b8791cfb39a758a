import { formatPublicKey } from "../../crypto/key-text.js";
import type { TrustRegistry } from "../../trust/registry.js";
import type { Identity } from "../../keystore/identity.js";

/**
 * Says why clients that trust the registry's `servers` would not take this server's countersignatures.
 *
 * @returns one sentence; `undefined` when they would, or when the registry lists no servers.
 */
export function identityFault(
  registry: TrustRegistry,
  identity: Identity,
  targets: readonly string[],
  nowMs: number,
): string | undefined {
  if (registry.count("servers") === 0) return undefined;
  const key = formatPublicKey(identity.signer.publicKey);
  const found = registry.lookUp("servers", key, nowMs);
  if (!found.ok) {
    return `the server's own key ${key} is not an active one of the registry's servers: ${found.detail}`;
  }
  const [own, listed] = [JSON.stringify(identity.name), JSON.stringify(found.entry.name)];
  if (own !== listed) {
    return `the server countersigns as ${own}, and the registry's servers list its key as ${listed}`;
  }
  const target = targets.find((name) => !registry.answersFor(found.entry, name));
  if (target === undefined) return undefined;
  return `the targets of the server's own key in the registry's servers do not cover ${JSON.stringify(target)}`;
}
