import type { Setup, TransportKind } from "./setup.js";

const KINDS = ["low", "mcp"] as const;

export const V1_SETUPS: readonly Setup[] = setups("v1", "2025", [
  "memory",
  "stdio",
  "http-stateful",
  "http-stateless",
  "http-stateless-json",
]);

export const V2_2025_SETUPS: readonly Setup[] = setups("v2", "2025", [
  "memory",
  "memory-serve",
  "stdio",
  "stdio-serve",
  "http-stateful",
  "http-stateless",
  "http-stateless-json",
  "http-handler",
]);

/** v2 serves the 2026 revision through its entries only: what is connected by hand speaks the 2025 one. */
export const V2_2026_SETUPS: readonly Setup[] = setups("v2", "2026", [
  "memory-serve",
  "stdio-serve",
  "http-handler",
  "http-handler-sse",
]);

/** Clients of one SDK with servers of the other. In memory they do not meet: each SDK has its own transport. */
export const MIXED_SETUPS: readonly Setup[] = [
  { sdk: "v1", server: "mcp", transport: "stdio", era: "2025", client: "v2" },
  { sdk: "v1", server: "low", transport: "http-stateful", era: "2025", client: "v2" },
  { sdk: "v2", server: "mcp", transport: "stdio-serve", era: "2025", client: "v1" },
  { sdk: "v2", server: "low", transport: "http-stateful", era: "2025", client: "v1" },
  { sdk: "v2", server: "mcp", transport: "http-handler", era: "2025", client: "v1" },
];

function setups(sdk: Setup["sdk"], era: Setup["era"], transports: readonly TransportKind[]): Setup[] {
  return transports.flatMap((transport) => KINDS.map((server) => ({ sdk, server, transport, era })));
}
