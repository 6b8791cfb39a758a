/** For MCP clients: sign what is called, check what comes back. */

export { SigningTransport } from "./mcp/client/signing-transport.js";
export type { SigningTransportConstructor } from "./mcp/client/signing-transport.js";
export type { AuditOption } from "./mcp/client/audit-option.js";
export type { SigningTransportOptions } from "./mcp/client/options.js";
export type { AnsweredRequest } from "./mcp/client/events.js";
export { CLIENT_ERROR, CLIENT_REFUSALS } from "./mcp/client/refusals.js";
export type { ClientRefusalCode } from "./mcp/client/refusals.js";
export type { PinnedServer, ServersOption } from "./mcp/client/servers.js";
export type { Identity } from "./keystore/identity.js";
export type { IdentityOption } from "./mcp/identity.js";
export { createSentReceipts } from "./mcp/client/sent-receipts.js";
export type { SentReceipts } from "./mcp/client/sent-receipts.js";
