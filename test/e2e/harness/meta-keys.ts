/** Where receipts and countersignatures travel, written out: the matrix tests the wire, not the constants. */
export const RECEIPT_META_KEY = "_signet";
export const BILATERAL_META_KEYS: readonly string[] = ["_signet_bilateral", "dev.signet/bilateral"];
