import type { Mode } from "./setup.js";

/** Leaves its argument as it is, or wraps it. */
export type Protect = <T extends object>(server: T) => T;
export type Sign = <T extends object>(transport: T) => T;

export type AgentName = "alice" | "bob";

/** Everything that differs between a bare and a guarded deployment. */
export interface Security {
  readonly mode: Mode;
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
  /** How many answers a signing transport found to be countersigned as they should be. */
  readonly checkedAnswers: () => number;
  close(): Promise<void>;
}

export interface Gate {
  shut(): void;
  open(): void;
  /** Resolves when a call waits at the shut gate. */
  arrived(): Promise<void>;
  pass(): Promise<void>;
}

export const bare: Security = {
  mode: "bare",
  verifiedCall: undefined,
  protect: (server) => server,
  signAs: () => (transport) => transport,
  signParams: (_agent, params) => Promise.resolve(params),
  childEnvironment: {},
  gate: createGate(),
  checkedAnswers: () => 0,
  close: () => Promise.resolve(),
};

export function createGate(): Gate {
  let opened: Promise<void> = Promise.resolve();
  let open: () => void = () => undefined;
  let waiting: (() => void)[] = [];
  return {
    shut() {
      opened = new Promise((resolve) => {
        open = resolve;
      });
      // Nobody has come yet.
      waiting = [];
    },
    open: () => {
      open();
    },
    arrived: () => new Promise((resolve) => void waiting.push(resolve)),
    pass() {
      for (const resolve of waiting) resolve();
      return opened;
    },
  };
}
