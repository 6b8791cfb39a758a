import type { Case } from "./case.js";
import { TOOL_CASES } from "./cases-tools.js";
import { TRAFFIC_CASES } from "./cases-traffic.js";

export const CASES: readonly Case[] = [...TOOL_CASES, ...TRAFFIC_CASES];
