/** The paved path: a guarded server, a signing client. Everything else has a subpath of its own. */

export { SigningAgent } from "./agent/signing-agent.js";
export type { AgentOptions, CreateAgentOptions, SignOptions } from "./agent/options.js";
export { SigningTransport } from "./client.js";
export type { SigningTransportOptions } from "./client.js";
export { createGuard, verifiedCall } from "./server.js";
export type { Guard, GuardOptions, VerifiedCall } from "./server.js";
