/** `signet-mcp/replay`: the memory of used nonces, and what a store of your own must hold. */
export { createMemoryReplayStore } from "./memory.js";
export type { MemoryReplayStore, MemoryReplayStoreOptions } from "./memory.js";
export type { BudgetCharge, Charge, ChargeOutcome, RateCharge } from "./counters/charge.js";
export type { ClaimOutcome, ReplayHealth, ReplayStore, SharedReplayStore } from "./types.js";
