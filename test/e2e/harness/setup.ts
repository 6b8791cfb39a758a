/** One cell of the matrix: a kind of server, how it is reached, and which client calls it. */
export interface Setup {
  readonly sdk: "v1" | "v2";
  readonly server: "low" | "mcp";
  readonly transport: TransportKind;
  readonly era: "2025" | "2026";
  /** The client's SDK, if it is not the server's. */
  readonly client?: "v1" | "v2";
}

export const TRANSPORT_KINDS = [
  /** A linked pair of in-memory transports. */
  "memory",
  /** In-memory transports under v2's `serveStdio`. */
  "memory-serve",
  /** A child process that connects one server. */
  "stdio",
  /** A child process under v2's `serveStdio`. */
  "stdio-serve",
  /** Streamable HTTP with sessions. */
  "http-stateful",
  /** Streamable HTTP without sessions: a server and a transport for each request. */
  "http-stateless",
  /** The same with plain JSON answers in place of event streams. */
  "http-stateless-json",
  /** v2's `createMcpHandler`: a server for each request, of either era. */
  "http-handler",
  /** The same with event streams for every answer. */
  "http-handler-sse",
] as const;

export type TransportKind = (typeof TRANSPORT_KINDS)[number];

export function titleOf({ sdk, server, transport, era, client }: Setup): string {
  const kind = server === "low" ? "Server" : "McpServer";
  const caller = client === undefined ? "" : `, client of SDK ${client}`;
  return `${kind} of SDK ${sdk}, ${transport}, ${era} era${caller}`;
}

export function isHttp({ transport }: Setup): boolean {
  return transport.startsWith("http-");
}

export function isStdio({ transport }: Setup): boolean {
  return transport.startsWith("stdio");
}

/** Whether each request meets a server of its own that is told of no other request. */
export function isStateless({ transport, era }: Setup): boolean {
  return transport.startsWith("http-stateless") || (transport.startsWith("http-handler") && era === "2025");
}
