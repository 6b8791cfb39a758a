import { unpackRegistry } from "../../trust/shipment.js";
import type { RegistryShipment } from "../../trust/shipment.js";
import type { TrustRegistry } from "../../trust/registry.js";
import { ReceiptChecker } from "./check-receipt.js";
import type { ParamsKeys } from "./encrypted-params.js";
import { rememberKeys } from "./key-memory.js";
import { Signatures } from "./signatures.js";

/** What receipts are checked against. Plain data: it is sent to other threads. */
export interface CheckerSettings {
  readonly registry: RegistryShipment | undefined;
  readonly paramsKeys: ReadonlyMap<string, Uint8Array>;
  /** Whether libsodium does the arithmetic, as in the thread that asks. */
  readonly sodium: boolean;
}

/** Makes what checks receipts in this thread. */
export async function makeReceiptChecker(
  paramsKeys: ReadonlyMap<string, Uint8Array>,
  registry: TrustRegistry | undefined,
): Promise<ReceiptChecker> {
  return new ReceiptChecker(
    { lookUpKey: rememberKeys(), signatures: new Signatures(), registry },
    await loadParamsKeys(paramsKeys),
  );
}

/** The same in a thread of its own. */
export async function makeReceiptCheckerOf(settings: CheckerSettings): Promise<ReceiptChecker> {
  if (settings.sodium) {
    const { useSodium } = await import("../../crypto/use-sodium.js");
    await useSodium();
  }
  const { registry, paramsKeys } = settings;
  return makeReceiptChecker(paramsKeys, registry && unpackRegistry(registry));
}

/** Loads the cipher only where there is something to decrypt. */
async function loadParamsKeys(keys: ReadonlyMap<string, Uint8Array>): Promise<ParamsKeys | undefined> {
  if (keys.size === 0) return undefined;
  const { decryptParams } = await import("../record/params-cipher.js");
  return { keys, decrypt: decryptParams };
}
