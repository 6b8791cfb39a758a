import type { AuditReport } from "signet-mcp/audit";

/** Leaves its argument as it is, or wraps it. */
export type Protect = <T extends object>(server: T) => T;
export type Sign = <T extends object>(transport: T) => T;

export type AgentName = "alice" | "bob";

/** Everything that differs between a bare, a signed and a guarded deployment. */
export interface Security {
  readonly title: string;
  /** Whether there is a guard in front of the servers. */
  readonly guarded: boolean;
  /** The guard's `verifiedCall`, in this process. */
  readonly verifiedCall: (() => { readonly signer: { readonly name: string } } | undefined) | undefined;
  readonly protect: Protect;
  signAs(agent: AgentName): Sign;
  /** The params of a `tools/call` with what this deployment wants to be in its `_meta`. */
  signParams(
    agent: AgentName,
    params: { name: string; arguments: Record<string, unknown> },
  ): Promise<Record<string, unknown>>;
  /** For a server in a child process. */
  readonly childEnvironment: Record<string, string>;
  /** Holds up verification while it is shut. */
  readonly gate: Gate;
  /** Answers to signed requests, as the signing transports of all clients found them. */
  /** Verifies what was put on record; `undefined` when nothing is. */
  verifyLog(): Promise<AuditReport | undefined>;
  answers(): readonly { readonly method: string; readonly verified: boolean }[];
  close(): Promise<void>;
}

export interface Gate {
  shut(): void;
  open(): void;
  /** Resolves when somebody stands before the shut gate. */
  arrived(): Promise<void>;
  /** `undefined` while the gate is open. */
  pass(): Promise<void> | undefined;
}

export const bare: Security = {
  title: "bare",
  guarded: false,
  verifiedCall: undefined,
  protect: (server) => server,
  signAs: () => (transport) => transport,
  signParams: (_agent, params) => Promise.resolve(params),
  childEnvironment: {},
  gate: createGate(),
  answers: () => [],
  verifyLog: () => Promise.resolve(undefined),
  close: () => Promise.resolve(),
};

export function createGate(): Gate {
  let opened: Promise<void> | undefined;
  let open: () => void = () => undefined;
  let waiting: (() => void)[] = [];
  return {
    shut() {
      opened = new Promise((resolve) => {
        open = resolve;
      });
    },
    open() {
      opened = undefined;
      open();
    },
    arrived: () => new Promise((resolve) => void waiting.push(resolve)),
    pass() {
      if (opened === undefined) return undefined;
      for (const resolve of waiting) resolve();
      waiting = [];
      return opened;
    },
  };
}
