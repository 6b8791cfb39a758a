/** What the tests of a server author need: identities, a registry and a signed call in a line each, a pinned clock. */

export { pinnedClock } from "./testing/clock.js";
export type { PinnedClock } from "./testing/clock.js";
export { signedCall, testIdentity, testRegistry, testRegistryText } from "./testing/fixtures.js";
export type {
  SignedCallInput,
  SignedCallParams,
  TestEntry,
  TestIdentity,
  TestRegistryInput,
} from "./testing/fixtures.js";
export { replayStoreContract } from "./replay/contract.js";
export type { ReplayStoreCase, ReplayStoreHarness } from "./replay/contract.js";
