import type { NoteLog } from "./notes.js";
import type { Observation } from "./observe.js";
import type { Trace } from "./trace.js";

/** A connected client, whichever SDK it is of. */
export interface Peer {
  readonly notes: NoteLog;
  /** What came in, in the order in which the transport handed it to the SDK. */
  readonly trace: Trace;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Observation>;
  /** One page of tools. */
  tools(cursor?: string): Promise<ToolPage>;
  /** What the server says about everything that is no tool: resources, prompts, ping. */
  everythingElse(): Promise<unknown[]>;
  /** Subscribes to changes of the list of tools, where that has to be asked for. */
  listen(): Promise<void>;
  /** Runs a tool as a task, as far as the SDK has tasks. */
  readonly tasks: Tasks | undefined;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly onprogress?: (progress: unknown) => void;
  readonly signal?: AbortSignal;
  readonly meta?: Record<string, unknown>;
}

export interface ToolPage {
  readonly names: readonly string[];
  readonly nextCursor: string | undefined;
}

export interface Tasks {
  /** Runs a tool as a task to its end, and returns the kinds of messages on the way and the result. */
  run(name: string, args: Record<string, unknown>): Promise<{ steps: string[]; final: Observation }>;
  /** Starts a task that does not end by itself, looks at it, cancels it and looks again. */
  startAndCancel(name: string, args: Record<string, unknown>): Promise<unknown[]>;
}

/** How a client answers questions of the server. */
export const ELICITED = { action: "accept", content: { branch: "main" } } as const;
export const SAMPLED = {
  role: "assistant",
  model: "none",
  content: { type: "text", text: "hello" },
} as const;
export const CLIENT_CAPABILITIES = { elicitation: { form: {} }, sampling: {} };
