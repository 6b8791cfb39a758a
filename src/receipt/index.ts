/** Receipts, tokens and decisions: their types, and how to parse, sign and check them. */

export { canonicalJson } from "../crypto/canonical-json.js";
export type { CanonicalLimits } from "../crypto/canonical-json.js";
export type { Sha256Text } from "../crypto/digest.js";
export { importVerifyKey } from "../crypto/ed25519.js";
export type { VerifyKey } from "../crypto/ed25519.js";
export { formatPublicKey, parsePublicKeyText } from "../crypto/key-text.js";
export type { PublicKeyText, SignatureText } from "../crypto/key-text.js";
export { createSigner, generateSeed, generateSigner } from "../crypto/signer.js";
export type { Signer } from "../crypto/signer.js";
export { agentReceiptText, paramsText } from "./agent-text.js";
export type { AgentReceiptText } from "./agent-text.js";
export { checkAgentReceipt, checkBilateralReceipt, checkParamsHash, checkReceiptSignature } from "./check.js";
export { checkAuthorizationDecision, checkDecisionFor } from "./check-decision.js";
export type { DecidedReceipt } from "./check-decision.js";
export { checkAuthorization, checkDelegationChain, checkDelegationToken } from "./check-delegation.js";
export type { AuthorizedReceipt } from "./check-delegation.js";
export type { Check, Failed, Fault } from "./check-result.js";
export { checkRevocationRecord } from "./check-revocation.js";
export { contentHash, errorHash } from "./content-hash.js";
export { countersignReceipt } from "./countersign.js";
export type { CountersignInput } from "./countersign.js";
export type { ActionInput, SignerInput } from "./intent-draft.js";
export { intentHash } from "./intent-hash.js";
export type { Intent } from "./intent-hash.js";
export { BILATERAL_META, BILATERAL_META_ALIAS, RECEIPT_META, RECEIPT_META_ALIAS } from "./meta.js";
export {
  parseAgentReceipt,
  parseAuthorizationDecision,
  parseBilateralReceipt,
  parseCompoundReceipt,
  parseDelegationToken,
  parseReceipt,
  parseRevocationRecord,
} from "./parse.js";
export type { Parsed } from "./parse.js";
export { bilateralText } from "./response-text.js";
export { signReceipt } from "./sign.js";
export type { ReceiptInput } from "./sign.js";
export { signCompoundReceipt } from "./sign-compound.js";
export type { CompoundInput } from "./sign-compound.js";
export { signDelegatedReceipt } from "./sign-delegated.js";
export type { DelegatedInput } from "./sign-delegated.js";
export { signDelegationToken } from "./sign-delegation.js";
export type { DelegationInput } from "./sign-delegation.js";
export { signAuthorizationDecision } from "./sign-decision.js";
export type { DecisionInput } from "./sign-decision.js";
export { signRevocationRecord } from "./sign-revocation.js";
export type { RevocationInput } from "./sign-revocation.js";
export type { KeyLookup } from "./signature.js";
export type * from "./types.js";
