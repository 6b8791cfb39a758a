/** Discovery over HTTP, for Express and whatever has the same handlers. */

export { signetDiscovery } from "./mcp/guard/discovery.js";
export type { DiscoveryHandler } from "./mcp/guard/discovery.js";
