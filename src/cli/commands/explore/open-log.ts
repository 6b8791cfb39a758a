import type { ReceiptChecker } from "../../../audit/verify/check-receipt.js";
import { loadRegistry } from "../../../audit/verify/load-registry.js";
import { makeReceiptChecker } from "../../../audit/verify/make-checker.js";
import type { TrustRegistry } from "../../../trust/registry.js";

/** A log that is looked at, and what its records are checked against. */
export interface OpenLog {
  readonly dir: string;
  readonly receipts: ReceiptChecker;
  /** `undefined` when nobody vouches for the keys. */
  readonly registry: TrustRegistry | undefined;
}

/** @throws `TrustRegistryError` for the registry's file. */
export async function openLog(dir: string, trustBundle: string | undefined): Promise<OpenLog> {
  const registry = await loadRegistry(trustBundle);
  return { dir, receipts: await makeReceiptChecker(new Map(), registry), registry };
}
