import type { VerifyKey } from "../crypto/ed25519.js";
import { quoted } from "../lib/text.js";
import type { ReceiptV1 } from "../receipt/types.js";
import type { TrustRegistry } from "../trust/registry.js";
import type { TrustEntry } from "../trust/types.js";
import { reject } from "./verdict.js";
import type { Rejected, VerifiedSigner } from "./verdict.js";

interface FoundSigner {
  readonly ok: true;
  readonly entry: TrustEntry;
  readonly key: VerifyKey;
  readonly signer: VerifiedSigner;
}

/** Looks the signer's key up: listed, and active at this instant. A look-up only, before any cryptography. */
export function findSigner(
  receipt: ReceiptV1,
  registry: TrustRegistry,
  source: { readonly registryFault?: () => string | undefined },
  now: number,
): FoundSigner | Rejected {
  const fault = source.registryFault?.();
  if (fault !== undefined) return reject("registry_stale", fault);
  const found = registry.lookUp("agents", receipt.signer.pubkey, now);
  if (!found.ok) return reject(found.code, found.detail);
  return { ok: true, entry: found.entry, key: found.key, signer: describeSigner(found.entry) };
}

/**
 * Checks that the receipt claims to be by whom the registry lists for the key: this is what turns a self-asserted
 * name into a bound one. An empty `owner` claims nothing; a principal is bound where the entry has one.
 */
export function checkSignerClaims(receipt: ReceiptV1, entry: TrustEntry): Rejected | undefined {
  const { name, owner, principal } = receipt.signer;
  if (name !== entry.name)
    return reject("signer_mismatch", `signed as ${quoted(name)}, listed as ${quoted(entry.name)}`);
  if (owner !== "" && owner !== entry.owner) {
    return reject("signer_mismatch", `signed for owner ${quoted(owner)}, listed for ${quoted(entry.owner)}`);
  }
  if (entry.principal !== undefined && principal !== entry.principal) {
    return reject("signer_mismatch", "the signer's principal is not the one listed");
  }
  return undefined;
}

/** Checks that the registry lets this key call this tool at this target. */
export function checkScope(
  receipt: ReceiptV1,
  entry: TrustEntry,
  registry: TrustRegistry,
  options: { readonly requireTools: boolean },
): Rejected | undefined {
  const { tool, target } = receipt.action;
  const unscoped = options.requireTools && entry.tools === undefined;
  if (!unscoped && registry.allows(entry, tool, target)) return undefined;
  return reject("out_of_scope", `${quoted(entry.id)} may not call ${quoted(tool)} at ${quoted(target)}`);
}

function describeSigner(entry: TrustEntry): VerifiedSigner {
  const { id, name, owner, pubkey, principal } = entry;
  const signer = { id, name, owner, publicKey: pubkey };
  return principal === undefined ? signer : { ...signer, principal };
}
