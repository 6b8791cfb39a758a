import { createServer as v1Low } from "./v1-low.mjs";
import { createServer as v1Mcp } from "./v1-mcp.mjs";
import { createServer as v2Low } from "./v2-low.mjs";
import { createServer as v2Mcp } from "./v2-mcp.mjs";

export { createState } from "./state.mjs";

export const createV1Server = { low: v1Low, mcp: v1Mcp };
export const createV2Server = { low: v2Low, mcp: v2Mcp };
