import { formatPublicKey } from "../../crypto/key-text.js";
import type { TrustRegistry } from "../../trust/registry.js";
import type { Identity } from "../identity.js";

/**
 * Says why clients that trust the registry's `servers` would not take this server's countersignatures.
 *
 * @returns one sentence; `undefined` when they would, or when the registry lists no servers.
 */
export function identityFault(
  registry: TrustRegistry,
  identity: Identity,
  nowMs: number,
): string | undefined {
  if (registry.count("servers") === 0) return undefined;
  const found = registry.lookUp("servers", formatPublicKey(identity.signer.publicKey), nowMs);
  if (!found.ok)
    return `the server's own key is not an active one of the registry's servers: ${found.detail}`;
  if (found.entry.name === identity.name) return undefined;
  const [own, listed] = [JSON.stringify(identity.name), JSON.stringify(found.entry.name)];
  return `the server countersigns as ${own}, and the registry's servers list its key as ${listed}`;
}
