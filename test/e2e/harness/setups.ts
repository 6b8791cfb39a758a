import { TRANSPORT_KINDS } from "./setup.js";
import type { Setup } from "./setup.js";

/** All cells of the matrix that there are, each server with a client of its own SDK. */
export const SETUPS: readonly Setup[] = everyCombination().filter((setup) => whyNoSetup(setup) === undefined);

/** Clients of one SDK with servers of the other. In memory they do not meet: each SDK has its own transport. */
export const MIXED_SETUPS: readonly Setup[] = [
  { sdk: "v1", server: "mcp", transport: "stdio", era: "2025", client: "v2" },
  { sdk: "v1", server: "low", transport: "http-stateful", era: "2025", client: "v2" },
  { sdk: "v2", server: "mcp", transport: "stdio-serve", era: "2025", client: "v1" },
  { sdk: "v2", server: "low", transport: "http-stateful", era: "2025", client: "v1" },
  { sdk: "v2", server: "mcp", transport: "http-handler", era: "2025", client: "v1" },
];

export function everyCombination(): Setup[] {
  const servers = (["v1", "v2"] as const).flatMap((sdk) =>
    (["low", "mcp"] as const).map((server) => ({ sdk, server })),
  );
  const ways = TRANSPORT_KINDS.flatMap((transport) =>
    (["2025", "2026"] as const).map((era) => ({ transport, era })),
  );
  return servers.flatMap((server) => ways.map((way) => ({ ...server, ...way })));
}

/** Why there is no such cell, or `undefined` if there is one. */
export function whyNoSetup({ sdk, transport, era }: Setup): string | undefined {
  const entry = ["memory-serve", "stdio-serve", "http-handler", "http-handler-sse"].includes(transport);
  if (sdk === "v1") {
    if (era === "2026") return "SDK v1 speaks the revisions up to 2025-11-25 only";
    return entry ? "SDK v1 has neither serveStdio nor createMcpHandler" : undefined;
  }
  if (era === "2026" && !entry)
    return "SDK v2 serves the 2026 revision by serveStdio and createMcpHandler only";
  return era === "2025" && transport === "http-handler-sse"
    ? "responseMode shapes answers of the 2026 revision only"
    : undefined;
}
