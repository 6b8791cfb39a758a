import type { InMemoryTransport as V1InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { InMemoryTransport as V2InMemoryTransport } from "@modelcontextprotocol/server";

/** Where the servers of a deployment can be reached. */
export type Endpoint =
  | { readonly kind: "memory-v1"; readonly connect: () => Promise<V1InMemoryTransport> }
  | { readonly kind: "memory-v2"; readonly connect: () => Promise<V2InMemoryTransport> }
  | { readonly kind: "http"; readonly url: URL }
  | { readonly kind: "stdio"; readonly args: string[]; readonly env: Record<string, string> };

/** Servers that are up, in this process or as programs that clients start. */
export interface Hosted {
  readonly endpoint: Endpoint;
  /** Resolves once the servers were told of the next cancellation. Ask before cancelling. */
  cancelArrived(): Promise<void>;
  close(): Promise<void>;
}
