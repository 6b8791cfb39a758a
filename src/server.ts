/** The guard: for authors of MCP servers, and of gateways. */

export { createGuard } from "./mcp/guard/create-guard.js";
export { verifiedCall } from "./mcp/guard/call-scope.js";
export type { Guard } from "./mcp/guard/guard.js";
export type { GuardDescription, GuardHealth } from "./mcp/guard/guard.js";
export type { CountersignOptions } from "./mcp/guard/gateway.js";
export type { GuardCounts, GuardEvent } from "./mcp/guard/events.js";
export type { RedactedCall } from "./mcp/guard/audit/redaction.js";
export type { GuardLimits, GuardOptions } from "./mcp/guard/options.js";
export type { Identity } from "./keystore/identity.js";
export type { IdentityOption } from "./mcp/identity.js";
export type { RegistryHealth } from "./mcp/guard/registry-source.js";
export type { CallHandler } from "./mcp/guard/wrap-handler.js";
export { isRefusalCode, REFUSALS } from "./verify/refusals.js";
export type { Refusal, RefusalCode } from "./verify/refusals.js";
export type { Accepted, Rejected, Verdict, VerifiedCall, VerifiedSigner } from "./verify/verdict.js";
export type { ReplayHealth, ReplayStore } from "./replay/types.js";
