import { fileURLToPath } from "node:url";
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks";
import { createState } from "../servers/index.mjs";
import type { ServerState } from "../servers/index.mjs";
import type { Hosted } from "./endpoint.js";
import { hostV1 } from "./host-v1.js";
import { hostV2 } from "./host-v2.js";
import type { Peer } from "./peer.js";
import { connectV1 } from "./peer-v1.js";
import { connectV2 } from "./peer-v2.js";
import type { AgentName, Security, Sign } from "./security.js";
import { isStdio } from "./setup.js";
import type { Setup } from "./setup.js";

/** The servers of one cell of the matrix, bare or guarded, and clients to call them. */
export interface Deployment extends Hosted {
  readonly setup: Setup;
  readonly security: Security;
  readonly state: ServerState;
  connect(agent: AgentName): Promise<Peer>;
  /** Connects a client without a signing transport, guard or not. */
  connectUnsigned(): Promise<Peer>;
}

const STDIO_PROGRAM = fileURLToPath(new URL("../servers/stdio.mjs", import.meta.url));

export async function deploy(setup: Setup, security: Security): Promise<Deployment> {
  const taskStore = new InMemoryTaskStore();
  const { verifiedCall } = security;
  const state = createState({ verifiedCall, taskStore, taskMessageQueue: new InMemoryTaskMessageQueue() });
  const hosted = isStdio(setup) ? program(setup, security) : await hostHere(setup, state, security);
  const peers: Peer[] = [];
  const open = async (sign: Sign): Promise<Peer> => {
    const peer =
      (setup.client ?? setup.sdk) === "v1"
        ? await connectV1(hosted.endpoint, sign)
        : await connectV2(hosted.endpoint, setup.era, sign);
    peers.push(peer);
    return peer;
  };
  return {
    ...hosted,
    setup,
    security,
    state,
    connect: (agent) => open(security.signAs(agent)),
    connectUnsigned: () => open((transport) => transport),
    async close() {
      await Promise.all(peers.map((peer) => peer.close()));
      await hosted.close();
      taskStore.cleanup();
      await security.close();
    },
  };
}

function hostHere(setup: Setup, state: ServerState, { protect }: Security): Promise<Hosted> {
  return setup.sdk === "v1" ? hostV1(setup, state, protect) : hostV2(setup, state, protect);
}

function program({ sdk, server, transport }: Setup, { childEnvironment }: Security): Hosted {
  const entry = transport === "stdio-serve" ? "serve" : "connect";
  return {
    endpoint: { kind: "stdio", args: [STDIO_PROGRAM, sdk, server, entry], env: childEnvironment },
    cancelArrived: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
