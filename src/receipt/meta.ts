/** Names under which receipts travel in MCP messages (wire format, section 10). */

/** Member of `params._meta` that holds the agent's receipt of a request. */
export const RECEIPT_META = "_signet";

/** The same by MCP's naming rule for `_meta`. Read everywhere, written on request. */
export const RECEIPT_META_ALIAS = "dev.signet/receipt";

/** Member of `result._meta`, and of `error.data`, that holds the server's countersigned receipt. */
export const BILATERAL_META = "_signet_bilateral";

/** The same by MCP's naming rule for `_meta`. */
export const BILATERAL_META_ALIAS = "dev.signet/bilateral";
