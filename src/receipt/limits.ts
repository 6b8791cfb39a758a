/**
 * Bounds on what a receipt may hold, in UTF-16 code units or entries. The format itself has none; without them one
 * receipt could cost a verifier any amount of memory. `params` is bounded by whoever canonicalises it.
 */

/** Names, targets, identifiers: tool, target, transport, session, signer and server names, rules, … */
export const MAX_NAME_LENGTH = 1024;

/** Prose: `reason`, `error`, `context`. */
export const MAX_PROSE_LENGTH = 8192;

/** A nonce, in printable ASCII. */
export const MAX_NONCE_LENGTH = 128;

/** A time: its fraction may have any number of digits. */
export const MAX_TIME_LENGTH = 64;

/** Tokens in a chain (wire format, section 9). */
export const MAX_CHAIN_LENGTH = 16;

/** Entries of `tools`, `targets` and `matched_rules`. */
export const MAX_LIST_LENGTH = 1024;

/** Entries of `constraints` and `obligations`. */
export const MAX_TERMS = 64;

/** Digits of a monetary amount. */
export const MAX_AMOUNT_LENGTH = 64;

/** UTF-8 bytes and levels of free JSON: an obligation's `parameters`, a v3 receipt's `extensions`. */
export const MAX_FREE_JSON: { readonly maxBytes: number; readonly maxDepth: number } = {
  maxBytes: 16_384,
  maxDepth: 32,
};
