import type { Case } from "./case.js";
import { TOOL_CASES } from "./cases-tools.js";
import { TRAFFIC_CASES } from "./cases-traffic.js";

export { GUARDED_CASES } from "./cases-guarded.js";

/** What works bare and has to work guarded. */
export const CASES: readonly Case[] = [...TOOL_CASES, ...TRAFFIC_CASES];
