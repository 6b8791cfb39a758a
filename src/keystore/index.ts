/** Private keys on disk, encrypted unless told otherwise. Public as `signet-mcp/keystore`. */
export { KeystoreError } from "../errors.js";
export type { KeystoreErrorCode } from "../errors.js";
export type { Identity } from "./identity.js";
export { Keystore, openKeystore } from "./keystore.js";
export type {
  ExportOptions,
  ImportOptions,
  KeystoreOptions,
  NewKeyOptions,
  PublicKeyFormat,
  UnlockOptions,
} from "./options.js";
export type { Protection } from "./protection.js";
export type { KeySummary } from "./summary.js";
