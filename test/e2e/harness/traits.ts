import { isHttp, isStateless, isStdio } from "./setup.js";
import type { Setup } from "./setup.js";

/** What a case needs of a cell of the matrix beyond a tool that answers. */
export type Trait =
  | "questions"
  | "rounds"
  | "cancellation"
  | "progress"
  | "announcements"
  | "list changes"
  | "pages"
  | "batches"
  | "tasks"
  | "array results"
  | "several clients of one server"
  | "a guard in this process";

/** Why a cell lacks a trait, or `undefined` if it has it. Whatever a cell leaves out is left out here. */
export function whyNot(trait: Trait, setup: Setup): string | undefined {
  return REASONS[trait](setup);
}

const REASONS: Record<Trait, (setup: Setup) => string | undefined> = {
  questions: (setup) =>
    setup.era === "2026"
      ? "the 2026 revision has no requests from server to client, see rounds"
      : reasonIf(isStateless(setup), "the answer would reach another server than the one that asked"),
  rounds: (setup) =>
    setup.sdk === "v1"
      ? "SDK v1 has no input_required"
      : reasonIf(
          isStateless(setup),
          "on the 2025 revision SDK v2 asks by requests to the client, see questions",
        ),
  cancellation: (setup) =>
    reasonIf(isStateless(setup), "the cancellation reaches another server than the call"),
  progress: ({ transport }) =>
    reasonIf(transport === "http-stateless-json", "a plain JSON answer has room for the result only"),
  announcements: (setup) =>
    setup.era === "2026"
      ? "the 2026 revision logs within a request only"
      : reasonIf(isStateless(setup), "there is no connection to announce anything on"),
  "list changes": (setup) => reasonIf(isStateless(setup), "there is no connection to send the change on"),
  pages: ({ server }) => reasonIf(server === "mcp", "McpServer lists all its tools on one page"),
  batches: (setup) =>
    isHttp(setup)
      ? reasonIf(setup.era === "2026", "the 2026 revision has no batches")
      : "only Streamable HTTP takes batches in",
  tasks: ({ sdk, client }) =>
    reasonIf(sdk === "v2" || client === "v2", "SDK v2 knows the words of tasks but does not run them"),
  "array results": ({ sdk, server, era }) =>
    sdk === "v1"
      ? "structuredContent of SDK v1 is an object"
      : reasonIf(server === "low" && era === "2025", "only McpServer wraps an array for the 2025 revision"),
  "several clients of one server": (setup) =>
    reasonIf(isStdio(setup), "over stdio every client has a server of its own"),
  "a guard in this process": (setup) =>
    reasonIf(isStdio(setup), "the guard is in a child process, out of reach"),
};

function reasonIf(applies: boolean, reason: string): string | undefined {
  return applies ? reason : undefined;
}
