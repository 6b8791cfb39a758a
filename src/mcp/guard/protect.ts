import { GuardError } from "../../errors.js";
import { GuardedConnection } from "./connection.js";
import { watchContested } from "./contested-ids.js";
import type { GuardCore } from "./core.js";
import { hasSession, transportKind } from "./transport-kind.js";
import type { TransportKind } from "./transport-kind.js";
import { proxyTransport } from "../transport-proxy.js";

/** The low-level server object of either SDK, as far as a guard has to know it. */
interface LowLevelServer {
  connect: (transport: unknown, ...rest: readonly unknown[]) => unknown;
  readonly transport?: unknown;
}

const guards = new WeakMap<object, GuardCore>();

/**
 * Replaces a server's `connect` by one that puts the guard between the transport and the SDK. This one place serves
 * every transport of both SDKs, whatever tools are registered when.
 */
export function protectServer(core: GuardCore, server: object): void {
  const low = lowLevelServer(server);
  const owner = guards.get(low);
  if (owner === core) return;
  if (owner !== undefined) {
    throw new GuardError("already_protected", "another guard protects this server; use one guard for it");
  }
  if (low.transport !== undefined && low.transport !== null) {
    throw new GuardError("already_connected", "the server is connected already; call protect before connect");
  }
  const connect = low.connect.bind(low);
  low.connect = (transport, ...rest) => {
    // The SDK's own error for what is no transport is the better one.
    if (typeof transport !== "object" || transport === null) return connect(transport, ...rest);
    const kind = transportKind(transport);
    const guarded = (): unknown => connect(guardTransport(core, transport, kind), ...rest);
    const ready = core.replay.choose(kind === "stdio" || kind === "unknown");
    return ready === undefined ? guarded() : ready.then(guarded);
  };
  guards.set(low, core);
}

function guardTransport(core: GuardCore, transport: object, kind: TransportKind): unknown {
  const connection = new GuardedConnection(core, {
    manyPeers: () => hasSession(transport),
    isContested: watchContested(transport),
    byReference: kind === "memory" || kind === "unknown",
    onFault: (error) => {
      const onerror: unknown = Reflect.get(transport, "onerror");
      if (typeof onerror === "function") Reflect.apply(onerror, transport, [error]);
    },
  });
  return proxyTransport(transport, connection);
}

function lowLevelServer(server: unknown): LowLevelServer {
  const inner = isObject(server) && "server" in server ? server.server : server;
  if (isLowLevelServer(inner) && !("getServerCapabilities" in inner)) return inner;
  throw new GuardError(
    "not_a_server",
    "protect takes an McpServer or a Server of the MCP SDK, version 1 or 2",
  );
}

function isLowLevelServer(value: unknown): value is LowLevelServer {
  return (
    isObject(value) &&
    "connect" in value &&
    typeof value.connect === "function" &&
    "setRequestHandler" in value &&
    typeof value.setRequestHandler === "function"
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
