import { atomicCases } from "./contract/atomic.js";
import { counterCases } from "./contract/counters.js";
import { expiryCases } from "./contract/expiry.js";
import type { ReplayStoreCase, ReplayStoreHarness } from "./contract/harness.js";
import { capacityCases, shareCases } from "./contract/limits.js";
import { namespaceCases } from "./contract/namespace.js";
import { refusalCases } from "./contract/refusals.js";

export type { ReplayStoreCase, ReplayStoreHarness } from "./contract/harness.js";

/**
 * Lists what every replay store must hold, as cases for any test runner.
 *
 * The cases share the harness: run them one after another, not at once.
 *
 * @param harness - Opens the store under test and moves its time, see {@link ReplayStoreHarness}.
 * @returns Cases in a fixed order. Those that the harness cannot show are left out.
 *
 * @example
 * ```ts
 * it.each(replayStoreContract(harness))("$name", ({ run }) => run());
 * ```
 */
export function replayStoreContract(harness: ReplayStoreHarness): ReplayStoreCase[] {
  return [
    ...atomicCases(harness),
    ...namespaceCases(harness),
    ...expiryCases(harness),
    ...(harness.limited === true ? capacityCases(harness) : []),
    ...(harness.limited === false ? [] : shareCases(harness)),
    ...refusalCases(harness),
    ...(harness.counts === true ? counterCases(harness) : []),
  ];
}
