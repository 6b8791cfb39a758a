/** Discovery over HTTP, for Express and whatever has the same handlers. */

export { signetDiscovery } from "./mcp/discovery.js";
export type { DiscoveryHandler } from "./mcp/discovery.js";
