/** The trust registry: whose keys are trusted, and for what. Public as `signet-mcp/trust`. */
export { TrustRegistryError } from "../errors.js";
export type { TrustRegistryErrorCode } from "../errors.js";
export { openTrustRegistry } from "./open.js";
export type { OpenTrustRegistryOptions } from "./open.js";
export { parseTrustRegistry } from "./parse.js";
export type { ParseTrustRegistryOptions } from "./parse.js";
export { TrustRegistry } from "./registry.js";
export type {
  TrustEntry,
  TrustLookup,
  TrustRefusal,
  TrustRegistryHeader,
  TrustRegistryOptions,
  TrustSection,
  TrustStatus,
  TrustedKey,
  UntrustedKey,
} from "./types.js";
export { WatchedTrustRegistry } from "./watched-registry.js";
export type { TrustRegistryChange, TrustRegistryHealth, TrustRegistryListener } from "./watched-registry.js";
