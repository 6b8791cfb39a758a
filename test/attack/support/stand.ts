import { afterEach } from "vitest";
import type { JsonRecord } from "../../../src/lib/json.js";
import type { MemoryReplayStoreOptions } from "../../../src/replay/memory.js";
import { createGuard } from "../../../src/server.js";
import type { Guard, GuardEvent, GuardOptions } from "../../../src/server.js";
import { pinnedClock, signedCall, testIdentity, testRegistry } from "../../../src/testing.js";
import type { PinnedClock, SignedCallInput, SignedCallParams } from "../../../src/testing.js";
import type { TestEntry, TestIdentity } from "../../../src/testing.js";
import type { ReplayStore } from "../../../src/server.js";
import { createServer } from "./servers.js";
import type { AnyServer, ServerKind, Tool, Tools } from "./servers.js";
import { WatchedStore } from "./watched-store.js";
import { Wire } from "./wire.js";

export const TARGET = "mcp://attacked";
export const NOW_MS: number = Date.parse("2026-11-23T12:00:00.000Z");

export interface StandOptions {
  /** Default is the low-level server of SDK v1. */
  readonly server?: ServerKind;
  /** More tools than the `echo` that is always there. */
  readonly tools?: Tools;
  readonly guard?: Partial<GuardOptions>;
  /** More agents than `alice` and `bob`, or other entries for them. */
  readonly agents?: (identities: Identities) => readonly TestEntry[];
  /** Default is a memory store that is watched. */
  readonly replay?: (clock: PinnedClock) => ReplayStore;
  /** Sizes of that memory store. */
  readonly store?: MemoryReplayStoreOptions;
}

export interface Identities {
  readonly alice: TestIdentity;
  readonly bob: TestIdentity;
  /** Has a key like everybody; the registry does not list it. */
  readonly mallory: TestIdentity;
}

export type SignInput = Partial<SignedCallInput>;

/** A guarded server under attack: who may call, what came of it, and connections to it. */
export interface Stand extends Identities {
  readonly guard: Guard;
  readonly clock: PinnedClock;
  /** The store, if it is the one that is there by default. */
  readonly store: WatchedStore;
  readonly events: GuardEvent[];
  /** How often a tool ran. */
  runs(): number;
  /** What the tools were called with. */
  readonly seen: readonly JsonRecord[];
  connect(server?: ServerKind): Promise<Wire>;
  /** Guards a server of the test's own, and connects it. */
  attach(server: AnyServer): Promise<Wire>;
  /** Signs a call: `alice` calls `echo` with some arguments, unless told otherwise. */
  sign(input?: SignInput): Promise<SignedCallParams>;
  /** Signs the params of a request of another method. */
  signParams(method: string, params: JsonRecord, input?: SignInput): Promise<JsonRecord>;
}

const opened: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

/** Sets a stand up. It is taken down after the test. */
export async function openStand(options: StandOptions = {}): Promise<Stand> {
  const clock = pinnedClock(NOW_MS);
  const identities = {
    alice: testIdentity("alice"),
    bob: testIdentity("bob"),
    mallory: testIdentity("mallory"),
  };
  const server = testIdentity("attacked-server");
  const agents = options.agents?.(identities) ?? [identities.alice, identities.bob];
  const store = new WatchedStore({ clock, ...options.store });
  const events: GuardEvent[] = [];
  const guard = await createGuard({
    registry: testRegistry({ agents }),
    identity: { signer: server.signer, name: server.name },
    target: TARGET,
    clock,
    replay: options.replay?.(clock) ?? store,
    onEvent: (event) => void events.push(event),
    ...options.guard,
  });
  opened.push(guard);

  const attach = async (server: AnyServer): Promise<Wire> => {
    const wire = await Wire.open(guard.protect(server));
    opened.push(wire);
    return wire;
  };
  const seen: JsonRecord[] = [];
  const counted = (tool: Tool): Tool => {
    return (args) => {
      seen.push(args);
      return tool(args);
    };
  };
  const tools: Tools = Object.fromEntries(
    Object.entries({ echo, ...options.tools }).map(([name, tool]) => [name, counted(tool)]),
  );

  const sign = (input: SignInput = {}): Promise<SignedCallParams> =>
    signedCall({
      identity: identities.alice,
      tool: "echo",
      target: TARGET,
      arguments: { text: "hello", n: 1 },
      issuedAtMs: clock(),
      ...input,
    });

  return {
    ...identities,
    guard,
    clock,
    store,
    events,
    seen,
    runs: () => seen.length,
    connect: (kind = options.server ?? "v1 Server") => attach(createServer(kind, tools)),
    attach,
    sign,
    async signParams(method, params, input = {}) {
      const { _meta } = await sign({ tool: method, arguments: params, ...input });
      return { ...params, _meta };
    },
  };
}

const echo: Tool = (args) => ({ content: [{ type: "text", text: JSON.stringify(args) }] });
